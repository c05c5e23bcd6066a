import type { CtVolume } from '../../imaging/volume.ts'

/** Keeps the sums of the largest cube within 32 bits. */
const LARGEST_RADIUS = 7

/**
 * Sums of the HU in a box around every voxel, one slice at a time: `radiusMm` to either side, rounded down to whole
 * voxels, with the outermost voxels repeated beyond the volume. Divided by `voxels` they are
 * scipy.ndimage.uniform_filter with mode 'nearest'; as sums of integers they are exact.
 * @param visit its `sums` of slice k (nx · ny, x fastest) are used again for the next
 */
export function forEachSmoothedSlice(
  { dims: [nx, ny, nz], spacing, voxels: hu }: CtVolume,
  radiusMm: number,
  visit: (k: number, sums: Int32Array, voxels: number) => void,
): void {
  const [rx, ry, rz] = spacing.map((mm) => Math.min(LARGEST_RADIUS, Math.floor(radiusMm / mm + 1e-6)))
  const voxels = (2 * rx + 1) * (2 * ry + 1) * (2 * rz + 1)
  const plane = nx * ny
  const column = new Int32Array(plane)
  const rows = new Int32Array(plane)
  const sums = new Int32Array(plane)
  const add = (k: number, sign: 1 | -1) => {
    const start = clamp(k, nz) * plane
    for (let i = 0; i < plane; i++) column[i] += sign * hu[start + i]
  }
  for (let k = -rz; k < rz; k++) add(k, 1)
  for (let k = 0; k < nz; k++) {
    add(k + rz, 1)
    for (let j = 0; j < ny; j++) slide(column, rows, j * nx, 1, nx, rx)
    for (let x = 0; x < nx; x++) slide(rows, sums, x, nx, ny, ry)
    visit(k, sums, voxels)
    add(k - rz, -1)
  }
}

/** Sums over 2 · radius + 1 neighbours along one line. */
function slide(
  from: Int32Array,
  into: Int32Array,
  start: number,
  stride: number,
  count: number,
  radius: number,
): void {
  let sum = 0
  for (let x = -radius; x < radius; x++) sum += from[start + clamp(x, count) * stride]
  for (let x = 0; x < count; x++) {
    sum += from[start + clamp(x + radius, count) * stride]
    into[start + x * stride] = sum
    sum -= from[start + clamp(x - radius, count) * stride]
  }
}

function clamp(index: number, count: number): number {
  return index < 0 ? 0 : index >= count ? count - 1 : index
}
