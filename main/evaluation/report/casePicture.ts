import { type Calibration, levelTable } from '../../findings/level.ts'
import { type CanonicalView, canonicalView } from '../../imaging/reorient.ts'
import type { CtVolume } from '../../imaging/volume.ts'
import { encodePng, type Rgba } from './png.ts'

/**
 * The axial slice of a case that shows most of its lesions, in the radiological convention: the patient's right on the
 * left, the front on top. Plain JSON, some 100 to 300 kB.
 */
export interface CasePicture {
  /** Pixels of both images. */
  width: number
  height: number
  /** Size of a pixel across and down, mm. */
  pixelMm: [number, number]
  /** PNG, base64: the CT in grey values, in `window`. */
  ct: string
  /** PNG, base64, to be laid over it: the anomaly level in `LEVEL_COLOURS`, clear where it is lower. */
  level: string
  /** The lesions' outline as the path of an SVG, in pixels. */
  outline: string
  /** HU in the middle and between black and white. */
  window: { centre: number; width: number }
  /** Place of the slice, counted from the feet, from 1, of so many. */
  slice: number
  slices: number
}

/** Anomaly levels and their colours: 1 in 10, 100, 1,000 and 10,000 normal voxels; from matplotlib's inferno. */
export const LEVEL_COLOURS: readonly { level: number; colour: Rgba }[] = [
  { level: 90, colour: [127, 30, 108, 110] },
  { level: 99, colour: [211, 71, 67, 150] },
  { level: 99.9, colour: [251, 155, 6, 180] },
  { level: 99.99, colour: [252, 255, 164, 210] },
]

/** What is scanned finer is drawn from every second pixel, or third: a page shows no more. */
const MOST_PIXELS = 512

const SOFT_TISSUE = { centre: 40, width: 400 }
const LUNG = { centre: -600, width: 1500 }
/** What surrounds a lesion is lung where half of it is below this HU. */
const LUNG_BELOW_HU = -500
const SURROUNDINGS_MM = 10

export interface Drawable {
  ct: CtVolume
  /** Nonzero inside a lesion, on the CT's grid. At least one voxel is. */
  lesion: Uint8Array
  /** −log q, on the CT's grid. */
  score: Float32Array
  /** Nonzero where the model gave a score. */
  scored: Uint8Array
}

/** Draws a case. @throws WorkstationError 'model/calibration' */
export function drawCase({ ct, lesion, score, scored }: Drawable, calibration: Calibration): CasePicture {
  const view = canonicalView(ct)
  const { dims, spacing } = view.grid
  const k = fullestSlice(lesion, view)
  const step = Math.ceil(Math.max(dims[0], dims[1]) / MOST_PIXELS)
  const [width, height] = [Math.floor(dims[0] / step), Math.floor(dims[1] / step)]
  const inside = new Uint8Array(width * height)
  const hu = new Float32Array(width * height)
  const colour = new Uint8Array(width * height)
  const { scoreAtLevel } = levelTable(calibration)
  const lowest = LEVEL_COLOURS.map(({ level }) => scoreAtLevel(level))
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++, p++) {
      const at = view.offset + x * step * view.stride[0] + y * step * view.stride[1] + k * view.stride[2]
      inside[p] = lesion[at] === 0 ? 0 : 1
      hu[p] = ct.voxels[at]
      // The palette's first colour is none.
      colour[p] = scored[at] === 0 ? 0 : lowest.filter((score0) => score[at] >= score0).length
    }
  }
  const pixelMm: [number, number] = [spacing[0] * step, spacing[1] * step]
  const window = surroundedByLung(hu, inside, width, pixelMm) ? LUNG : SOFT_TISSUE
  const grey = Uint8Array.from(hu, (value) => 255 * clamp((value - window.centre) / window.width + 0.5))
  const palette: Rgba[] = [[0, 0, 0, 0], ...LEVEL_COLOURS.map((one) => one.colour)]
  return {
    width,
    height,
    pixelMm,
    ct: encodePng({ width, height, pixels: grey }).toString('base64'),
    level: encodePng({ width, height, pixels: colour, palette }).toString('base64'),
    outline: outlineOf(inside, width, height),
    window,
    slice: k + 1,
    slices: dims[2],
  }
}

function clamp(value: number): number {
  return Math.min(Math.max(value, 0), 1)
}

/** The axial slice with the most lesion voxels; the lowest of several. */
function fullestSlice(lesion: Uint8Array, { grid, offset, stride }: CanonicalView): number {
  const [nx, ny, nz] = grid.dims
  let fullest = 0
  let most = -1
  for (let k = 0; k < nz; k++) {
    let count = 0
    for (let j = 0; j < ny; j++) {
      let at = offset + j * stride[1] + k * stride[2]
      for (let i = 0; i < nx; i++, at += stride[0]) count += lesion[at] === 0 ? 0 : 1
    }
    if (count > most) {
      most = count
      fullest = k
    }
  }
  return fullest
}

/** Whether half of the pixels in a box around the lesions, and outside them, are as dark as lung. */
function surroundedByLung(
  hu: Float32Array,
  inside: Uint8Array,
  width: number,
  pixelMm: readonly [number, number],
): boolean {
  const at = [...inside.keys()].filter((p) => inside[p] === 1)
  const [marginX, marginY] = pixelMm.map((mm) => Math.ceil(SURROUNDINGS_MM / mm))
  const columns = at.map((p) => p % width)
  const [left, right] = [least(columns) - marginX, most(columns) + marginX]
  const [top, bottom] = [Math.floor(least(at) / width) - marginY, Math.floor(most(at) / width) + marginY]
  let around = 0
  let dark = 0
  for (let p = 0; p < inside.length; p++) {
    const [x, y] = [p % width, Math.floor(p / width)]
    if (inside[p] === 1 || x < left || x > right || y < top || y > bottom) continue
    around++
    if (hu[p] < LUNG_BELOW_HU) dark++
  }
  return dark > around / 2
}

const least = (values: readonly number[]) => values.reduce((a, b) => Math.min(a, b), Infinity)
const most = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b), -Infinity)

/** The edges between pixels inside and outside, as horizontal and vertical lines of an SVG path. */
function outlineOf(inside: Uint8Array, width: number, height: number): string {
  const isIn = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && inside[x + width * y] === 1
  const lines: string[] = []
  const trace = (
    length: number,
    edge: (along: number) => boolean,
    draw: (from: number, to: number) => string,
  ) => {
    let from = -1
    for (let n = 0; n <= length; n++) {
      const on = n < length && edge(n)
      if (on && from < 0) from = n
      if (!on && from >= 0) {
        lines.push(draw(from, n))
        from = -1
      }
    }
  }
  for (let y = 0; y <= height; y++) {
    trace(
      width,
      (x) => isIn(x, y) !== isIn(x, y - 1),
      (from, to) => `M${from} ${y}H${to}`,
    )
  }
  for (let x = 0; x <= width; x++) {
    trace(
      height,
      (y) => isIn(x, y) !== isIn(x - 1, y),
      (from, to) => `M${x} ${from}V${to}`,
    )
  }
  return lines.join('')
}
