import { canonicalAxes } from '../../../main/imaging/reorient.ts'
import {
  add,
  along,
  column,
  cross,
  dot,
  fromColumns,
  multiply,
  normalise,
  scale,
} from '../../../main/imaging/vector.ts'
import {
  type Grid,
  IDENTITY,
  indexToPatient,
  type Mat3,
  patientToIndex,
  type Vec3,
} from '../../../main/imaging/volume.ts'
import type { PaneId } from '../../state/view.ts'

/** A plane's directions, unit vectors in LPS: to the right and down on screen, and away from the viewer's eye. */
export interface Axes {
  right: Vec3
  down: Vec3
  normal: Vec3
}

export type Plane = Exclude<PaneId, 'fourth'>
export const PLANES: readonly Plane[] = ['axial', 'coronal', 'sagittal']

/** Sources turned by less than this are shown slice by slice, as acquired: heads are scanned at up to 20° to the patient. */
const ALIGNED_DEG = 25
const ALIGNED_COSINE = Math.cos((ALIGNED_DEG * Math.PI) / 180)
/** Below this much of the usual direction left in a plane, "upright" says nothing. */
const LEAST_IN_PLANE = 0.15
const NATIVE_COSINE = 1 - 1e-6

/**
 * The frame that panes follow, columns toward Left, Posterior and Superior: the source's own axes where each lies
 * within 25° of the patient's, so that planes are acquired slices; the patient's axes for all other sources.
 */
export function baseFrame(grid: Pick<Grid, 'direction'>): Mat3 {
  const { axes, flips } = canonicalAxes(grid.direction)
  const columns = axes.map((axis, p) =>
    scale(column(grid.direction, axis as 0 | 1 | 2), flips[p] ? -1 : 1),
  ) as unknown as [Vec3, Vec3, Vec3]
  const aligned = columns.every((c, p) => c[p]! >= ALIGNED_COSINE)
  return aligned ? fromColumns(...columns) : IDENTITY
}

/**
 * The directions of a pane, seen as radiologists see them: the patient's Right on the left of the screen in axial
 * (from the feet, Anterior up) and coronal (from the front, Superior up); Anterior on the left in sagittal.
 *
 * An oblique plane stays upright: its right is what is left of the usual right in the turned plane, so that turning
 * the crosshair about a pane's own normal moves the lines, and not the image below them.
 *
 * @param rotation ViewState.rotation
 */
export function paneAxes(plane: Plane, base: Mat3, rotation: Mat3 = IDENTITY): Axes {
  const turned = multiply(rotation, base)
  const [left, posterior, superior] = ([0, 1, 2] as const).map((c) => column(base, c)) as [Vec3, Vec3, Vec3]
  const [l, p, s] = ([0, 1, 2] as const).map((c) => column(turned, c)) as [Vec3, Vec3, Vec3]
  if (plane === 'axial') return upright(s, left, l)
  if (plane === 'coronal') return upright(p, left, l, superior)
  return upright(scale(l, -1), posterior, p)
}

function upright(towards: Vec3, usual: Vec3, fallback: Vec3, up?: Vec3): Axes {
  const normal = normalise(towards)
  // Coronal keeps Superior up rather than Left level: a patient that leans is harder to read than one that turns.
  if (up) {
    const inPlane = along(up, normal, -dot(up, normal))
    if (Math.hypot(...inPlane) > LEAST_IN_PLANE) {
      const down = scale(normalise(inPlane), -1)
      return { right: cross(down, normal), down, normal }
    }
  }
  const inPlane = along(usual, normal, -dot(usual, normal))
  const right =
    Math.hypot(...inPlane) > LEAST_IN_PLANE
      ? normalise(inPlane)
      : normalise(along(fallback, normal, -dot(fallback, normal)))
  return { right, down: cross(normal, right), normal }
}

/** Distance between slices along a unit normal, mm: the source's own along its axes, between them on oblique planes. */
export function sliceStepMm(grid: Pick<Grid, 'direction' | 'spacing'>, normal: Vec3): number {
  const perMm = ([0, 1, 2] as const).map((a) => dot(column(grid.direction, a), normal) / grid.spacing[a])
  return 1 / Math.hypot(...perMm)
}

/** Where a plane lies among the slices of a volume. */
export interface SlicePlace {
  /** From 0, counted along the normal from the near side. */
  index: number
  count: number
  /** Of the nearest slice: `normal · position`, mm. */
  offsetMm: number
  stepMm: number
  /** The source axis that the plane cuts at right angles, where it shows acquired voxels; null for oblique planes. */
  sourceAxis: 0 | 1 | 2 | null
  /** Index of the slice along that axis, as stored. */
  sourceIndex: number
}

/** The slice of a volume nearest to a point, for planes with this unit normal. */
export function slicePlace(grid: Grid, normal: Vec3, pointMm: Vec3): SlicePlace {
  const stepMm = sliceStepMm(grid, normal)
  const axis = ([0, 1, 2] as const).find(
    (a) => Math.abs(dot(column(grid.direction, a), normal)) > NATIVE_COSINE,
  )
  const at = dot(normal, pointMm)
  if (axis !== undefined) {
    const forward = dot(column(grid.direction, axis), normal) > 0
    const count = grid.dims[axis]
    const first = dot(normal, grid.origin)
    const along = ((at - first) / grid.spacing[axis]) * (forward ? 1 : -1)
    const sourceIndex = Math.min(Math.max(0, Math.round(along)), count - 1)
    return {
      index: forward ? sourceIndex : count - 1 - sourceIndex,
      count,
      offsetMm: first + sourceIndex * grid.spacing[axis] * (forward ? 1 : -1),
      stepMm,
      sourceAxis: axis,
      sourceIndex,
    }
  }
  const { min, max } = extentAlong(grid, normal)
  const count = Math.floor((max - min) / stepMm + 1e-6) + 1
  const index = Math.min(Math.max(0, Math.round((at - min) / stepMm)), count - 1)
  return { index, count, offsetMm: min + index * stepMm, stepMm, sourceAxis: null, sourceIndex: -1 }
}

/** Projections of the volume's voxel centres on a unit vector, mm. */
export function extentAlong(grid: Grid, axis: Vec3): { min: number; max: number } {
  const at = corners(grid).map((corner) => dot(corner, axis))
  return { min: Math.min(...at), max: Math.max(...at) }
}

/** Centres of the eight outermost voxels, LPS mm. */
export function corners(grid: Grid): Vec3[] {
  const [x, y, z] = grid.dims.map((n) => n - 1) as unknown as Vec3
  return [0, x].flatMap((i) => [0, y].flatMap((j) => [0, z].map((k) => indexToPatient(grid, [i, j, k]))))
}

export function centreOf(grid: Grid): Vec3 {
  return indexToPatient(grid, grid.dims.map((n) => (n - 1) / 2) as unknown as Vec3)
}

/** Offset of the voxel that holds a position, or -1 outside. */
export function voxelAt(grid: Grid, positionMm: Vec3): number {
  const [i, j, k] = patientToIndex(grid, positionMm).map(Math.round) as unknown as Vec3
  const [nx, ny, nz] = grid.dims
  const inside = i >= 0 && j >= 0 && k >= 0 && i < nx && j < ny && k < nz
  return inside ? i + nx * (j + ny * k) : -1
}

/** The point kept within the volume's outermost voxel centres. */
export function clampToVolume(grid: Grid, positionMm: Vec3): Vec3 {
  const index = patientToIndex(grid, positionMm)
  const kept = index.map((value, a) => Math.min(Math.max(0, value), grid.dims[a]! - 1)) as unknown as Vec3
  return kept.every((value, a) => value === index[a]) ? positionMm : indexToPatient(grid, kept)
}

/** Steps along the normal from the slice that is shown, kept within the volume. */
export function scrolled(grid: Grid, normal: Vec3, pointMm: Vec3, slices: number): Vec3 {
  const place = slicePlace(grid, normal, pointMm)
  const index = Math.min(Math.max(0, place.index + slices), place.count - 1)
  const target = place.offsetMm + (index - place.index) * place.stepMm
  return clampToVolume(grid, add(pointMm, scale(normal, target - dot(normal, pointMm))))
}
