/**
 * Of a frame while something moves, what drawing images may take: the whole of it, with layers, lists and layout, stays
 * below the 50 ms from which work on the UI thread counts as long (W3C Long Tasks API).
 */
export const IMAGES_MS = 28
/** Of a frame, whatever is drawn. */
const FIXED_MS = 16
const COARSEST = 6
const SETTLE_MS = { least: 180, most: 700 }
const MEGAPIXEL = 1e6

/**
 * How many CSS pixels to draw as one, across and down: one wherever the GPU keeps up. Where the processor draws, what
 * moves is drawn coarser, and sharp once it stands still.
 */
export class Pace {
  readonly #power: number
  readonly #first: number
  readonly #stillMs: number
  /** Of a million CSS pixels, one by one. */
  #fineMs: number | null = null

  /**
   * @param power of the time in the coarseness: 2 for pixels, 3 where samples along the ray become fewer as well
   * @param first coarseness of the first frame, before anything is known
   * @param stillMs longest frame for what stands still; what readers measure on is drawn in full whatever it takes
   */
  constructor(power: number, first = 1, stillMs = Number.POSITIVE_INFINITY) {
    this.#power = power
    this.#first = first
    this.#stillMs = stillMs
  }

  /** For so many CSS pixels, of all panes that are to be drawn. */
  coarse(moving: boolean, pixels: number): number {
    if (this.#fineMs === null) return this.#first
    const limit = moving ? IMAGES_MS : this.#stillMs
    let coarse = 1
    while (coarse < COARSEST && this.ms(pixels, coarse) > limit) coarse++
    return coarse
  }

  /** How long drawing so many CSS pixels will take; more than any frame has before one was drawn. */
  ms(pixels: number, coarse: number): number {
    if (this.#fineMs === null) return Number.POSITIVE_INFINITY
    return ((this.#fineMs / coarse ** this.#power) * pixels) / MEGAPIXEL
  }

  /** How long nothing may have moved before the sharp picture of so many CSS pixels is drawn: longer where that holds the hand up. */
  settleMs(pixels: number): number {
    const ms = this.#fineMs === null ? 0 : this.ms(pixels, 1)
    return Math.min(Math.max(SETTLE_MS.least, ms), SETTLE_MS.most)
  }

  /** A frame with so many CSS pixels at this coarseness took so long. */
  took(ms: number, pixels: number, coarse: number): void {
    const fine = (Math.max(1, ms - FIXED_MS) * coarse ** this.#power * MEGAPIXEL) / Math.max(1, pixels)
    // A single slow frame is often another's doing; a quick one is never chance.
    this.#fineMs = this.#fineMs === null ? fine : Math.min(fine, (this.#fineMs + fine) / 2)
  }
}
