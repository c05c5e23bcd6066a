import type { JobProgress } from '../../preload/contract.ts'
import { WorkstationError } from '../errors.ts'
import type { Events } from './events.ts'
import { abortable, cancelled } from './failures.ts'

/** What a job may use while it works. */
export interface Job {
  /** Aborted when the job is cancelled. What changes anything must look at it first. */
  signal: AbortSignal
  progress(stage: string, done: number, total: number): void
}

/** At most so often is the progress of one job told. */
const PROGRESS_EVERY_MS = 100

/** Calls that take their time, by the name the window gave them: to tell how far they are, and to end them. */
export class Jobs {
  readonly #events: Events
  /** By name, until they end or are cancelled: a name is free again when who waited for it was told. */
  readonly #running = new Map<string, AbortController>()
  /** Of all that still do something. */
  readonly #ended = new Set<Promise<void>>()

  constructor(events: Events) {
    this.#events = events
  }

  /**
   * Has the work done. After a cancel this rejects at once, whatever the work still does.
   * @throws WorkstationError `usage/job` where a job of that name runs; `cancelled`; what the work throws
   */
  run<T>(id: string, work: (job: Job) => Promise<T>): Promise<T> {
    if (this.#running.has(id))
      return Promise.reject(new WorkstationError('usage/job', 'This is already going on.'))
    const controller = new AbortController()
    const { signal } = controller
    this.#running.set(id, controller)
    const result = work({ signal, progress: this.#progressOf(id, signal) })
    const over = () => {
      if (this.#running.get(id) === controller) this.#running.delete(id)
      this.#ended.delete(ended)
    }
    const ended: Promise<void> = result.then(over, over)
    this.#ended.add(ended)
    return abortable(result, signal)
  }

  /** Does nothing where there is no such job: it may have ended a moment ago. */
  cancel(id: string): void {
    this.#running.get(id)?.abort(cancelled())
    this.#running.delete(id)
  }

  /** Cancels all, and waits until none does anything any more. */
  async close(): Promise<void> {
    for (const id of [...this.#running.keys()]) this.cancel(id)
    await Promise.all(this.#ended)
  }

  #progressOf(id: string, signal: AbortSignal): Job['progress'] {
    let last = 0
    let lastStage = ''
    return (stage, done, total) => {
      const now = performance.now()
      const due = stage !== lastStage || (total > 0 && done >= total) || now - last >= PROGRESS_EVERY_MS
      if (signal.aborted || !due) return
      last = now
      lastStage = stage
      this.#events.emit('job.progress', { job: id, stage, done, total } satisfies JobProgress)
    }
  }
}
