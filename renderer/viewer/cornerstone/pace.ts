/** Longest frame that still feels like the hand's own movement, and longest wait for the sharp picture after it. */
const MOVING_MS = 60
const STILL_MS = 500
const COARSEST = 6

/**
 * How many CSS pixels to draw as one, across and down: one wherever the GPU keeps up. Where the processor draws, what
 * moves is drawn coarser, and sharp once it stands still.
 */
export class Pace {
  readonly #power: number
  readonly #first: number
  #fineMs: number | null = null

  /**
   * @param power of the time in the coarseness: 2 for pixels, 3 where samples along the ray become fewer as well
   * @param first coarseness of the first frame, before anything is known
   */
  constructor(power: number, first: number) {
    this.#power = power
    this.#first = first
  }

  coarse(moving: boolean): number {
    if (this.#fineMs === null) return this.#first
    const limit = moving ? MOVING_MS : STILL_MS
    let coarse = 1
    while (coarse < COARSEST && this.#fineMs / coarse ** this.#power > limit) coarse++
    return coarse
  }

  /** A frame at this coarseness took so long. */
  took(ms: number, coarse: number): void {
    const fine = ms * coarse ** this.#power
    // A single slow frame is often another's doing; a quick one is never chance.
    this.#fineMs = this.#fineMs === null ? fine : Math.min(fine, (this.#fineMs + fine) / 2)
  }
}
