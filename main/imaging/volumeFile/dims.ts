import { WorkstationError } from '../../errors.ts'
import type { Vec3 } from '../volume.ts'

/** 1024 cubed: larger than any clinical CT, and its Int16 voxels (2 GiB) still fit one typed array. */
const MAX_VOXELS = 2 ** 30

/** Fewer slices than this along any axis is an image, not a volume. */
const MIN_VOXELS_PER_AXIS = 3

/**
 * The three dimensions of a volume whose header lists `sizes`; axes after the third must have size one.
 * @throws WorkstationError input/four-d, input/too-few-slices, input/too-large
 */
export function volumeDims(sizes: readonly number[], name: string): Vec3 {
  const [nx = 1, ny = 1, nz = 1, ...rest] = sizes
  if (rest.some((d) => d > 1)) {
    throw new WorkstationError(
      'input/four-d',
      `${name} holds ${rest.reduce((a, b) => a * b)} volumes (a time series or channels), not one CT; save the one to screen on its own.`,
    )
  }
  if (Math.min(nx, ny, nz) < MIN_VOXELS_PER_AXIS) {
    throw new WorkstationError(
      'input/too-few-slices',
      `${name} is ${nx} × ${ny} × ${nz} voxels: too thin to be screened, which takes at least ${MIN_VOXELS_PER_AXIS} slices.`,
    )
  }
  if (nx * ny * nz > MAX_VOXELS) {
    throw new WorkstationError(
      'input/too-large',
      `${name} is ${nx} × ${ny} × ${nz} voxels, more than the 1024 × 1024 × 1024 that can be screened.`,
    )
  }
  return [nx, ny, nz]
}

export function truncated(name: string, dims: Vec3): WorkstationError {
  return new WorkstationError(
    'input/truncated',
    `${name} is cut short: its header announces ${dims.join(' × ')} voxels, and the file ends before the last one.`,
  )
}
