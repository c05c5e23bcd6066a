import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { z } from 'zod'
import {
  ErrorRecord,
  FindingLabel,
  ReviewRecord,
  type RunEntry,
  type RunStatus,
  type SeriesEntry,
  WarningRecord,
} from '../../preload/records.ts'
import { WorkstationError } from '../errors.ts'
import { openDatabase } from './database.ts'
import { DEFAULT_LABELS } from './defaultLabels.ts'
import {
  json,
  type Row,
  seriesColumns,
  toLabels,
  toReview,
  toRunEntry,
  toSeriesEntry,
  toStoredSeries,
} from './rows.ts'
import { SQL } from './sql.ts'
import { asLibraryError } from './sqliteError.ts'
import type { Library, NewRun, NewSeries, RunChange, StoredSeries } from './types.ts'

const INTERRUPTED: ErrorRecord = {
  code: 'engine/interrupted',
  message:
    'The screening did not finish: the program ended while it ran. Start it again to screen this series.',
}

const ENDED: readonly RunStatus[] = ['done', 'failed', 'cancelled', 'interrupted']

/**
 * Opens the library in a folder, which is made where missing. Runs that the last process left running are interrupted.
 * Its calls throw WorkstationErrors: 'input/not-in-library' for an id that is not there, 'usage/run-done',
 * 'usage/run-not-done', 'output/library-entry' for a row that is no record, and what a disk may do.
 *
 * @throws WorkstationError as `openDatabase`; after 'output/library-damaged' a second call makes a new library
 */
export function openLibrary(folder: string): Library {
  const library = new SqliteLibrary(folder, openDatabase(folder))
  library.interruptRuns()
  return library
}

type Parameters = Record<string, SQLInputValue>

class SqliteLibrary implements Library {
  readonly #folder: string
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(folder: string, db: DatabaseSync) {
    this.#folder = folder
    this.#db = db
  }

  runFolder(runId: string): string {
    if (!/^[\w-]+$/.test(runId)) throw new RangeError(`Not the id of a run: ${runId}`)
    return join(this.#folder, 'runs', runId)
  }

  listSeries(): SeriesEntry[] {
    return this.#all(SQL.listSeries).map(toSeriesEntry)
  }

  getSeries(id: string): StoredSeries | undefined {
    const row = this.#get(SQL.getSeries, { id })
    return row && toStoredSeries(row)
  }

  addSeries(series: NewSeries): SeriesEntry {
    const { sourceKey, ...columns } = seriesColumns(series)
    return this.#transaction(() => {
      const known = this.#get(SQL.seriesOfSource, { sourceKey })
      const id = known ? String(known.id) : randomUUID()
      if (known) this.#change(SQL.updateSeries, { id, ...columns })
      else this.#change(SQL.insertSeries, { id, sourceKey, ...columns, now: now() })
      return this.#entry(id)
    })
  }

  markOpened(id: string): SeriesEntry {
    this.#change(SQL.markOpened, { id, now: now() })
    return this.#entry(id)
  }

  setThumbnail(id: string, png: Uint8Array): SeriesEntry {
    this.#change(SQL.setThumbnail, { id, png })
    return this.#entry(id)
  }

  getThumbnail(id: string): Uint8Array | undefined {
    const png = this.#get(SQL.getThumbnail, { id })?.thumbnail
    return png instanceof Uint8Array ? png : undefined
  }

  removeSeries(id: string): string[] {
    return this.#transaction(() => {
      const runs = this.listRuns(id).map((run) => run.id)
      if (this.#change(SQL.removeSeries, { id }) === 0) throw notInLibrary('series', id)
      return runs
    })
  }

  addRun({ seriesId, model, packageHash, deviceRequested }: NewRun): RunEntry {
    this.#entry(seriesId)
    const id = randomUUID()
    const { name, version, title } = model
    this.#change(SQL.insertRun, {
      id,
      seriesId,
      model: JSON.stringify({ name, version, title }),
      packageHash,
      deviceRequested,
      now: now(),
    })
    return toRunEntry(this.#run(id))
  }

  changeRun(id: string, change: RunChange): RunEntry {
    return this.#transaction(() => {
      const before = toRunEntry(this.#run(id))
      if (before.status === 'done')
        throw new WorkstationError('usage/run-done', 'A finished screening run never changes.', id)
      const { status } = change
      const queued = status === 'queued'
      const error = 'error' in change ? change.error : queued ? undefined : before.error
      const record =
        'record' in change ? change.record : json(this.#get(SQL.runRecord, { id })?.record ?? null)
      this.#change(SQL.updateRun, {
        id,
        status,
        device: queued ? null : (change.device ?? before.device),
        error: error ? JSON.stringify(ErrorRecord.parse(error)) : null,
        warnings: JSON.stringify(
          z.array(WarningRecord).parse(change.warnings ?? (queued ? [] : before.warnings)),
        ),
        record: record === null || record === undefined ? null : JSON.stringify(record),
        startedAt: queued ? null : (before.startedAt ?? (status === 'running' ? now() : null)),
        finishedAt: ENDED.includes(status) ? now() : null,
      })
      return toRunEntry(this.#run(id))
    })
  }

  getRun(id: string): (RunEntry & { packageHash: string; record: unknown }) | undefined {
    const row = this.#get(SQL.getRun, { id })
    if (!row) return undefined
    const record = this.#get(SQL.runRecord, { id })?.record ?? null
    return {
      ...toRunEntry(row),
      packageHash: String(row.package_hash),
      record: record === null ? null : json(record),
    }
  }

  listRuns(seriesId?: string): RunEntry[] {
    const rows =
      seriesId === undefined ? this.#all(SQL.listRuns) : this.#all(SQL.listRunsOfSeries, { seriesId })
    return rows.map(toRunEntry)
  }

  getReviews(runId: string): ReviewRecord[] {
    return this.#all(SQL.getReviews, { runId }).map(toReview)
  }

  putReview(runId: string, record: ReviewRecord): ReviewRecord {
    this.#mustBeDone(runId)
    const stored = ReviewRecord.parse({ ...record, updatedAt: now() })
    this.#change(SQL.putReview, { runId, key: stored.key, record: JSON.stringify(stored) })
    return stored
  }

  removeReview(runId: string, key: string): void {
    this.#change(SQL.removeReview, { runId, key })
  }

  isReviewFinished(runId: string): boolean {
    return this.#get(SQL.isReviewFinished, { runId }) !== undefined
  }

  finishReview(runId: string, finished: boolean): SeriesEntry {
    const run = this.#mustBeDone(runId)
    if (finished) this.#change(SQL.finishReview, { runId, now: now() })
    else this.#change(SQL.reopenReview, { runId })
    return this.#entry(run.seriesId)
  }

  labels(): FindingLabel[] {
    const row = this.#get(SQL.labels)
    return row ? toLabels(row) : structuredClone([...DEFAULT_LABELS])
  }

  setLabels(labels: FindingLabel[]): FindingLabel[] {
    const stored = z.array(FindingLabel).parse(labels)
    this.#change(SQL.setLabels, { labels: JSON.stringify(stored) })
    return stored
  }

  settings(): Record<string, unknown> {
    return Object.fromEntries(this.#all(SQL.settings).map(({ key, value }) => [String(key), json(value)]))
  }

  setSetting(key: string, value: unknown): void {
    this.#change(SQL.setSetting, { key, value: JSON.stringify(value ?? null) })
  }

  close(): void {
    this.#statements.clear()
    if (this.#db.isOpen) this.#db.close()
  }

  /** Runs that were going on when the last process ended cannot go on. */
  interruptRuns(): void {
    this.#change(SQL.interruptRuns, { error: JSON.stringify(INTERRUPTED), now: now() })
  }

  #entry(id: string): SeriesEntry {
    const row = this.#get(SQL.getSeries, { id })
    if (!row) throw notInLibrary('series', id)
    return toSeriesEntry(row)
  }

  #run(id: string): Row {
    const row = this.#get(SQL.getRun, { id })
    if (!row) throw notInLibrary('run', id)
    return row
  }

  #mustBeDone(runId: string): RunEntry {
    const run = toRunEntry(this.#run(runId))
    if (run.status !== 'done')
      throw new WorkstationError(
        'usage/run-not-done',
        'Only a finished screening run can be reviewed.',
        runId,
      )
    return run
  }

  #get(sql: string, parameters: Parameters = {}): Row | undefined {
    return this.#guarded(() => this.#prepared(sql).get(parameters))
  }

  #all(sql: string, parameters: Parameters = {}): Row[] {
    return this.#guarded(() => this.#prepared(sql).all(parameters))
  }

  #change(sql: string, parameters: Parameters): number {
    return this.#guarded(() => Number(this.#prepared(sql).run(parameters).changes))
  }

  #transaction<T>(work: () => T): T {
    this.#guarded(() => this.#db.exec('BEGIN IMMEDIATE'))
    try {
      const result = work()
      this.#guarded(() => this.#db.exec('COMMIT'))
      return result
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  #guarded<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw asLibraryError(error, this.#folder)
    }
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#db.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

function notInLibrary(what: 'series' | 'run', id: string): WorkstationError {
  return new WorkstationError(
    'input/not-in-library',
    what === 'series'
      ? 'This series is no longer in the library.'
      : 'This screening run is no longer in the library.',
    id,
  )
}

function now(): string {
  return new Date().toISOString()
}
