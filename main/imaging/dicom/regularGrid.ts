import { type Warning, WorkstationError } from '../../errors.ts'
import type { SliceBlend } from '../stackResample.ts'

/**
 * Puts images at uneven heights on an even spacing. Pure. The policy, and where its figures come from:
 *
 * - SPACING 1e-2 of the slice distance: highdicom's `_DEFAULT_SPACING_RELATIVE_TOLERANCE`; beyond it a warning.
 * - Within 5e-2 (a twentieth of a slice) an image is taken to lie where the even spacing would have it.
 * - Gaps that are whole multiples of the usual distance are slices that are missing: they are filled.
 * - Any other spacing is resampled to the usual distance, the lower median of all: most images then stay themselves,
 *   and of two halves of different spacing the finer one keeps its detail.
 * - At most a quarter of the slices may be filled. Adjacent 5 mm slices show an organ of 20 mm four times; with more
 *   missing than this, findings would rest on invented slices in a way that leaving them out does not heal.
 * - A gap with missing slices may be 20 mm: the height of one vertebral body or an adrenal, the smallest structures
 *   that are screened. A longer one can swallow an organ, and nothing between its ends can be told.
 */
export const SPACING_TOLERANCE = 1e-2
export const LARGEST_SPACING_DEVIATION = 5e-2
export const LARGEST_FILLED_SHARE = 0.25
export const LARGEST_FILLED_GAP_MM = 20
/** A gap of more than this many usual distances is a hole; a shorter one is a coarser spacing. */
const HOLE_STEPS = 2

/** Slices at `k · step` above the lowest image, and how each comes about. */
export interface EvenSpacing {
  step: number
  /** One for each slice. */
  blends: SliceBlend[]
  /** For each slice the image that it shows as stored, if any. */
  imageOf: (number | null)[]
  /** Slices that lie in a hole of the acquisition. */
  filled: number[]
  warnings: Warning[]
}

/**
 * @param heights of the images along the normal, mm, increasing, no two the same; at least two
 * @param kept whether an image at the height of a slice is that slice; not where each is shifted sideways afterwards
 * @throws WorkstationError input/irregular-spacing where too much is missing
 */
export function evenSpacing(heights: readonly number[], kept = true): EvenSpacing {
  const places = wholeSteps(heights)
  if (places === undefined) return resampled(heights, kept)
  const count = places.slices.at(-1)! + 1
  if (count > heights.length) checkHoles(heights, usualStep(heights), count - heights.length, count)
  return stored(heights, places.slices, places.step)
}

/** Whether the heights lie on an even spacing, if need be with some left out. */
export function liesEvenly(heights: readonly number[]): boolean {
  const places = wholeSteps(heights)
  return places !== undefined && heights.length / (places.slices.at(-1)! + 1) >= 1 - LARGEST_FILLED_SHARE
}

/** The lower median of the distances, mm. */
function usualStep(heights: readonly number[]): number {
  const gaps = gapsOf(heights).sort((a, b) => a - b)
  return gaps[(gaps.length - 1) >> 1]!
}

function gapsOf(heights: readonly number[]): number[] {
  return heights.slice(1).map((h, k) => h - heights[k]!)
}

/** How far from its place the worst image lies, mm. */
function unevenness(heights: readonly number[], slices: readonly number[], step: number): number {
  return heights.reduce((worst, h, i) => Math.max(worst, Math.abs(h - heights[0]! - slices[i]! * step)), 0)
}

/** For each image its slice, if all of them lie on one even spacing. */
function wholeSteps(heights: readonly number[]): { slices: number[]; step: number } | undefined {
  const span = heights.at(-1)! - heights[0]!
  const onGrid = (slices: number[]) => {
    const step = span / slices.at(-1)!
    return unevenness(heights, slices, step) <= LARGEST_SPACING_DEVIATION * step
      ? { slices, step }
      : undefined
  }
  const complete = onGrid(heights.map((_, i) => i))
  if (complete) return complete
  const usual = usualStep(heights)
  const slices = [0]
  for (const gap of gapsOf(heights)) slices.push(slices.at(-1)! + Math.max(1, Math.round(gap / usual)))
  return slices.at(-1)! > heights.length - 1 ? onGrid(slices) : undefined
}

/** Every image on a slice of its own; the slices between are filled. */
function stored(heights: readonly number[], slices: readonly number[], step: number): EvenSpacing {
  const count = slices.at(-1)! + 1
  const imageOf = new Array<number | null>(count).fill(null)
  slices.forEach((k, i) => {
    imageOf[k] = i
  })
  const filled: number[] = []
  const blends: SliceBlend[] = []
  let below = 0
  imageOf.forEach((image, k) => {
    if (image !== null) {
      below = image
      blends.push({ below, above: below, weight: 0 })
      return
    }
    filled.push(k)
    const [from, to] = [slices[below]!, slices[below + 1]!]
    blends.push({ below, above: below + 1, weight: (k - from) / (to - from) })
  })
  const warnings: Warning[] = filled.length > 0 ? [missing(filled, heights[0]!, step, count)] : []
  const uneven = unevenness(heights, slices, step)
  if (uneven > SPACING_TOLERANCE * step) {
    warnings.push({
      code: 'input/uneven-spacing',
      message: `The distance between slices varies a little: slices lie up to ${mm(uneven)} from where an even distance of ${mm(step)} puts them.`,
    })
  }
  return { step, blends, imageOf, filled, warnings }
}

/** Slices at the usual distance, each interpolated between the images below and above it. */
function resampled(heights: readonly number[], kept: boolean): EvenSpacing {
  const step = usualStep(heights)
  const gaps = gapsOf(heights)
  const bottom = heights[0]!
  const count = Math.round((heights.at(-1)! - bottom) / step) + 1
  const holes = gaps.filter((gap) => gap > HOLE_STEPS * step)
  const lost = holes.reduce((sum, gap) => sum + gap / step - 1, 0)
  checkHoles(heights, HOLE_STEPS * step, lost, count)

  const blends: SliceBlend[] = []
  const imageOf: (number | null)[] = []
  const filled: number[] = []
  let below = 0
  for (let k = 0; k < count; k++) {
    const height = bottom + k * step
    while (below < heights.length - 2 && heights[below + 1]! <= height) below++
    const gap = gaps[below]!
    const up = height - heights[below]!
    const nearest = up <= gap / 2 ? below : below + 1
    const distance = Math.abs(height - heights[nearest]!)
    const exact = distance <= SPACING_TOLERANCE * step
    imageOf.push(exact ? nearest : null)
    // The last slice may lie up to half a step above the last image: it shows that image.
    blends.push(
      exact || up >= gap
        ? { below: nearest, above: nearest, weight: 0 }
        : { below, above: below + 1, weight: up / gap },
    )
    if (gap > HOLE_STEPS * step && distance > step / 2) filled.push(k)
  }
  const range = `${mm(gaps.reduce((a, b) => Math.min(a, b)))} to ${mm(largest(gaps))}`
  const same = imageOf.filter((image) => image !== null).length
  const warnings: Warning[] = [
    {
      code: 'input/resampled-spacing',
      message: `The distance between slices varies from ${range}: the ${heights.length} images were resampled to ${count} slices ${mm(step)} apart${kept ? `, of which ${same} ${same === 1 ? 'lies' : 'lie'} where an image does` : ''}.`,
    },
  ]
  if (filled.length > 0) warnings.push(missing(filled, bottom, step, count))
  return { step, blends, imageOf, filled, warnings }
}

/** @throws WorkstationError if more is missing than interpolation can stand in for */
function checkHoles(heights: readonly number[], tolerated: number, lost: number, count: number): void {
  const gaps = gapsOf(heights)
  const longest = largest(gaps)
  // Twentieths of a slice are the tolerance of a place, and a gap has two ends.
  const isHole = longest > tolerated * (1 + 2 * LARGEST_SPACING_DEVIATION)
  if (isHole && longest > LARGEST_FILLED_GAP_MM) {
    const at = heights[gaps.indexOf(longest)]!
    throw new WorkstationError(
      'input/irregular-spacing',
      `This series cannot be screened: between ${mm(at)} and ${mm(at + longest)} along the slice normal no image shows the patient; a gap of at most ${LARGEST_FILLED_GAP_MM} mm can be bridged.`,
    )
  }
  if (lost > LARGEST_FILLED_SHARE * count) {
    throw new WorkstationError(
      'input/irregular-spacing',
      `This series cannot be screened: ${Math.round(lost)} of ${count} slices are missing, more than a quarter.`,
    )
  }
}

function missing(filled: readonly number[], bottom: number, step: number, count: number): Warning {
  const runs: [number, number][] = []
  for (const k of filled) {
    const run = runs.at(-1)
    if (run && run[1] === k - 1) run[1] = k
    else runs.push([k, k])
  }
  const height = (k: number) => (bottom + k * step).toFixed(1).replace('-', '−')
  const shown = runs
    .slice(0, 10)
    .map(([from, to]) =>
      from === to
        ? `slice ${from + 1} (at ${height(from)} mm)`
        : `slices ${from + 1} to ${to + 1} (${height(from)} to ${height(to)} mm)`,
    )
  const more = runs.length > shown.length ? ` and ${runs.length - shown.length} more places` : ''
  return {
    code: 'input/missing-slices',
    message: `${filled.length === 1 ? '1 slice is' : `${filled.length} slices are`} missing of ${count}, counted along the slice normal: ${shown.join(', ')}${more}. They were interpolated from their neighbours and are not scored.`,
  }
}

function largest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b))
}

export function mm(value: number): string {
  return `${Number(value.toFixed(2))} mm`.replace('-', '−')
}
