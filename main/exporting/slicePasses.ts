import { setImmediate } from 'node:timers/promises'

/** The process that exports also answers the window: it is never kept longer than this. */
const BREATH_MS = 12

/** Passes over the slices of a volume that leave room for other work, and end with an AbortError at the signal. */
export class SlicePasses {
  readonly #signal: AbortSignal | undefined
  readonly #onSlice: (() => void) | undefined

  /** @param onSlice told after every slice of every pass */
  constructor(signal?: AbortSignal, onSlice?: () => void) {
    this.#signal = signal
    this.#onSlice = onSlice
  }

  async run(count: number, each: (k: number) => void): Promise<void> {
    let last = performance.now()
    for (let k = 0; k < count; k++) {
      this.#signal?.throwIfAborted()
      each(k)
      this.#onSlice?.()
      if (performance.now() - last < BREATH_MS) continue
      await setImmediate()
      last = performance.now()
    }
    this.#signal?.throwIfAborted()
  }
}
