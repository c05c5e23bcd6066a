import { randomUUID } from 'node:crypto'
import type { EventName } from '../../../preload/contract.ts'
import type { Workstation } from '../../workstation/types.ts'

export interface LoggedEvent {
  id: string
  name: EventName
  /** JSON. */
  data: string
}

const KEPT = 1000

/** Numbers the workstation's events and keeps the latest, so that a window that lost its connection misses none. */
export class EventLog {
  /** Ids of an earlier start of the host mean nothing to this one. */
  readonly #boot = randomUUID().slice(0, 8)
  readonly #listeners = new Set<(event: LoggedEvent) => void>()
  readonly #end: () => void
  #kept: LoggedEvent[] = []
  #count = 0
  #heard = false

  constructor(workstation: Workstation) {
    this.#end = workstation.onAny((name, payload) => {
      this.#count++
      const event = { id: this.latestId, name, data: JSON.stringify(payload) }
      this.#kept.push(event)
      if (this.#kept.length > 2 * KEPT) this.#kept = this.#kept.slice(-KEPT)
      for (const listener of this.#listeners) listener(event)
    })
  }

  get latestId(): string {
    return `${this.#boot}-${this.#count}`
  }

  /**
   * What came after an event, as far as it is kept; nothing for an id of another start. The first window, which has no
   * id yet, gets everything: the host may have been started with something to open.
   */
  after(id: string): LoggedEvent[] {
    if (id === '' && !this.#heard) return this.#kept
    const [boot, number] = id.split('-')
    if (boot !== this.#boot || !/^\d+$/.test(number ?? '')) return []
    const missed = this.#count - Number(number)
    return missed > 0 ? this.#kept.slice(-missed) : []
  }

  subscribe(listener: (event: LoggedEvent) => void): () => void {
    this.#heard = true
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    this.#end()
    this.#listeners.clear()
  }
}
