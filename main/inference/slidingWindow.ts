import { WorkstationError } from '../errors.ts'
import type { InputChannel } from '../imaging/inputChannel.ts'
import { type Vec3, voxelCount } from '../imaging/volume.ts'

/** A tile: its first voxel, and how much of the patch lies in the volume (less than the patch in a small volume). */
export interface Tile {
  readonly start: Vec3
  readonly size: Vec3
}

export interface SlidingWindow {
  /** Model grid [x, y, z]; every array below is on it, x fastest; so are the channels. */
  dims: Vec3
  channels: readonly InputChannel[]
  /** 1 inside the body; tiles without any are skipped. */
  body: Uint8Array
  /** Tile edge [x, y, z]. */
  patchSize: Vec3
  /** Fraction of a tile shared with its neighbour, 0 … 1. */
  overlap: number
  /** Standard deviation of the Gaussian blending weight, as a fraction of the tile edge. */
  blendSigma: number
  /**
   * Score of one tile: [C, D, H, W] in, [D, H, W] out (D = z, H = y, W = x). The input array is used again for the
   * next tile as soon as the promise has settled. Throwing stops the run.
   */
  runTile: (input: Float32Array<ArrayBuffer>) => Promise<Float32Array>
  onTile?: (done: number, total: number) => void
}

/** A weight may be tiny far from the centre, never 0: a covered voxel always has a score. */
const SMALLEST_WEIGHT = 1e-30

/** First index of every tile of one axis: the first at 0, the last flush with the end, evenly spread between. */
export function tileStarts(dim: number, patch: number, overlap: number): number[] {
  if (dim <= patch) return [0]
  const stride = Math.max(1, Math.floor(patch * (1 - overlap) + 0.5 + 1e-6))
  const n = Math.ceil((dim - patch) / stride) + 1
  return Array.from({ length: n }, (_, i) => Math.floor((i * (dim - patch)) / (n - 1) + 0.5))
}

/**
 * The tiles that hold at least one body voxel, x running fastest. They cover every body voxel.
 *
 * @param body 0 or 1 on a grid of `dims`, x fastest
 */
export function planTiles(dims: Vec3, patchSize: Vec3, overlap: number, body: Uint8Array): Tile[] {
  const [xs, ys, zs] = [0, 1, 2].map((a) => tileStarts(dims[a]!, patchSize[a]!, overlap)) as [
    number[],
    number[],
    number[],
  ]
  const size = dims.map((d, a) => Math.min(d, patchSize[a]!)) as unknown as Vec3
  const tiles: Tile[] = []
  for (const z of zs)
    for (const y of ys)
      for (const x of xs) {
        const tile: Tile = { start: [x, y, z], size }
        if (holdsBody(body, dims, tile)) tiles.push(tile)
      }
  return tiles
}

function holdsBody(body: Uint8Array, [nx, ny]: Vec3, { start, size }: Tile): boolean {
  for (let k = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++) {
      const row = start[0] + nx * (start[1] + j + ny * (start[2] + k))
      for (let o = row; o < row + size[0]; o++) if (body[o]) return true
    }
  }
  return false
}

/**
 * Runs the tiles one after the other and blends their scores with a Gaussian weight per tile (sums in float32), as
 * `sliding_window` of models/recipe/preprocessing.py. Where the volume is smaller than the patch the tile is padded
 * with 0 at the end of the axis, and the scores of the padding are dropped.
 *
 * @returns score (0 where no tile ran) and covered (1 where one did), on the model grid
 * @throws WorkstationError engine/invalid-score if a tile's result has the wrong size or is not finite
 */
export async function slidingWindow(
  w: SlidingWindow,
): Promise<{ score: Float32Array<ArrayBuffer>; covered: Uint8Array<ArrayBuffer> }> {
  const n = voxelCount(w)
  const patchVoxels = voxelCount({ dims: w.patchSize })
  const tiles = planTiles(w.dims, w.patchSize, w.overlap, w.body)
  const weight = blendWeight(w.patchSize, w.blendSigma)
  const score = new Float32Array(n)
  const weights = new Float32Array(n)
  // The size is the same for all tiles, so the padding stays 0.
  const input = new Float32Array(w.channels.length * patchVoxels)

  for (const [done, tile] of tiles.entries()) {
    w.channels.forEach((channel, c) => {
      cut(channel, w.dims, tile, w.patchSize, input.subarray(c * patchVoxels, (c + 1) * patchVoxels))
    })
    const result = await w.runTile(input)
    if (result.length !== patchVoxels) {
      throw new WorkstationError(
        'engine/invalid-score',
        'The model gave a result of the wrong size, so no score map was made.',
        `${result.length} values for a tile of ${w.patchSize.join(' × ')}`,
      )
    }
    blend(result, weight, w.dims, tile, w.patchSize, score, weights)
    w.onTile?.(done + 1, tiles.length)
  }

  const covered = new Uint8Array(n)
  for (let o = 0; o < n; o++) {
    if (weights[o] === 0) continue
    covered[o] = 1
    score[o] = score[o]! / weights[o]!
    if (!Number.isFinite(score[o])) {
      throw new WorkstationError(
        'engine/invalid-score',
        'The model gave values that are not numbers on this device, so no score map was made.',
        `score ${score[o]} at model voxel ${o}`,
      )
    }
  }
  return { score, covered }
}

/** [D, H, W] like a tile: the product of a Gaussian per axis, centred on the tile. */
function blendWeight(patchSize: Vec3, sigma: number): Float32Array {
  const [gx, gy, gz] = patchSize.map((p) =>
    Float64Array.from({ length: p }, (_, i) => Math.exp(-0.5 * ((i - (p - 1) / 2) / (sigma * p)) ** 2)),
  ) as [Float64Array, Float64Array, Float64Array]
  const weight = new Float32Array(voxelCount({ dims: patchSize }))
  let o = 0
  for (const z of gz)
    for (const y of gy) for (const x of gx) weight[o++] = Math.max(z * y * x, SMALLEST_WEIGHT)
  return weight
}

function cut(from: InputChannel, [nx, ny]: Vec3, { start, size }: Tile, [px, py]: Vec3, into: Float32Array) {
  for (let k = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++) {
      const to = px * (j + py * k)
      if (from instanceof Float32Array) {
        const row = start[0] + nx * (start[1] + j + ny * (start[2] + k))
        into.set(from.subarray(row, row + size[0]), to)
      } else if (from.axis === 0) {
        into.set(from.values.subarray(start[0], start[0] + size[0]), to)
      } else {
        into.fill(from.values[from.axis === 1 ? start[1] + j : start[2] + k]!, to, to + size[0])
      }
    }
  }
}

function blend(
  result: Float32Array,
  weight: Float32Array,
  [nx, ny]: Vec3,
  { start, size }: Tile,
  [px, py]: Vec3,
  score: Float32Array,
  weights: Float32Array,
) {
  for (let k = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++) {
      let o = start[0] + nx * (start[1] + j + ny * (start[2] + k))
      const row = px * (j + py * k)
      for (let t = row; t < row + size[0]; t++, o++) {
        score[o] = score[o]! + weight[t]! * result[t]!
        weights[o] = weights[o]! + weight[t]!
      }
    }
  }
}
