import { along, cross, dot, length, subtract } from '../../../main/imaging/vector.ts'
import { type Grid, patientToIndex, type Vec3 } from '../../../main/imaging/volume.ts'
import type { Measurement } from './store.ts'

/** HU of the voxels below a region of interest. SD is that of the sample (n − 1). */
export interface RoiStatistics {
  meanHu: number
  sdHu: number
  minHu: number
  maxHu: number
  areaMm2: number
  /** Samples: one for each voxel that the plane cuts, on planes along the source's axes. */
  samples: number
  histogram: { fromHu: number; binHu: number; counts: number[] }
}

const BINS = 32
/** A region over a whole slice is sampled more coarsely instead of stopping the window. */
const MOST_SAMPLES = 200_000

export function lengthMm([a, b]: readonly Vec3[]): number {
  return a && b ? length(subtract(b, a)) : 0
}

/** At the second point, 0–180°. */
export function angleDeg([a, vertex, b]: readonly Vec3[]): number {
  if (!a || !vertex || !b) return 0
  const u = subtract(a, vertex)
  const v = subtract(b, vertex)
  return (Math.atan2(length(cross(u, v)), dot(u, v)) * 180) / Math.PI
}

/** Sides of an ellipse's or rectangle's box, mm. */
export function sidesMm({ points, right, down }: Pick<Measurement, 'points' | 'right' | 'down'>) {
  const diagonal = subtract(points[1]!, points[0]!)
  return { widthMm: Math.abs(dot(diagonal, right)), heightMm: Math.abs(dot(diagonal, down)) }
}

/** π/4 or 1 times the box. */
export function areaMm2(measurement: Measurement): number {
  const { widthMm, heightMm } = sidesMm(measurement)
  return widthMm * heightMm * (measurement.kind === 'ellipse' ? Math.PI / 4 : 1)
}

/**
 * Statistics of an ellipse or a rectangle: the nearest voxels at points as far apart as the source's voxels are along
 * the box's sides, each counted where its point lies inside. Null where none does.
 */
export function roiStatistics(
  grid: Grid,
  voxels: Int16Array,
  measurement: Measurement,
): RoiStatistics | null {
  const { points, right, down, kind } = measurement
  const { widthMm, heightMm } = sidesMm(measurement)
  const diagonal = subtract(points[1]!, points[0]!)
  const middle = along(points[0]!, diagonal, 0.5)
  const spacing = Math.min(...grid.spacing)
  const coarser = Math.sqrt(Math.max(1, (widthMm * heightMm) / spacing ** 2 / MOST_SAMPLES))
  const stepRight = voxelStep(grid, right) * coarser
  const stepDown = voxelStep(grid, down) * coarser
  // From a voxel's centre, so that a slice along the source's axes is sampled at its voxels.
  const centre = patientToIndex(grid, middle)
  const lattice = centre.map(Math.round)
  const shift = lattice.map((value, a) => (value - centre[a]!) * grid.spacing[a]!)
  const d = grid.direction
  const shiftMm = [0, 1, 2].map(
    (r) => d[3 * r]! * shift[0]! + d[3 * r + 1]! * shift[1]! + d[3 * r + 2]! * shift[2]!,
  ) as unknown as Vec3
  const u0 = dot(shiftMm, right)
  const v0 = dot(shiftMm, down)
  const found: number[] = []
  const [nx, ny, nz] = grid.dims
  const across = Math.ceil(widthMm / 2 / stepRight) + 1
  const downwards = Math.ceil(heightMm / 2 / stepDown) + 1
  for (let j = -downwards; j <= downwards; j++) {
    for (let i = -across; i <= across; i++) {
      const u = u0 + i * stepRight
      const v = v0 + j * stepDown
      const inside =
        kind === 'ellipse'
          ? (u / (widthMm / 2)) ** 2 + (v / (heightMm / 2)) ** 2 <= 1
          : Math.abs(u) <= widthMm / 2 && Math.abs(v) <= heightMm / 2
      if (!inside) continue
      const index = patientToIndex(grid, along(along(middle, right, u), down, v)).map(Math.round)
      const [x, y, z] = index as unknown as Vec3
      if (x < 0 || y < 0 || z < 0 || x >= nx || y >= ny || z >= nz) continue
      found.push(voxels[x + nx * (y + ny * z)]!)
    }
  }
  return found.length === 0 ? null : summary(found, areaMm2(measurement))
}

/** Distance between voxels along a unit vector, mm. */
function voxelStep(grid: Grid, direction: Vec3): number {
  const index = [0, 1, 2].map((c) => {
    const d = grid.direction
    return (d[c]! * direction[0] + d[3 + c]! * direction[1] + d[6 + c]! * direction[2]) / grid.spacing[c]!
  })
  return 1 / Math.max(1e-9, Math.hypot(...index))
}

function summary(values: readonly number[], area: number): RoiStatistics {
  let sum = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const value of values) {
    sum += value
    if (value < min) min = value
    if (value > max) max = value
  }
  const mean = sum / values.length
  let squares = 0
  for (const value of values) squares += (value - mean) ** 2
  const binHu = Math.max(1, Math.ceil((max - min + 1) / BINS))
  const counts = new Array<number>(Math.ceil((max - min + 1) / binHu)).fill(0)
  for (const value of values) counts[Math.floor((value - min) / binHu)]!++
  return {
    meanHu: mean,
    sdHu: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0,
    minHu: min,
    maxHu: max,
    areaMm2: area,
    samples: values.length,
    histogram: { fromHu: min, binHu, counts },
  }
}
