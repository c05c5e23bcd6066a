import type {
  ErrorRecord,
  FindingLabel,
  MeasurementRecord,
  ReviewRecord,
  RunEntry,
  RunStatus,
  SeriesEntry,
  WarningRecord,
} from '../../preload/records.ts'

/** Where a series is read from: what `ReaderClient.open` takes. */
export interface SeriesSource {
  /** Absolute paths: a folder, a file, or several. */
  inputs: string[]
  /** The volume's id in there (SeriesReport.id); '' where there is only one and it has none. */
  seriesId: string
}

/** What is known of a series when it is added; the library gives it an id and keeps its state. */
export type NewSeries = Omit<
  SeriesEntry,
  'id' | 'addedAt' | 'openedAt' | 'state' | 'latestRunId' | 'thumbnailUrl' | 'path'
> & { source: SeriesSource }

export type StoredSeries = SeriesEntry & { source: SeriesSource }

export interface NewRun {
  seriesId: string
  model: RunEntry['model']
  /** SHA-256 of the package. */
  packageHash: string
  deviceRequested: string
}

/** What changes while a run goes on. A run that is done never changes again. */
export interface RunChange {
  status: RunStatus
  device?: string
  error?: ErrorRecord
  warnings?: WarningRecord[]
  /** run.json of a run that is done: parameters, times, memory, hashes; as the exporter wrote it. */
  record?: unknown
}

/**
 * Studies, runs and reviews on disk. Calls are synchronous and every change is committed, and safe against a power cut,
 * when the call returns. Progress of a running run is not stored: `RunEntry.progress` is always null here.
 */
export interface Library {
  /** The folder of a run's results (steps, tree, score …); not made here. */
  runFolder(runId: string): string

  listSeries(): SeriesEntry[]
  getSeries(id: string): StoredSeries | undefined
  /** The same source (inputs and volume) added again gives the entry that is there, with what is known anew. */
  addSeries(series: NewSeries): SeriesEntry
  markOpened(id: string): SeriesEntry
  setThumbnail(id: string, png: Uint8Array): SeriesEntry
  getThumbnail(id: string): Uint8Array | undefined
  /** With its runs, reviews and measurements; returns the ids of the runs, whose folders the caller deletes. */
  removeSeries(id: string): string[]

  addRun(run: NewRun): RunEntry
  changeRun(id: string, change: RunChange): RunEntry
  getRun(id: string): (RunEntry & { packageHash: string; record: unknown }) | undefined
  /** Newest first. */
  listRuns(seriesId?: string): RunEntry[]

  getReviews(runId: string): ReviewRecord[]
  putReview(runId: string, record: ReviewRecord): ReviewRecord
  removeReview(runId: string, key: string): void
  isReviewFinished(runId: string): boolean
  finishReview(runId: string, finished: boolean): SeriesEntry

  /** In the order in which they were first stored. */
  getMeasurements(seriesId: string): MeasurementRecord[]
  putMeasurement(seriesId: string, measurement: MeasurementRecord): void
  removeMeasurement(seriesId: string, id: string): void

  labels(): FindingLabel[]
  setLabels(labels: FindingLabel[]): FindingLabel[]
  settings(): Record<string, unknown>
  setSetting(key: string, value: unknown): void

  close(): void
}
