import type { RunEntry, SeriesEntry } from '../../preload/records.ts'

export type SeriesStatus = SeriesEntry['state'] | 'queued' | 'running' | 'failed'

/** What the list says of a series: what goes on now, else how its last run ended, else how far it was read. */
export function seriesStatus(
  { id, state }: Pick<SeriesEntry, 'id' | 'state'>,
  runs: readonly RunEntry[],
): { status: SeriesStatus; run: RunEntry | undefined } {
  const own = runs.filter((run) => run.seriesId === id)
  const running = own.find((run) => run.status === 'running')
  if (running) return { status: 'running', run: running }
  const queued = own.find((run) => run.status === 'queued')
  if (queued) return { status: 'queued', run: queued }
  const last = own[0]
  if (state === 'new' && last?.status === 'failed') return { status: 'failed', run: last }
  return { status: state, run: undefined }
}
