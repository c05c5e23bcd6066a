import type { OpenedSeries } from '../../preload/records.ts'
import type { Source } from '../imaging/source.ts'
import type { Library, StoredSeries } from '../library/types.ts'
import type { ReaderClient } from '../reading/client.ts'
import { dataUrl } from './data.ts'
import { entryOf, storedSeries } from './entries.ts'
import type { Events } from './events.ts'
import { cancelled } from './failures.ts'
import type { Job } from './jobs.ts'
import type { VoxelCache } from './voxelCache.ts'

export interface OpenSeriesTools {
  library: Library
  events: Events
  cache: VoxelCache
  reader: ReaderClient
}

/**
 * Makes a series ready to be shown.
 * @throws WorkstationError `input/no-such-series`, what VoxelCache.open throws, `cancelled`
 */
export async function openSeries(
  seriesId: string,
  { signal, progress }: Job,
  { library, events, cache, reader }: OpenSeriesTools,
): Promise<OpenedSeries> {
  const stored = storedSeries(library, seriesId)
  const { scan, version, release } = await cache.open(stored, {
    signal,
    reader,
    onProgress: ({ stage, done, total }) => progress(stage, done, total),
  })
  try {
    if (signal.aborted) throw cancelled()
    cache.show(seriesId)
    learn(stored, scan.source, library)
    library.markOpened(seriesId)
    const series = entryOf(library, seriesId)
    events.emit('series.changed', series)
    return {
      series,
      grid: scan.grid,
      filledSlices: [...scan.filledSlices],
      frameOfReferenceUid: scan.source.kind === 'dicom' ? scan.source.series.frameOfReferenceUid : '',
      warnings: scan.warnings,
      voxelsUrl: dataUrl.voxels(seriesId, version),
    }
  } finally {
    release()
  }
}

/** What the report of an input leaves out and only the opened scan says. */
function learn(stored: StoredSeries, source: Source, library: Library): void {
  if (source.kind !== 'dicom') return
  const { patientBirthDate, patientSex } = source.series
  if (patientBirthDate === stored.patientBirthDate && patientSex === stored.patientSex) return
  library.addSeries({ ...stored, patientBirthDate, patientSex })
}
