/**
 * Makes a regular volume of a stack of slices that is not one: slices that no image shows are interpolated, and slices
 * that lie shifted against each other (gantry tilt) are shifted back. All interpolation is linear, as in ITK's
 * default and scipy's `map_coordinates(order=1)`, and rounds half up. Pure. Volumes are Int16 HU, x fastest:
 * offset = i + nx · (j + ny · k).
 */

/** How a slice is made of images, by index: (1 − weight) · image `below` + weight · image `above`. */
export interface SliceBlend {
  readonly below: number
  readonly above: number
  /** 0 to 1; 0 where the slice is the image `below` itself. */
  readonly weight: number
}

/** HU of what no image covers: air, and the lowest value of a 12-bit CT. */
export const UNCOVERED_HU = -1024

/** One slice between two images, value by value. `out` may be neither of them. */
export function blendSlice(below: Int16Array, above: Int16Array, weight: number, out: Int16Array): void {
  if (weight === 0) {
    out.set(below)
    return
  }
  for (let i = 0; i < out.length; i++) {
    const low = below[i]!
    out[i] = Math.floor(low + weight * (above[i]! - low) + 0.5)
  }
}

/**
 * A new stack of `blends.length` slices, each blended from the images.
 * @param images the images one after the other, each of `size` voxels
 * @param out blends.length · size voxels, not the memory of `images`
 * @param from first slice to make, and `end` the one after the last: a large stack is made in parts
 */
export function blendStack(
  images: Int16Array,
  size: number,
  blends: readonly SliceBlend[],
  out: Int16Array,
  from = 0,
  end = blends.length,
): void {
  const image = (i: number) => images.subarray(i * size, (i + 1) * size)
  for (let k = from; k < end; k++) {
    const { below, above, weight } = blends[k]!
    blendSlice(image(below), image(above), weight, out.subarray(k * size, (k + 1) * size))
  }
}

/** Where the slices of a stack lie in a grid that is wide enough for all of them. */
export interface Shear {
  /** Matrix of the slices. */
  readonly columns: number
  readonly rows: number
  /** Matrix of the grid. */
  readonly wideColumns: number
  readonly wideRows: number
  /** For each slice the place of its first pixel in the grid, in pixels (x, y), fractions included, ≥ 0. */
  readonly offsets: readonly (readonly [number, number])[]
}

/**
 * Shifts every slice to its place, with bilinear interpolation. A pixel covers half its size beyond its centre; what
 * no slice covers is UNCOVERED_HU.
 * @param voxels columns · rows · slices
 * @param out wideColumns · wideRows · slices, not the memory of `voxels`
 * @param from first slice to shift, and `end` the one after the last: a large stack is shifted in parts
 */
export function straighten(
  voxels: Int16Array,
  shear: Shear,
  out: Int16Array,
  from = 0,
  end = shear.offsets.length,
): void {
  const { columns, rows, wideColumns, wideRows, offsets } = shear
  const wide = wideColumns * wideRows
  out.fill(UNCOVERED_HU, from * wide, end * wide)
  for (let k = from; k < end; k++) {
    const [u, v] = offsets[k]!
    const slice = voxels.subarray(k * columns * rows, (k + 1) * columns * rows)
    const across = samplesAlong(wideColumns, columns, u)
    const down = samplesAlong(wideRows, rows, v)
    for (let j = down.first; j < down.end; j++) {
      const upper = down.index[j]! * columns
      const lower = Math.min(down.index[j]! + 1, rows - 1) * columns
      const fy = down.fraction[j]!
      const at = wideColumns * (j + wideRows * k)
      for (let i = across.first; i < across.end; i++) {
        const left = across.index[i]!
        const right = Math.min(left + 1, columns - 1)
        const fx = across.fraction[i]!
        const top = slice[upper + left]! + fx * (slice[upper + right]! - slice[upper + left]!)
        const bottom = slice[lower + left]! + fx * (slice[lower + right]! - slice[lower + left]!)
        out[at + i] = Math.floor(top + fy * (bottom - top) + 0.5)
      }
    }
  }
}

/** For each place of a wide axis the sample before it and the fraction to the next; valid in [first, end). */
function samplesAlong(
  wide: number,
  count: number,
  offset: number,
): { index: Int32Array; fraction: Float64Array; first: number; end: number } {
  const index = new Int32Array(wide)
  const fraction = new Float64Array(wide)
  const first = Math.max(0, Math.ceil(offset - 0.5))
  const end = Math.min(wide, Math.floor(offset + count - 0.5) + 1)
  for (let i = first; i < end; i++) {
    const x = Math.min(count - 1, Math.max(0, i - offset))
    index[i] = Math.min(Math.floor(x), count - 1)
    fraction[i] = x - index[i]!
  }
  return { index, fraction, first, end }
}
