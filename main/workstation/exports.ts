import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { CallInput, CallOutput } from '../../preload/contract.ts'
import { WorkstationError } from '../errors.ts'
import type { Library } from '../library/types.ts'
import type { ReaderClient } from '../reading/client.ts'
import { storedSeries } from './entries.ts'
import { rememberExportedTo } from './exportedTo.ts'
import type { ExportReview } from './exportReview.ts'
import type { FileHandles } from './fileHandles.ts'
import type { Job } from './jobs.ts'
import type { OpenedRuns } from './openedRuns.ts'
import { RUN_FILES } from './runFolder.ts'
import type { VoxelCache } from './voxelCache.ts'

export interface ExportTools {
  library: Library
  runs: OpenedRuns
  cache: VoxelCache
  reader: ReaderClient
  files: FileHandles
  exportReview: ExportReview
}

/**
 * Writes a reviewed run where the user chose; reads the scan again where the cache no longer holds it.
 * @throws WorkstationError what opening the run and its series, and ExportReview, throw
 */
export async function writeExport(
  { runId, folder, job: _job, ...request }: CallInput<'export.write'>,
  { signal, progress }: Job,
  tools: ExportTools,
): Promise<CallOutput<'export.write'>> {
  const { library, runs, cache, reader, files } = tools
  const parent = files.path(folder)
  const { run, packageHash, folder: runFolder, facts } = await runs.read(runId)
  const series = storedSeries(library, run.seriesId)
  const onProgress = (told: { stage: string; done: number; total: number }) =>
    progress(told.stage, told.done, told.total)
  const voxels = await cache.open(series, { signal, reader, onProgress })
  try {
    if (!isDeepStrictEqual(voxels.scan.grid, facts.scan.grid)) throw sourceChanged()
    const result = await tools.exportReview(
      {
        request,
        parent,
        title: series.seriesDescription,
        run,
        packageHash,
        calibration: facts.calibration,
        files: { score: join(runFolder, RUN_FILES.score), volume: voxels.voxelsFile },
        scan: facts.scan,
        reviews: library.getReviews(runId),
        reviewFinished: library.isReviewFinished(runId),
      },
      { signal, onProgress },
    )
    rememberExportedTo(library, parent)
    return { ...result, folder: files.grant(result.path) }
  } finally {
    voxels.release()
  }
}

function sourceChanged(): WorkstationError {
  const sentence =
    'The files of this scan have changed since it was screened, so the results no longer fit them. Screen the series again.'
  return new WorkstationError('input/source-changed', sentence)
}
