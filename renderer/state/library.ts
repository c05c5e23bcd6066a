import { create } from 'zustand'
import type { JobProgress } from '../../preload/contract.ts'
import type {
  AppInfo,
  DeviceEntry,
  FindingLabel,
  ModelEntry,
  RunEntry,
  SeriesEntry,
} from '../../preload/records.ts'
import { bridge, call } from '../api/index.ts'
import { forgetSubject } from './history.ts'
import { WINDOW } from './window.ts'

/** What a change of the list of labels is done to, on the undo stack. */
export const LABEL_LIST = 'label-list'

export interface LibraryState {
  /** Null until the first answer. */
  info: AppInfo | null
  series: readonly SeriesEntry[]
  /** Newest first; of all series. */
  runs: readonly RunEntry[]
  models: readonly ModelEntry[]
  devices: readonly DeviceEntry[]
  labels: readonly FindingLabel[]
  /** Of what takes its time, by job (or series id while one is opened). */
  jobs: Readonly<Record<string, JobProgress>>
  connected: boolean
}

/** What main knows, kept as main says it: nothing here is changed by the window itself. */
export const useLibrary = create<LibraryState>(() => ({
  info: null,
  series: [],
  runs: [],
  models: [],
  devices: [],
  labels: [],
  jobs: {},
  connected: true,
}))

function putFirst<T extends { id: string }>(list: readonly T[], entry: T): T[] {
  const at = list.findIndex((one) => one.id === entry.id)
  return at < 0 ? [entry, ...list] : list.with(at, entry)
}

export function putSeries(entry: SeriesEntry): void {
  useLibrary.setState(({ series }) => ({ series: putFirst(series, entry) }))
}

export function putRun(entry: RunEntry): void {
  useLibrary.setState(({ runs }) => ({ runs: putFirst(runs, entry) }))
}

export function forgetJob(job: string): void {
  useLibrary.setState(({ jobs: { [job]: _done, ...jobs } }) => ({ jobs }))
}

/** Asks for all of it; also after the connection was lost, when events may have been missed. */
export async function refreshLibrary(): Promise<void> {
  // Each as it comes: a list that waits for the others would undo the events that came meanwhile.
  const keep = <K extends keyof LibraryState>(key: K, answer: Promise<LibraryState[K]>) =>
    answer.then((value) => useLibrary.setState({ [key]: value } as Pick<LibraryState, K>))
  const series = keep('series', call('library.list', {}))
  await Promise.all([
    series,
    // Last of the two: a library is empty only once it is known to be.
    series.then(() => keep('info', call('app.info', {}))),
    keep('runs', call('runs.list', {})),
    keep('models', call('models.list', {})),
    keep('devices', call('devices.list', {})),
    keep('labels', call('labels.all', {})),
  ])
}

/** Follows main's events from now on; returns a function that ends it. */
export function followLibrary(): () => void {
  const off = [
    bridge.on('series.changed', putSeries),
    bridge.on('series.removed', ({ seriesId }) =>
      useLibrary.setState(({ series, runs }) => ({
        series: series.filter((one) => one.id !== seriesId),
        runs: runs.filter((run) => run.seriesId !== seriesId),
      })),
    ),
    bridge.on('run.changed', putRun),
    bridge.on('labels.changed', ({ labels, window }) => {
      // Undone from here, this window's last list would take back what the other one said.
      if (window !== WINDOW) forgetSubject(LABEL_LIST)
      useLibrary.setState({ labels })
    }),
    bridge.on('models.changed', (models) => useLibrary.setState({ models })),
    bridge.on('devices.changed', (devices) => useLibrary.setState({ devices })),
    bridge.on('job.progress', (progress) =>
      useLibrary.setState(({ jobs }) => ({ jobs: { ...jobs, [progress.job]: progress } })),
    ),
    bridge.onConnection((connected) => {
      const was = useLibrary.getState().connected
      useLibrary.setState({ connected })
      // Lost again: it is asked for once more after that.
      if (connected && !was) refreshLibrary().catch(() => undefined)
    }),
  ]
  return () => {
    for (const end of off) end()
  }
}
