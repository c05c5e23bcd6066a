import { clippedHistogramToLut } from './claheHistogram.ts'
import { type Vec3, voxelCount } from './volume.ts'

/** Grey levels the algorithm works with, and the bins of its histograms (scikit-image: NR_OF_GRAY, nbins). */
const GRAY_LEVELS = 2 ** 14
const BINS = 256
/** scikit-image's bin size, 1 + NR_OF_GRAY // nbins: 253 of the 256 bins can be hit. */
const BIN_SIZE = 1 + Math.floor(GRAY_LEVELS / BINS)

/**
 * Contrast-limited adaptive histogram equalisation in 3D (RECIPE.md, "CLAHE in 3D, exactly"): the result of
 * `skimage.exposure.equalize_adapthist(image, clip_limit=clipLimit)` of scikit-image 0.19 on the array [z, y, x],
 * to the bit, including its roundings, truncations and its histogram redistribution.
 *
 * The extremes that it stretches are those of the whole image, so it must see the whole cropped volume at once.
 * A constant image becomes constant 1 (0 where the algorithm maps it to 0), as in scikit-image; never NaN.
 *
 * @param image in [0, 1], x fastest; left as it is
 * @param clipLimit fraction of a tile's voxels that one histogram bin may hold
 * @returns in [0, 1], both ends reached
 */
export function clahe(image: Float32Array, dims: Vec3, clipLimit: number): Float32Array<ArrayBuffer> {
  const n = voxelCount({ dims })
  const bins = toBins(image, n)
  const [x, y, z] = dims.map(tileAxis) as [TileAxis, TileAxis, TileAxis]
  const luts = tileLuts(bins, dims, x, y, z, clipLimit)
  const out = new Float32Array(n)
  interpolate(bins, luts, x, y, z, out)
  stretch(out)
  return out
}

/** Half to even, as numpy rounds; for 0 ≤ v < 2^52. */
function roundHalfEven(v: number): number {
  const r = Math.floor(v + 0.5)
  return r - v === 0.5 && r % 2 === 1 ? r - 1 : r
}

/** Image → 16 bits → min-max to 0…16383 → histogram bin. */
function toBins(image: Float32Array, n: number): Uint8Array {
  const levels = new Uint16Array(n)
  let min = 65535
  let max = 0
  for (let i = 0; i < n; i++) {
    // img_as_uint multiplies in float32.
    const v = roundHalfEven(Math.min(Math.max(Math.fround(image[i]! * 65535), 0), 65535))
    levels[i] = v
    if (v < min) min = v
    if (v > max) max = v
  }
  const binOf = new Uint8Array(65536)
  for (let v = min; v <= max; v++) {
    // rescale_intensity cannot stretch a constant image: it clips it to the output range instead.
    const level =
      max > min ? roundHalfEven(((v - min) / (max - min)) * (GRAY_LEVELS - 1)) : Math.min(v, GRAY_LEVELS - 1)
    binOf[v] = Math.floor(level / BIN_SIZE)
  }
  const bins = new Uint8Array(n)
  for (let i = 0; i < n; i++) bins[i] = binOf[levels[i]!]!
  return bins
}

/** One axis of the grid of tiles. */
interface TileAxis {
  length: number
  /** Tile edge, voxels. */
  kernel: number
  /** Number of tiles; each has a lookup table. */
  tiles: number
  /** Voxel index of each position 0 … tiles · kernel − 1; beyond the end the image is mirrored. */
  mirrored: Int32Array
  /** Per voxel: the tiles before and after it, and the weight of the one after. */
  before: Int32Array
  after: Int32Array
  weight: Float64Array
}

function tileAxis(length: number): TileAxis {
  const kernel = Math.max(Math.floor(length / 8), 1)
  const tiles = Math.ceil(length / kernel)
  const mirrored = Int32Array.from({ length: tiles * kernel }, (_, i) =>
    i < length ? i : 2 * (length - 1) - i,
  )
  const before = new Int32Array(length)
  const after = new Int32Array(length)
  const weight = new Float64Array(length)
  for (let i = 0; i < length; i++) {
    const padded = i + (kernel >> 1)
    const block = Math.floor(padded / kernel)
    before[i] = Math.max(block - 1, 0)
    after[i] = Math.min(block, tiles - 1)
    weight[i] = (padded % kernel) / kernel
  }
  return { length, kernel, tiles, mirrored, before, after, weight }
}

/** The lookup tables bin → grey level of all tiles, [tile z, tile y, tile x, bin]. */
function tileLuts(bins: Uint8Array, dims: Vec3, x: TileAxis, y: TileAxis, z: TileAxis, clipLimit: number) {
  const [nx, ny] = dims
  const tileCount = x.tiles * y.tiles * z.tiles
  const histograms = new Int32Array(tileCount * BINS)
  for (let k = 0; k < z.mirrored.length; k++) {
    for (let j = 0; j < y.mirrored.length; j++) {
      const row = (z.mirrored[k]! * ny + y.mirrored[j]!) * nx
      let histogram = (Math.floor(k / z.kernel) * y.tiles + Math.floor(j / y.kernel)) * x.tiles * BINS
      for (let i = 0; i < x.mirrored.length; histogram += BINS) {
        for (const end = i + x.kernel; i < end; i++) {
          const at = histogram + bins[row + x.mirrored[i]!]!
          histograms[at] = histograms[at]! + 1
        }
      }
    }
  }
  const voxelsPerTile = x.kernel * y.kernel * z.kernel
  const clip = Math.trunc(Math.max(clipLimit * voxelsPerTile, 1))
  const luts = new Uint16Array(tileCount * BINS)
  for (let tile = 0; tile < tileCount; tile++) {
    const of = tile * BINS
    clippedHistogramToLut(
      histograms.subarray(of, of + BINS),
      clip,
      (GRAY_LEVELS - 1) / voxelsPerTile,
      GRAY_LEVELS - 1,
      luts.subarray(of, of + BINS),
    )
  }
  return luts
}

/**
 * Every voxel's grey level, mixed from the tables of the eight tiles around it. Each product is rounded to float32
 * and added in float32, in the order 000 … 111 (z slowest), and the sum is truncated: that is what the library does.
 */
function interpolate(
  bins: Uint8Array,
  luts: Uint16Array,
  x: TileAxis,
  y: TileAxis,
  z: TileAxis,
  out: Float32Array,
) {
  const { fround, trunc } = Math
  const xBefore = x.before.map((t) => t * BINS)
  const xAfter = x.after.map((t) => t * BINS)
  // Weights of the eight corners for every x of a row; (x · y) · z, the library's order.
  const corner = () => new Float64Array(x.length)
  const [c000, c001, c010, c011] = [corner(), corner(), corner(), corner()]
  const [c100, c101, c110, c111] = [corner(), corner(), corner(), corner()]
  let o = 0
  for (let k = 0; k < z.length; k++) {
    const wz = z.weight[k]!
    const zBefore = z.before[k]! * y.tiles
    const zAfter = z.after[k]! * y.tiles
    for (let j = 0; j < y.length; j++) {
      const wy = y.weight[j]!
      const tile = x.tiles * BINS
      const r00 = (zBefore + y.before[j]!) * tile
      const r01 = (zBefore + y.after[j]!) * tile
      const r10 = (zAfter + y.before[j]!) * tile
      const r11 = (zAfter + y.after[j]!) * tile
      for (let i = 0; i < x.length; i++) {
        const w = x.weight[i]!
        const u = 1 - w
        c000[i] = u * (1 - wy) * (1 - wz)
        c001[i] = w * (1 - wy) * (1 - wz)
        c010[i] = u * wy * (1 - wz)
        c011[i] = w * wy * (1 - wz)
        c100[i] = u * (1 - wy) * wz
        c101[i] = w * (1 - wy) * wz
        c110[i] = u * wy * wz
        c111[i] = w * wy * wz
      }
      for (let i = 0; i < x.length; i++, o++) {
        const a = xBefore[i]! + bins[o]!
        const b = xAfter[i]! + bins[o]!
        let sum = fround(luts[r00 + a]! * c000[i]!)
        sum = fround(sum + fround(luts[r00 + b]! * c001[i]!))
        sum = fround(sum + fround(luts[r01 + a]! * c010[i]!))
        sum = fround(sum + fround(luts[r01 + b]! * c011[i]!))
        sum = fround(sum + fround(luts[r10 + a]! * c100[i]!))
        sum = fround(sum + fround(luts[r10 + b]! * c101[i]!))
        sum = fround(sum + fround(luts[r11 + a]! * c110[i]!))
        sum = fround(sum + fround(luts[r11 + b]! * c111[i]!))
        out[o] = trunc(sum)
      }
    }
  }
}

/** Min-max to 0…1 in place; a constant image is clipped to 0…1 instead. */
function stretch(image: Float32Array) {
  let min = Infinity
  let max = -Infinity
  for (let i = 0; i < image.length; i++) {
    const v = image[i]!
    if (v < min) min = v
    if (v > max) max = v
  }
  if (max > min) {
    const range = max - min
    for (let i = 0; i < image.length; i++) image[i] = (image[i]! - min) / range
  } else image.fill(Math.min(Math.max(min, 0), 1))
}
