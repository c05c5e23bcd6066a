import type { Vec3 } from '../../imaging/volume.ts'
import type { Draft } from './draft.ts'

type Axis = 0 | 1 | 2

/** One slice of a draft, in a box with a margin: `inside[u + width * v]`. */
interface Slice {
  u0: number
  v0: number
  width: number
  height: number
  inside: Uint8Array
}

/**
 * Adds what the outline encloses in one slice around a voxel: the 4-connected background that holds it.
 * @param axis the slice is across this grid axis
 * @param seed a voxel that is not in the region
 * @returns how many voxels were added; 0 where the place is not enclosed, or in the region already
 */
export function fillEnclosed(draft: Draft, axis: Axis, seed: Vec3): number {
  const slice = sliceOf(draft, axis, seed[axis])
  if (!slice) return 0
  const [u, v] = planeAxes(axis)
  const { width, height, inside } = slice
  const start: readonly [number, number] = [seed[u] - slice.u0, seed[v] - slice.v0]
  if (start[0] < 0 || start[1] < 0 || start[0] >= width || start[1] >= height) return 0
  if (inside[start[0] + width * start[1]] === 1) return 0
  const reached = new Uint8Array(inside.length)
  const waiting = [start[0] + width * start[1]]
  reached[waiting[0]] = 1
  while (waiting.length > 0) {
    const at = waiting.pop()!
    const x = at % width
    const y = (at - x) / width
    // The box has a margin of background: whoever gets to its edge is outside.
    if (x === 0 || y === 0 || x === width - 1 || y === height - 1) return 0
    for (const next of [at - 1, at + 1, at - width, at + width]) {
      if (inside[next] === 1 || reached[next] === 1) continue
      reached[next] = 1
      waiting.push(next)
    }
  }
  return paintSlice(draft, axis, seed[axis], slice, (at) => reached[at] === 1)
}

/**
 * Shape-based interpolation (Raya and Udupa, IEEE Trans. Med. Imaging 9(1), 1990): fills the empty slices between those
 * that were drawn, with the zero set of their signed distances, mixed by how near each is. Shapes are laid over each
 * other by their centroids first, so that one that moves from slice to slice does not vanish in between.
 * @param axis slices are across this grid axis
 * @param spacing of the grid, mm
 * @returns how many voxels were added; 0 where no empty slice lies between drawn ones
 */
export function interpolateSlices(draft: Draft, axis: Axis, spacing: Vec3): number {
  const [u, v] = planeAxes(axis)
  const shapes: { index: number; shape: Shape }[] = []
  for (let index = draft.min[axis]; index <= draft.max[axis]; index++) {
    const slice = sliceOf(draft, axis, index)
    if (slice) shapes.push({ index, shape: new Shape(slice, spacing[u], spacing[v]) })
  }
  let added = 0
  for (let i = 1; i < shapes.length; i++) {
    const below = shapes[i - 1]
    const above = shapes[i]
    for (let index = below.index + 1; index < above.index; index++) {
      const weight = (index - below.index) / (above.index - below.index)
      added += paintBetween(draft, axis, index, below.shape, above.shape, weight)
    }
  }
  return added
}

/** @param weight of the shape above, 0–1 */
function paintBetween(
  draft: Draft,
  axis: Axis,
  index: number,
  below: Shape,
  above: Shape,
  weight: number,
): number {
  const mix = (a: number, b: number) => (1 - weight) * a + weight * b
  const centre = [0, 1].map((a) => mix(below.centroid[a], above.centroid[a]))
  const radius = [0, 1].map((a) => Math.ceil(Math.max(below.reach[a], above.reach[a])) + 1)
  const frame: Slice = {
    u0: Math.floor(centre[0]) - radius[0],
    v0: Math.floor(centre[1]) - radius[1],
    width: 2 * radius[0] + 2,
    height: 2 * radius[1] + 2,
    inside: new Uint8Array(0),
  }
  return paintSlice(draft, axis, index, frame, (at) => {
    const du = frame.u0 + (at % frame.width) - centre[0]
    const dv = frame.v0 + Math.floor(at / frame.width) - centre[1]
    return mix(below.distance(du, dv), above.distance(du, dv)) < 0
  })
}

/** A drawn slice with its signed distance, mm, negative inside. */
class Shape {
  /** In voxels, of the grid's two axes in the slice. */
  readonly centroid: readonly [number, number]
  /** Farthest from the centroid that the shape goes, in voxels along each axis. */
  readonly reach: readonly [number, number]
  readonly #slice: Slice
  readonly #signed: Float64Array
  readonly #spacingU: number
  readonly #spacingV: number

  constructor(slice: Slice, spacingU: number, spacingV: number) {
    this.#spacingU = spacingU
    this.#spacingV = spacingV
    const { width, inside, u0, v0 } = slice
    let count = 0
    let sumU = 0
    let sumV = 0
    inside.forEach((value, at) => {
      if (value === 0) return
      count++
      sumU += u0 + (at % width)
      sumV += v0 + Math.floor(at / width)
    })
    this.centroid = [sumU / count, sumV / count]
    const reach: [number, number] = [0, 0]
    inside.forEach((value, at) => {
      if (value === 0) return
      reach[0] = Math.max(reach[0], Math.abs(u0 + (at % width) - this.centroid[0]))
      reach[1] = Math.max(reach[1], Math.abs(v0 + Math.floor(at / width) - this.centroid[1]))
    })
    this.reach = reach
    this.#slice = slice
    const outside = distances(slice, 1, spacingU, spacingV)
    const within = distances(slice, 0, spacingU, spacingV)
    this.#signed = outside.map((out, at) => out - within[at])
  }

  /** At a place relative to the centroid, in voxels; bilinear. Beyond the box, that of its edge and the way there. */
  distance(du: number, dv: number): number {
    const { u0, v0, width, height } = this.#slice
    const wantedU = this.centroid[0] + du - u0
    const wantedV = this.centroid[1] + dv - v0
    const u = Math.min(Math.max(wantedU, 0), width - 1)
    const v = Math.min(Math.max(wantedV, 0), height - 1)
    const beyond = Math.hypot((wantedU - u) * this.#spacingU, (wantedV - v) * this.#spacingV)
    const i = Math.min(Math.floor(u), width - 2)
    const j = Math.min(Math.floor(v), height - 2)
    const a = u - i
    const b = v - j
    const at = i + width * j
    const s = this.#signed
    const edge =
      (1 - b) * ((1 - a) * s[at] + a * s[at + 1]) + b * ((1 - a) * s[at + width] + a * s[at + width + 1])
    return edge + beyond
  }
}

/**
 * Distance, mm, of every place of a slice from the nearest one that holds `target`: the exact Euclidean transform of
 * Felzenszwalb and Huttenlocher (Theory of Computing 8, 2012), one axis after the other.
 */
export function distances(
  { width, height, inside }: Pick<Slice, 'width' | 'height' | 'inside'>,
  target: 0 | 1,
  spacingU: number,
  spacingV: number,
): Float64Array {
  const squared = new Float64Array(inside.length)
  inside.forEach((value, at) => {
    squared[at] = value === target ? 0 : FAR
  })
  const line = new Float64Array(Math.max(width, height))
  for (let y = 0; y < height; y++) transformLine(squared, y * width, 1, width, spacingU, line)
  for (let x = 0; x < width; x++) transformLine(squared, x, width, height, spacingV, line)
  return squared.map(Math.sqrt)
}

/** Larger than any squared distance in a slice, mm², and small enough to add to. */
const FAR = 1e12

/** Lower envelope of the parabolas over one line of squared distances. */
function transformLine(
  values: Float64Array,
  start: number,
  stride: number,
  count: number,
  spacing: number,
  copy: Float64Array,
): void {
  for (let i = 0; i < count; i++) copy[i] = values[start + i * stride]
  const vertex = new Int32Array(count)
  const border = new Float64Array(count + 1)
  const square = spacing * spacing
  let last = 0
  border[0] = Number.NEGATIVE_INFINITY
  border[1] = Number.POSITIVE_INFINITY
  const crossing = (p: number, q: number) =>
    (copy[q] / square + q * q - (copy[p] / square + p * p)) / (2 * (q - p))
  for (let q = 1; q < count; q++) {
    let at = crossing(vertex[last], q)
    while (at <= border[last]) at = crossing(vertex[--last], q)
    vertex[++last] = q
    border[last] = at
    border[last + 1] = Number.POSITIVE_INFINITY
  }
  for (let q = 0, k = 0; q < count; q++) {
    while (border[k + 1] < q) k++
    const step = q - vertex[k]
    values[start + q * stride] = square * step * step + copy[vertex[k]]
  }
}

/** The two grid axes that lie in a slice across `axis`. */
function planeAxes(axis: Axis): readonly [Axis, Axis] {
  return axis === 0 ? [1, 2] : axis === 1 ? [0, 2] : [0, 1]
}

/** The region in one slice, with a margin of background all around; null where there is none of it. */
function sliceOf(draft: Draft, axis: Axis, index: number): Slice | null {
  const [u, v] = planeAxes(axis)
  const [u0, v0] = [draft.min[u] - 1, draft.min[v] - 1]
  const width = draft.max[u] - u0 + 2
  const height = draft.max[v] - v0 + 2
  const inside = new Uint8Array(width * height)
  let any = false
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const voxel = voxelAt(axis, index, u0 + x, v0 + y)
      if (!draft.has(voxel[0], voxel[1], voxel[2])) continue
      inside[x + width * y] = 1
      any = true
    }
  }
  return any ? { u0, v0, width, height, inside } : null
}

function voxelAt(axis: Axis, index: number, u: number, v: number): Vec3 {
  return axis === 0 ? [index, u, v] : axis === 1 ? [u, index, v] : [u, v, index]
}

/** Adds the places of a slice for which `inside` holds. */
function paintSlice(
  draft: Draft,
  axis: Axis,
  index: number,
  { u0, v0, width, height }: Pick<Slice, 'u0' | 'v0' | 'width' | 'height'>,
  inside: (at: number) => boolean,
): number {
  const [u, v] = planeAxes(axis)
  const box = {
    min: voxelAt(axis, index, u0, v0),
    max: voxelAt(axis, index, u0 + width - 1, v0 + height - 1),
  }
  return draft.paint(box, 1, (x, y, z) => {
    const voxel: Vec3 = [x, y, z]
    return inside(voxel[u] - u0 + width * (voxel[v] - v0))
  })
}
