import type { CallInput } from '../../preload/contract.ts'
import type { OpenedRun, ReviewRecord, RunEntry, SeriesEntry } from '../../preload/records.ts'
import { WorkstationError } from '../errors.ts'
import type { Grid } from '../imaging/volume.ts'
import type { Library } from '../library/types.ts'
import { dataUrl } from './data.ts'
import type { Events } from './events.ts'
import { noSuchRun } from './failures.ts'
import { checkReview } from './reviews.ts'
import { type RunFacts, readRunFolder } from './runFolder.ts'

/** Runs kept in mind: a reader works on one, and every word of a review needs its grid. */
const KEPT = 4

/** Runs that are done, as the window opens and reviews them. */
export class OpenedRuns {
  readonly #library: Library
  readonly #events: Events
  /** Calls that change a review, one after the other: some must read the grid first, and none may overtake. */
  #turn: Promise<unknown> = Promise.resolve()
  /** A run never changes once it is done. */
  readonly #grids = new Map<string, Grid>()

  constructor(library: Library, events: Events) {
    this.#library = library
    this.#events = events
  }

  /** @throws WorkstationError `input/no-such-run`, `usage/run-not-done`, `input/run-gone` */
  async open(runId: string): Promise<OpenedRun> {
    const { run, facts } = await this.read(runId)
    return {
      run,
      grid: facts.scan.grid,
      calibration: facts.calibration,
      stepsUrl: dataUrl.run(runId, 'steps'),
      treeUrl: dataUrl.run(runId, 'tree'),
      profileUrl: dataUrl.run(runId, 'profile'),
      reviewFinished: this.#library.isReviewFinished(runId),
    }
  }

  /** The run with what lies in its folder. @throws as `open` */
  async read(
    runId: string,
  ): Promise<{ run: RunEntry; packageHash: string; folder: string; facts: RunFacts }> {
    const { packageHash, record: _record, ...run } = this.#done(runId)
    const folder = this.#library.runFolder(runId)
    return { run, packageHash, folder, facts: await readRunFolder(folder) }
  }

  /**
   * Committed when it returns, and all windows were told.
   * @throws as `open`; `usage/finding-key`, `usage/outline`
   */
  putReview({ runId, record, window }: CallInput<'reviews.put'>): Promise<ReviewRecord> {
    return this.inTurn(async () => {
      checkReview(record, await this.#grid(runId))
      const stored = this.#library.putReview(runId, record)
      this.#events.emit('review.changed', { runId, key: record.key, window: window ?? null })
      return stored
    })
  }

  /** As `putReview`. */
  removeReview({ runId, key, window }: CallInput<'reviews.remove'>): Promise<void> {
    return this.inTurn(() => {
      this.#library.removeReview(runId, key)
      this.#events.emit('review.changed', { runId, key, window: window ?? null })
    })
  }

  /** As `putReview`, and the list of series has its new state. */
  finishReview({ runId, finished, window }: CallInput<'reviews.finish'>): Promise<SeriesEntry> {
    return this.inTurn(() => {
      const entry = this.#library.finishReview(runId, finished)
      this.#events.emit('series.changed', entry)
      this.#events.emit('review.finished', { runId, finished, window: window ?? null })
      return entry
    })
  }

  /** Does something with a review when everything that was asked for before it is committed. */
  inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #grid(runId: string): Promise<Grid> {
    this.#done(runId)
    let grid = this.#grids.get(runId)
    if (!grid) {
      grid = (await this.read(runId)).facts.scan.grid
      this.#grids.set(runId, grid)
      if (this.#grids.size > KEPT) this.#grids.delete(this.#grids.keys().next().value!)
    }
    return grid
  }

  #done(runId: string) {
    const run = this.#library.getRun(runId)
    if (!run) throw noSuchRun()
    if (run.status === 'done') return run
    throw new WorkstationError('usage/run-not-done', 'This screening has no results that could be opened.')
  }
}
