import { WorkstationError } from '../../errors.ts'
import { directionFromColumns } from '../source.ts'
import { dot } from '../vector.ts'
import { determinant, type Grid, type Vec3 } from '../volume.ts'

/**
 * Largest |cosine| between two voxel axes that still counts as perpendicular. highdicom's
 * `_DOT_PRODUCT_PERPENDICULAR_TOLERANCE`; float32 rounding of a stored matrix stays below 1e-6.
 */
const PERPENDICULAR_TOLERANCE = 1e-3

/** Volume of the unit cell spanned by the axes' directions below which they are taken to lie in one plane. */
const FLAT_CELL = 1e-6

/** The steps in LPS mm from a voxel to its neighbour along each index axis. */
export type Steps = readonly [Vec3, Vec3, Vec3]

/** Whether the steps are finite, not zero and span a space. */
export function spanSpace(steps: Steps): boolean {
  if (!steps.flat().every(Number.isFinite)) return false
  if (!steps.every((step) => Math.hypot(...step) > 0 && Number.isFinite(Math.hypot(...step)))) return false
  const [x, y, z] = steps.map(unit) as [Vec3, Vec3, Vec3]
  return Math.abs(determinant(directionFromColumns(x, y, z))) > FLAT_CELL
}

/**
 * The grid of voxels that lie `steps` apart, starting at `origin` (LPS mm). A left-handed order stays as stored.
 * @throws WorkstationError input/sheared if the axes are not perpendicular
 */
export function perpendicularGrid(steps: Steps, origin: Vec3, dims: Vec3, name: string): Grid {
  const [x, y, z] = steps.map(unit) as [Vec3, Vec3, Vec3]
  const skew = Math.max(Math.abs(dot(x, y)), Math.abs(dot(x, z)), Math.abs(dot(y, z)))
  if (skew > PERPENDICULAR_TOLERANCE) {
    const degrees = ((Math.asin(Math.min(1, skew)) * 180) / Math.PI).toFixed(1)
    throw new WorkstationError(
      'input/sheared',
      `${name} cannot be screened: its voxel axes are not perpendicular (off by ${degrees} degrees, as after an uncorrected gantry tilt).`,
      `steps (LPS, mm): ${steps.map((step) => step.join(', ')).join('; ')}`,
    )
  }
  return {
    dims,
    spacing: steps.map((step) => Math.hypot(...step)) as unknown as Vec3,
    origin: origin.map((v) => v + 0) as unknown as Vec3,
    direction: directionFromColumns(x, y, z),
  }
}

/** `+ 0` turns −0, which prints as "-0", into 0. */
function unit(step: Vec3): Vec3 {
  const length = Math.hypot(...step)
  return [step[0] / length + 0, step[1] / length + 0, step[2] / length + 0]
}
