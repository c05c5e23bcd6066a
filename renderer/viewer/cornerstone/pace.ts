/** Longest frame that still feels like the hand's own movement. */
const MOVING_MS = 60
/** Of a frame, whatever is drawn. */
const FIXED_MS = 16
const COARSEST = 6
const SETTLE_MS = { least: 180, most: 700 }

/**
 * How many CSS pixels to draw as one, across and down: one wherever the GPU keeps up. Where the processor draws, what
 * moves is drawn coarser, and sharp once it stands still.
 */
export class Pace {
  readonly #power: number
  readonly #first: number
  readonly #stillMs: number
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

  coarse(moving: boolean): number {
    if (this.#fineMs === null) return this.#first
    const limit = moving ? MOVING_MS : this.#stillMs
    let coarse = 1
    while (coarse < COARSEST && this.#fineMs / coarse ** this.#power > limit) coarse++
    return coarse
  }

  /** How long nothing may have moved before the sharp picture is drawn: longer where drawing it holds the hand up. */
  get settleMs(): number {
    return Math.min(Math.max(SETTLE_MS.least, this.#fineMs ?? 0), SETTLE_MS.most)
  }

  /** A frame at this coarseness took so long. */
  took(ms: number, coarse: number): void {
    const fine = Math.max(1, ms - FIXED_MS) * coarse ** this.#power
    // A single slow frame is often another's doing; a quick one is never chance.
    this.#fineMs = this.#fineMs === null ? fine : Math.min(fine, (this.#fineMs + fine) / 2)
  }
}
