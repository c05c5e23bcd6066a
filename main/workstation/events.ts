import type { EventName, EventPayload } from '../../preload/contract.ts'

type Listener<N extends EventName> = (payload: EventPayload<N>) => void
type AnyListener = (name: EventName, payload: unknown) => void

/** Who listens to what the application says. A listener that fails keeps neither the others nor the teller. */
export class Events {
  readonly #listeners = new Set<AnyListener>()

  on<N extends EventName>(name: N, listener: Listener<N>): () => void {
    return this.onAny((said, payload) => {
      if (said === name) listener(payload as EventPayload<N>)
    })
  }

  /** Returns a function that ends the subscription. */
  onAny(listener: AnyListener): () => void {
    // A function of its own: one listener may subscribe twice.
    const own: AnyListener = (name, payload) => listener(name, payload)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  emit<N extends EventName>(name: N, payload: EventPayload<N>): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(name, payload)
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error))
      }
    }
  }
}
