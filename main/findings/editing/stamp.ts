import { dot } from '../../imaging/vector.ts'
import { type Grid, indexToPatient, patientToIndex, type Vec3 } from '../../imaging/volume.ts'
import type { Draft } from './draft.ts'

/** A stroke of a round brush between two places of the pointer. */
export interface Stamp {
  fromMm: Vec3
  toMm: Vec3
  radiusMm: number
  /** Unit normal of the plane that is painted in, for a disc one voxel thick; null for a ball. */
  normal: Vec3 | null
}

/**
 * Adds the voxels to a draft, or takes them away, whose centres lie within the brush's radius of the line between the
 * two places, and, for a disc, in the layer of voxels that the plane lies in. A brush smaller than a voxel still takes
 * the voxel that it points at.
 * @param allowed which voxels the brush may add or take, such as those in a range of HU; all where absent
 * @returns how many voxels changed
 */
export function paintStamp(
  draft: Draft,
  grid: Grid,
  stamp: Stamp,
  value: 0 | 1,
  allowed: (x: number, y: number, z: number) => boolean = () => true,
): number {
  const from = patientToIndex(grid, stamp.fromMm)
  const to = patientToIndex(grid, stamp.toMm)
  const radius = Math.max(stamp.radiusMm, smallestRadius(grid, stamp.normal))
  const reach = grid.spacing.map((s) => radius / s)
  const box = {
    min: from.map((value, a) => Math.ceil(Math.min(value, to[a]) - reach[a])) as unknown as Vec3,
    max: from.map((value, a) => Math.floor(Math.max(value, to[a]) + reach[a])) as unknown as Vec3,
  }
  const along: Vec3 = [
    stamp.toMm[0] - stamp.fromMm[0],
    stamp.toMm[1] - stamp.fromMm[1],
    stamp.toMm[2] - stamp.fromMm[2],
  ]
  const lengthSquared = dot(along, along)
  const half = stamp.normal ? layerThicknessMm(grid, stamp.normal) / 2 : 0
  // Rounding must not give a voxel to two layers, or to none.
  const slack = 1e-6 * half
  return draft.paint(box, value, (x, y, z) => {
    const p = indexToPatient(grid, [x, y, z])
    const d: Vec3 = [p[0] - stamp.fromMm[0], p[1] - stamp.fromMm[1], p[2] - stamp.fromMm[2]]
    let offPlane = 0
    if (stamp.normal) {
      offPlane = dot(d, stamp.normal)
      if (offPlane <= -half + slack || offPlane > half + slack) return false
    }
    const t = lengthSquared > 0 ? Math.min(1, Math.max(0, dot(d, along) / lengthSquared)) : 0
    const rest: Vec3 = [d[0] - t * along[0], d[1] - t * along[1], d[2] - t * along[2]]
    return dot(rest, rest) - offPlane * offPlane <= radius * radius && allowed(x, y, z)
  })
}

/** Distance, mm, between layers of voxels across a plane: the spacing of the axis that crosses it most directly. */
export function layerThicknessMm({ direction: d, spacing }: Grid, normal: Vec3): number {
  return spacing[crossingAxis({ direction: d }, normal)]
}

/** The grid axis nearest to a plane's normal. */
export function crossingAxis({ direction: d }: Pick<Grid, 'direction'>, normal: Vec3): 0 | 1 | 2 {
  const cosine = ([0, 1, 2] as const).map((a) =>
    Math.abs(d[a] * normal[0] + d[3 + a] * normal[1] + d[6 + a] * normal[2]),
  )
  return cosine[0] >= cosine[1] && cosine[0] >= cosine[2] ? 0 : cosine[1] >= cosine[2] ? 1 : 2
}

/** Half a voxel's diagonal, in the plane for a disc: a smaller brush could fall between voxels. */
function smallestRadius({ spacing, direction }: Grid, normal: Vec3 | null): number {
  const skipped = normal ? crossingAxis({ direction }, normal) : -1
  return 0.5 * Math.hypot(...spacing.filter((_, axis) => axis !== skipped))
}
