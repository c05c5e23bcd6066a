import type { Box } from './bodyCrop.ts'
import { canonicalView } from './reorient.ts'
import { indexToPatient, type Vec3, type Volume, type VoxelArray } from './volume.ts'

/** Number of samples at `newSpacing` between the centres of the first and the last of `n` voxels. */
export function resampledLength(n: number, spacing: number, newSpacing: number): number {
  return Math.floor(((n - 1) * spacing) / newSpacing + 1e-6) + 1
}

/** For every output index of one axis: lower and upper input index, and the weight of the upper. */
interface Taps {
  lower: Int32Array
  upper: Int32Array
  weight: Float64Array
}

function taps(n: number, spacing: number, newSpacing: number): Taps {
  const length = resampledLength(n, spacing, newSpacing)
  const step = newSpacing / spacing
  const lower = new Int32Array(length)
  const upper = new Int32Array(length)
  const weight = new Float64Array(length)
  for (let i = 0; i < length; i++) {
    const position = Math.min(i * step, n - 1)
    lower[i] = Math.floor(position)
    upper[i] = Math.min(lower[i]! + 1, n - 1)
    weight[i] = position - lower[i]!
  }
  return { lower, upper, weight }
}

/**
 * Reorients, crops and resamples in one pass (RECIPE.md, Preprocessing 2). Linear, separable, in double precision,
 * float32 out; equal to scipy.ndimage.map_coordinates(order=1). Output voxel i lies at i · spacing from the centre of
 * the crop's first voxel, so no output voxel lies outside the crop.
 *
 * Only one interpolated slice is held besides the result.
 *
 * @param box in canonical voxels
 * @param spacingMm spacing of the result along L, P and S, mm
 */
export function resampleCanonical(
  volume: Volume<VoxelArray>,
  box: Box,
  spacingMm: Vec3,
): Volume<Float32Array> {
  const view = canonicalView(volume)
  const size = [0, 1, 2].map((p) => box.end[p]! - box.start[p]!)
  const [x, y, z] = [0, 1, 2].map((p) => taps(size[p]!, view.grid.spacing[p]!, spacingMm[p]!)) as [
    Taps,
    Taps,
    Taps,
  ]
  const dims: Vec3 = [x.lower.length, y.lower.length, z.lower.length]
  const [mx, my, mz] = dims
  const [nx, ny] = size as [number, number, number]
  const first =
    view.offset +
    box.start[0] * view.stride[0] +
    box.start[1] * view.stride[1] +
    box.start[2] * view.stride[2]

  const plane = new Float64Array(nx * ny)
  const row = new Float64Array(nx)
  const out = new Float32Array(mx * my * mz)
  let o = 0
  for (let k = 0; k < mz; k++) {
    const z0 = first + z.lower[k]! * view.stride[2]
    const z1 = first + z.upper[k]! * view.stride[2]
    readPlane(volume.voxels, z0, z1, z.weight[k]!, view.stride, nx, ny, plane)
    for (let j = 0; j < my; j++) {
      const v = y.weight[j]!
      const u = 1 - v
      const r0 = y.lower[j]! * nx
      const r1 = y.upper[j]! * nx
      for (let i = 0; i < nx; i++) row[i] = plane[r0 + i]! * u + plane[r1 + i]! * v
      for (let i = 0; i < mx; i++, o++) {
        const w = x.weight[i]!
        out[o] = row[x.lower[i]!]! * (1 - w) + row[x.upper[i]!]! * w
      }
    }
  }
  return {
    dims,
    spacing: spacingMm,
    origin: indexToPatient(view.grid, box.start),
    direction: view.grid.direction,
    voxels: out,
  }
}

/** plane[j · nx + i] = the two canonical slices that start at z0 and z1, mixed. */
function readPlane(
  voxels: VoxelArray,
  z0: number,
  z1: number,
  weight: number,
  stride: Vec3,
  nx: number,
  ny: number,
  plane: Float64Array,
) {
  const keep = 1 - weight
  // The inner loop runs along whichever axis lies closer together in memory (a sagittal series has it the other way).
  const xInside = Math.abs(stride[0]) <= Math.abs(stride[1])
  const [outer, inner] = xInside ? [ny, nx] : [nx, ny]
  const [outerStep, innerStep] = xInside ? [stride[1], stride[0]] : [stride[0], stride[1]]
  const [outerOut, innerOut] = xInside ? [nx, 1] : [1, nx]
  for (let b = 0; b < outer; b++) {
    let s0 = z0 + b * outerStep
    let s1 = z1 + b * outerStep
    let o = b * outerOut
    for (let a = 0; a < inner; a++, s0 += innerStep, s1 += innerStep, o += innerOut)
      plane[o] = voxels[s0]! * keep + voxels[s1]! * weight
  }
}
