import type { Box } from './bodyCrop.ts'
import { type CanonicalView, canonicalView } from './reorient.ts'
import { determinant, type Grid, type Vec3, type Volume, voxelCount } from './volume.ts'

/** Largest difference of direction cosines, and of positions in model voxels, that rounding may make. */
const SAME_DIRECTION = 1e-3
const EDGE = 1e-4

/**
 * The score on the grid of the source, in the source's own voxel order: linear interpolation of the model-grid score
 * at every source voxel centre, clamped to the model grid's edge.
 *
 * A source voxel is scored if it lies in the crop box and its nearest model voxel is in `scored`; all others get
 * `unscoredValue`.
 *
 * @param score on a model grid made from `source` (preprocess.ts): the same axes but for permutation and flips
 * @param scored 1 where a model voxel is in the body and a tile covered it
 * @param cropBox canonical source voxels, half-open; without it, what lies within half a model voxel of the grid
 * @throws RangeError if the two grids' axes are not parallel or the box is not in the source: never after `preprocess`
 */
export function scoreOnSourceGrid(
  score: Volume<Float32Array>,
  scored: Uint8Array,
  source: Grid,
  unscoredValue: number,
  cropBox?: Box,
): Float32Array<ArrayBuffer> {
  const view = canonicalView(source)
  const canonical = [0, 1, 2].map((p) => axisTaps(score, view, p, cropBox)) as [Taps, Taps, Taps]
  // Reorder to the source's axes, so that the loops below run in the order the result is stored in.
  const [x, y, z] = [0, 1, 2].map((a) => inSourceOrder(canonical, view, a)) as [Taps, Taps, Taps]

  const [nx, ny] = source.dims
  const out = new Float32Array(voxelCount(source)).fill(unscoredValue)
  const row = new Float64Array(x.count)
  const values = score.voxels
  for (let k = z.from; k < z.to; k++) {
    const wz = z.weight[k]!
    for (let j = y.from; j < y.to; j++) {
      const nearest = z.nearest[k]! + y.nearest[j]!
      const wy = y.weight[j]!
      const w00 = (1 - wz) * (1 - wy)
      const w01 = (1 - wz) * wy
      const w10 = wz * (1 - wy)
      const w11 = wz * wy
      let r00 = z.lower[k]! + y.lower[j]!
      let r01 = z.lower[k]! + y.upper[j]!
      let r10 = z.upper[k]! + y.lower[j]!
      let r11 = z.upper[k]! + y.upper[j]!
      for (let i = 0; i < x.count; i++) {
        row[i] = values[r00]! * w00 + values[r01]! * w01 + values[r10]! * w10 + values[r11]! * w11
        r00 += x.step
        r01 += x.step
        r10 += x.step
        r11 += x.step
      }
      const o = nx * (j + ny * k)
      for (let i = x.from; i < x.to; i++) {
        if (!scored[nearest + x.nearest[i]!]) continue
        const w = x.weight[i]!
        out[o + i] = row[x.lowerIndex[i]!]! * (1 - w) + row[x.upperIndex[i]!]! * w
      }
    }
  }
  return out
}

/**
 * Takes the score from whole slices, in place: those that fill a gap in the acquisition. The network needs them to see
 * their neighbours in place, but a score of interpolated tissue would say nothing about the patient.
 * @param slices indices k on the grid of `score`
 * @throws RangeError for a slice that the grid does not have
 */
export function clearSlices(
  score: Float32Array,
  grid: Pick<Grid, 'dims'>,
  slices: readonly number[],
  unscoredValue: number,
): void {
  const [nx, ny, nz] = grid.dims
  for (const k of slices) {
    if (!(k >= 0 && k < nz)) throw new RangeError(`there is no slice ${k} among ${nz}`)
    score.fill(unscoredValue, nx * ny * k, nx * ny * (k + 1))
  }
}

/** For every source index of one axis: where it falls on the model grid. */
interface Taps {
  /** Model voxels along this axis, and the distance between them in memory. */
  count: number
  step: number
  /** Source indices that can be scored, half-open. */
  from: number
  to: number
  lowerIndex: Int32Array
  upperIndex: Int32Array
  /** The same as offsets into the model voxels, and the offset of the nearest model voxel. */
  lower: Int32Array
  upper: Int32Array
  nearest: Int32Array
  /** Of the upper one. */
  weight: Float64Array
}

/** Taps of canonical axis p, indexed by canonical source voxel. */
function axisTaps(model: Grid, view: CanonicalView, p: number, cropBox: Box | undefined): Taps {
  const source = view.grid
  const n = source.dims[p]!
  const count = model.dims[p]!
  const step = p === 0 ? 1 : p === 1 ? model.dims[0] : model.dims[0] * model.dims[1]
  if (cropBox && (cropBox.start[p]! < 0 || cropBox.end[p]! > n))
    throw new RangeError('the crop box is not inside the source')
  const start = modelIndexOfOrigin(model, source)[p]!
  const scale = source.spacing[p]! / model.spacing[p]!
  const taps: Taps = {
    count,
    step,
    from: cropBox ? cropBox.start[p]! : n,
    to: cropBox ? cropBox.end[p]! : 0,
    lowerIndex: new Int32Array(n),
    upperIndex: new Int32Array(n),
    lower: new Int32Array(n),
    upper: new Int32Array(n),
    nearest: new Int32Array(n),
    weight: new Float64Array(n),
  }
  for (let i = 0; i < n; i++) {
    const exact = start + i * scale
    const position = Math.min(Math.max(exact, 0), count - 1)
    const lower = Math.floor(position)
    const upper = Math.min(lower + 1, count - 1)
    taps.lowerIndex[i] = lower
    taps.upperIndex[i] = upper
    taps.lower[i] = lower * step
    taps.upper[i] = upper * step
    taps.nearest[i] = Math.min(Math.floor(position + 0.5), count - 1) * step
    taps.weight[i] = position - lower
    if (!cropBox && exact >= -0.5 - EDGE && exact <= count - 0.5 + EDGE) {
      taps.from = Math.min(taps.from, i)
      taps.to = i + 1
    }
  }
  return taps
}

/** Continuous model index of the canonical source voxel (0, 0, 0). */
function modelIndexOfOrigin(model: Grid, source: Grid): Vec3 {
  const d = model.direction
  for (let e = 0; e < 9; e++) {
    if (!(Math.abs(d[e]! - source.direction[e]!) < SAME_DIRECTION))
      throw new RangeError('the score map and the source do not share their axes')
  }
  // Solved, not transposed: stored direction cosines are orthogonal only to their last digits, and a sheared stack
  // (gantry tilt) not even that.
  const b = [0, 1, 2].map((r) => source.origin[r]! - model.origin[r]!) as [number, number, number]
  const det = determinant(d)
  const x =
    b[0] * (d[4] * d[8] - d[5] * d[7]) -
    d[1] * (b[1] * d[8] - d[5] * b[2]) +
    d[2] * (b[1] * d[7] - d[4] * b[2])
  const y =
    d[0] * (b[1] * d[8] - d[5] * b[2]) -
    b[0] * (d[3] * d[8] - d[5] * d[6]) +
    d[2] * (d[3] * b[2] - b[1] * d[6])
  const z =
    d[0] * (d[4] * b[2] - b[1] * d[7]) -
    d[1] * (d[3] * b[2] - b[1] * d[6]) +
    b[0] * (d[3] * d[7] - d[4] * d[6])
  return [x / det / model.spacing[0], y / det / model.spacing[1], z / det / model.spacing[2]]
}

/** The taps of source axis a, by stored index: those of the canonical axis that runs along it, reversed if flipped. */
function inSourceOrder(canonical: [Taps, Taps, Taps], view: CanonicalView, a: number): Taps {
  const p = view.axes.indexOf(a)
  const taps = canonical[p]!
  if (!view.flips[p]) return taps
  const n = taps.weight.length
  return {
    ...taps,
    from: n - taps.to,
    to: n - taps.from,
    lowerIndex: taps.lowerIndex.toReversed(),
    upperIndex: taps.upperIndex.toReversed(),
    lower: taps.lower.toReversed(),
    upper: taps.upper.toReversed(),
    nearest: taps.nearest.toReversed(),
    weight: taps.weight.toReversed(),
  }
}
