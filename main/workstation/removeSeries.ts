import { rm } from 'node:fs/promises'
import { type AddTools, removeUnusedImports } from './addSeries.ts'
import { storedSeries } from './entries.ts'
import type { Jobs } from './jobs.ts'
import type { RunQueue } from './runs.ts'
import type { VoxelCache } from './voxelCache.ts'

interface RemoveTools extends Pick<AddTools, 'library' | 'events' | 'folder'> {
  jobs: Jobs
  runs: RunQueue
  cache: VoxelCache
}

/**
 * Removes a series from the library, with its runs, reviews and measurements; what is going on with it is ended first.
 * @throws WorkstationError `input/not-in-library`
 */
export async function removeSeries(seriesId: string, tools: RemoveTools): Promise<void> {
  const { library, events, jobs, runs, cache } = tools
  const { source } = storedSeries(library, seriesId)
  jobs.cancel(seriesId)
  await runs.endOf(seriesId)
  // The rows first: files without a row waste room, a row without files is a broken promise.
  const runIds = library.removeSeries(seriesId)
  events.emit('series.removed', { seriesId })
  const folders = runIds.map((runId) => rm(library.runFolder(runId), { recursive: true, force: true }))
  // It is no longer in the library, and that is what was asked for: a file that something holds open wastes room.
  await Promise.allSettled([...folders, cache.remove(seriesId), removeUnusedImports(source.inputs, tools)])
}
