import type { ExportRequest, ExportResult, ReviewRecord, RunEntry } from '../../preload/records.ts'
import type { Calibration } from '../findings/level.ts'
import type { OpenedScan } from '../reading/protocol.ts'

/** What an export needs to know; the workstation finds it in the library and in the run's folder. */
export interface ExportReviewJob {
  request: Pick<ExportRequest, 'level' | 'minVolumeMl' | 'states' | 'formats' | 'keyImages'>
  /** The folder that the user chose, absolute: the results go to a new folder in it. */
  parent: string
  /** Names the new folder: the series' description; '' where there is none. */
  title: string
  /** A run that is done. */
  run: Pick<RunEntry, 'id' | 'model' | 'device' | 'deviceRequested' | 'warnings' | 'finishedAt'>
  /** SHA-256 of the package that made it. */
  packageHash: string
  calibration: Calibration
  /** Raw files on the scan's grid: float32 −log q and int16 HU. */
  files: { score: string; volume: string }
  scan: Pick<OpenedScan, 'grid' | 'source' | 'filledSlices' | 'warnings'>
  reviews: readonly ReviewRecord[]
  /** Whether the reader said the review is finished. */
  reviewFinished: boolean
}

export interface ExportReviewOptions {
  signal?: AbortSignal
  /** Slices while searching and measuring, files while writing. */
  onProgress?: (progress: ExportProgress) => void
}

export interface ExportProgress {
  stage: 'findings' | 'measuring' | 'writing'
  done: number
  total: number
}

/**
 * Writes what a reader asked for into a new folder, all of it or nothing.
 * @returns what `export.write` answers, less the folder's handle: `path` is the new folder
 * @throws WorkstationError of kind `output` or `usage`, or `cancelled` after the signal; nothing is left then
 */
export type ExportReview = (
  job: ExportReviewJob,
  options?: ExportReviewOptions,
) => Promise<Omit<ExportResult, 'folder'>>
