import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import {
  ErrorRecord,
  FindingLabel,
  MeasurementRecord,
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
  toMeasurement,
  toReview,
  toRunEntry,
  toSeriesEntry,
  toStoredSeries,
} from './rows.ts'
import { SQL } from './sql.ts'
import { Statements } from './statements.ts'
import type { Library, NewRun, NewSeries, RunChange, StoredSeries } from './types.ts'

const INTERRUPTED: ErrorRecord = {
  code: 'engine/interrupted',
  message: 'The screening did not finish: the program ended while it ran. Start it again to go on with it.',
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

class SqliteLibrary implements Library {
  readonly #folder: string
  readonly #db: Statements

  constructor(folder: string, db: DatabaseSync) {
    this.#folder = folder
    this.#db = new Statements(db, folder)
  }

  runFolder(runId: string): string {
    if (!/^[\w-]+$/.test(runId)) throw new RangeError(`Not the id of a run: ${runId}`)
    return join(this.#folder, 'runs', runId)
  }

  listSeries(): SeriesEntry[] {
    return this.#db.all(SQL.listSeries).map(toSeriesEntry)
  }

  getSeries(id: string): StoredSeries | undefined {
    const row = this.#db.get(SQL.getSeries, { id })
    return row && toStoredSeries(row)
  }

  addSeries(series: NewSeries): SeriesEntry {
    const { sourceKey, ...columns } = seriesColumns(series)
    return this.#db.transaction(() => {
      const known = this.#db.get(SQL.seriesOfSource, { sourceKey })
      const id = known ? String(known.id) : randomUUID()
      if (known) this.#db.change(SQL.updateSeries, { id, ...columns })
      else this.#db.change(SQL.insertSeries, { id, sourceKey, ...columns, now: now() })
      return this.#entry(id)
    })
  }

  markOpened(id: string): SeriesEntry {
    this.#db.change(SQL.markOpened, { id, now: now() })
    return this.#entry(id)
  }

  setThumbnail(id: string, png: Uint8Array): SeriesEntry {
    this.#db.change(SQL.setThumbnail, { id, png })
    return this.#entry(id)
  }

  getThumbnail(id: string): Uint8Array | undefined {
    const png = this.#db.get(SQL.getThumbnail, { id })?.thumbnail
    return png instanceof Uint8Array ? png : undefined
  }

  removeSeries(id: string): string[] {
    return this.#db.transaction(() => {
      const runs = this.listRuns(id).map((run) => run.id)
      if (this.#db.change(SQL.removeSeries, { id }) === 0) throw notInLibrary('series', id)
      return runs
    })
  }

  addRun({ seriesId, model, packageHash, deviceRequested }: NewRun): RunEntry {
    this.#entry(seriesId)
    const id = randomUUID()
    const { name, version, title } = model
    this.#db.change(SQL.insertRun, {
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
    return this.#db.transaction(() => {
      const before = toRunEntry(this.#run(id))
      if (before.status === 'done')
        throw new WorkstationError('usage/run-done', 'A finished screening run never changes.', id)
      const { status } = change
      const queued = status === 'queued'
      const error = 'error' in change ? change.error : queued ? undefined : before.error
      const record =
        'record' in change ? change.record : json(this.#db.get(SQL.runRecord, { id })?.record ?? null)
      this.#db.change(SQL.updateRun, {
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
    const row = this.#db.get(SQL.getRun, { id })
    if (!row) return undefined
    const record = this.#db.get(SQL.runRecord, { id })?.record ?? null
    return {
      ...toRunEntry(row),
      packageHash: String(row.package_hash),
      record: record === null ? null : json(record),
    }
  }

  listRuns(seriesId?: string): RunEntry[] {
    const rows =
      seriesId === undefined ? this.#db.all(SQL.listRuns) : this.#db.all(SQL.listRunsOfSeries, { seriesId })
    return rows.map(toRunEntry)
  }

  getReviews(runId: string): ReviewRecord[] {
    return this.#db.all(SQL.getReviews, { runId }).map(toReview)
  }

  putReview(runId: string, record: ReviewRecord): ReviewRecord {
    this.#mustBeDone(runId)
    const stored = ReviewRecord.parse({ ...record, updatedAt: now() })
    this.#db.change(SQL.putReview, { runId, key: stored.key, record: JSON.stringify(stored) })
    return stored
  }

  removeReview(runId: string, key: string): void {
    this.#db.change(SQL.removeReview, { runId, key })
  }

  isReviewFinished(runId: string): boolean {
    return this.#db.get(SQL.isReviewFinished, { runId }) !== undefined
  }

  finishReview(runId: string, finished: boolean): SeriesEntry {
    const run = this.#mustBeDone(runId)
    if (finished) this.#db.change(SQL.finishReview, { runId, now: now() })
    else this.#db.change(SQL.reopenReview, { runId })
    return this.#entry(run.seriesId)
  }

  getMeasurements(seriesId: string): MeasurementRecord[] {
    return this.#db.all(SQL.getMeasurements, { seriesId }).map(toMeasurement)
  }

  putMeasurement(seriesId: string, measurement: MeasurementRecord): void {
    const record = JSON.stringify(MeasurementRecord.parse(measurement))
    this.#db.change(SQL.putMeasurement, { seriesId, id: measurement.id, record })
  }

  removeMeasurement(seriesId: string, id: string): void {
    this.#db.change(SQL.removeMeasurement, { seriesId, id })
  }

  labels(): FindingLabel[] {
    const row = this.#db.get(SQL.labels)
    return row ? toLabels(row) : structuredClone([...DEFAULT_LABELS])
  }

  setLabels(labels: FindingLabel[]): FindingLabel[] {
    const stored = z.array(FindingLabel).parse(labels)
    this.#db.change(SQL.setLabels, { labels: JSON.stringify(stored) })
    return stored
  }

  settings(): Record<string, unknown> {
    return Object.fromEntries(this.#db.all(SQL.settings).map(({ key, value }) => [String(key), json(value)]))
  }

  setSetting(key: string, value: unknown): void {
    this.#db.change(SQL.setSetting, { key, value: JSON.stringify(value ?? null) })
  }

  close(): void {
    this.#db.close()
  }

  /** Runs that were going on when the last process ended cannot go on. */
  interruptRuns(): void {
    this.#db.change(SQL.interruptRuns, { error: JSON.stringify(INTERRUPTED), now: now() })
  }

  #entry(id: string): SeriesEntry {
    const row = this.#db.get(SQL.getSeries, { id })
    if (!row) throw notInLibrary('series', id)
    return toSeriesEntry(row)
  }

  #run(id: string): Row {
    const row = this.#db.get(SQL.getRun, { id })
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
