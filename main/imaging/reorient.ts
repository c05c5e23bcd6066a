import type { Grid, Mat3, Vec3, Volume, VoxelArray } from './volume.ts'

/**
 * The canonical order of the model: index x grows toward patient Left, y toward Posterior, z toward Superior, up to
 * the obliqueness of the source (a permutation and flips of its axes; nothing is interpolated).
 */
export interface CanonicalAxes {
  /** Voxel axis of the source that runs along L, P and S. */
  readonly axes: Vec3
  /** Whether that axis runs backwards: toward R, A or I. */
  readonly flips: readonly [boolean, boolean, boolean]
}

/** How to read a volume in canonical order where it lies: voxel (i, j, k) is at `offset + stride · (i, j, k)`. */
export interface CanonicalView extends CanonicalAxes {
  readonly grid: Grid
  readonly offset: number
  readonly stride: Vec3
}

// Lexicographic: a tie (an axis at exactly 45°) goes to the first, here as in models/recipe/preprocessing.py.
const PERMUTATIONS: readonly Vec3[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
]
const TIE = 1e-9

/** The permutation with the largest sum of |cosines| between voxel axes and patient axes, and its flips. */
export function canonicalAxes(direction: Mat3): CanonicalAxes {
  let best = -1
  let axes: Vec3 = [0, 1, 2]
  for (const p of PERMUTATIONS) {
    const total = Math.abs(direction[p[0]]!) + Math.abs(direction[3 + p[1]]!) + Math.abs(direction[6 + p[2]]!)
    if (total > best + TIE) {
      best = total
      axes = p
    }
  }
  const flips = [direction[axes[0]]! < 0, direction[3 + axes[1]]! < 0, direction[6 + axes[2]]! < 0] as const
  return { axes, flips }
}

/** The canonical grid of a source grid, with the strides to read it without a copy. */
export function canonicalView(source: Grid): CanonicalView {
  const { axes, flips } = canonicalAxes(source.direction)
  const { dims, spacing, direction } = source
  const sourceStride = [1, dims[0], dims[0] * dims[1]]
  const stride: [number, number, number] = [0, 0, 0]
  const origin: [number, number, number] = [...source.origin]
  const turned = [0, 0, 0, 0, 0, 0, 0, 0, 0]
  let offset = 0
  for (let p = 0; p < 3; p++) {
    const a = axes[p]!
    const sign = flips[p] ? -1 : 1
    stride[p] = sign * sourceStride[a]!
    // -0 would compare unequal to 0 in a written affine's text form.
    for (let r = 0; r < 3; r++) turned[3 * r + p] = direction[3 * r + a]! * sign + 0
    if (flips[p]) {
      const last = dims[a]! - 1
      offset += last * sourceStride[a]!
      for (let r = 0; r < 3; r++) origin[r]! += direction[3 * r + a]! * spacing[a]! * last
    }
  }
  return {
    axes,
    flips,
    offset,
    stride,
    grid: {
      dims: [dims[axes[0]]!, dims[axes[1]]!, dims[axes[2]]!],
      spacing: [spacing[axes[0]]!, spacing[axes[1]]!, spacing[axes[2]]!],
      origin,
      direction: turned as unknown as Mat3,
    },
  }
}

/**
 * The volume in canonical order. Every voxel keeps its patient position and its value; a volume that is canonical
 * already is returned with the same voxel array, otherwise the voxels are copied.
 */
export function reorient<T extends VoxelArray>(volume: Volume<T>): Volume<T> {
  const { grid, offset, stride, axes, flips } = canonicalView(volume)
  if (axes.every((a, p) => a === p) && !flips.some(Boolean)) return { ...grid, voxels: volume.voxels }
  const [nx, ny, nz] = grid.dims
  const source = volume.voxels
  const voxels = new (source.constructor as new (n: number) => T)(source.length)
  let out = 0
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      let from = offset + j * stride[1] + k * stride[2]
      for (let i = 0; i < nx; i++, from += stride[0]) voxels[out++] = source[from]!
    }
  }
  return { ...grid, voxels }
}
