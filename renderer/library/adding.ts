import { create } from 'zustand'
import type { CallOutput } from '../../preload/contract.ts'
import type { ErrorRecord, FileHandle } from '../../preload/records.ts'
import { asCallError, bridge, CallError, call, filesOfDrop, isCancellation } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { notify, trying } from '../shell/notify.tsx'
import { forgetJob, putSeries } from '../state/library.ts'
import { showSeries } from './opening.ts'
import { useSelection } from './selection.ts'

type Added = CallOutput<'library.add'>

/** What came of a search; `failure` where it came to nothing at all. */
type AddingReport = Added & { failure: ErrorRecord | null }

interface AddingState {
  /** What is being looked through: the job, and the part of the bytes sent while they are; null once they are. */
  jobs: readonly { job: string; name: string; sent: number | null }[]
  /** What was found at the last time, while the reader looks at what of it was not added. */
  report: AddingReport | null
}

export const useAdding = create<AddingState>(() => ({ jobs: [], report: null }))

const cancelled = new Set<string>()
/** What ends the sending of a job. */
const sending = new Map<string, AbortController>()

function track(job: string, name: string, sent: number | null): void {
  useAdding.setState(({ jobs }) => ({
    jobs: [...jobs.filter((one) => one.job !== job), { job, name, sent }],
  }))
}

function untrack(job: string): void {
  cancelled.delete(job)
  forgetJob(job)
  useAdding.setState(({ jobs }) => ({ jobs: jobs.filter((one) => one.job !== job) }))
}

/** Ends the sending, or the search. */
export async function cancelAdding(job: string): Promise<void> {
  cancelled.add(job)
  const upload = sending.get(job)
  if (upload) upload.abort()
  else await trying(t('adding.cancelFailed'), () => call('library.cancel', { job }))
}

/** Nothing was added: said in the one dialog that says so, whatever the reason. */
function fail(thrown: unknown): void {
  const error = asCallError(thrown)
  if (isCancellation(error)) return
  const { code, message, detail } = error
  const failure = { code, message, ...(detail === undefined ? {} : { detail }) }
  useAdding.setState({ report: { added: [], notAdded: [], warnings: [], failure } })
}

/** Adds what the reader chose, opens the first of it, and says what was not added. */
export async function addHandles(handles: readonly FileHandle[], given?: string): Promise<void> {
  if (handles.length === 0) return
  const job = given ?? crypto.randomUUID()
  const name = handles.length === 1 ? handles[0].name : t('adding.several', { count: handles.length })
  track(job, name, null)
  try {
    const added = await call('library.add', { job, handles: handles.map(({ handle }) => handle) })
    await show(added)
  } catch (thrown) {
    if (!cancelled.has(job)) fail(thrown)
  } finally {
    untrack(job)
  }
}

async function show(found: Added): Promise<void> {
  const { added, notAdded, warnings } = found
  for (const series of added) putSeries(series)
  const doubts = notAdded.length + warnings.length
  const report = { ...found, failure: null }
  if (added.length === 0) useAdding.setState({ report })
  else if (doubts > 0)
    notify(t('adding.done', { count: added.length }), t('adding.doubts', { count: doubts }), {
      label: t('adding.showReport'),
      run: () => useAdding.setState({ report }),
    })
  else if (added.length > 1) notify(t('adding.done', { count: added.length }), t('adding.openedFirst'))
  const first = added.find(({ canScreen }) => canScreen) ?? added[0]
  if (!first) return
  useSelection.setState({ ids: new Set(added.map(({ id }) => id)), activeId: first.id, anchorId: first.id })
  // Not waited for: the search is over, and opening has a progress of its own.
  void showSeries(first.id)
}

/**
 * Adds what was dropped on the window. Call it within the drop event.
 * @param elsewhere asked first of a single file or folder: whether it is something else than a scan, and taken care of
 */
export async function addDropped(
  transfer: DataTransfer,
  elsewhere: (handle: FileHandle) => Promise<boolean> = async () => false,
): Promise<void> {
  const job = crypto.randomUUID()
  const found = filesOfDrop(transfer)
  try {
    const files = await found
    if (files.length === 0)
      return fail(new CallError({ code: 'window/nothing-dropped', message: t('adding.nothingDropped') }))
    const name = files.length === 1 ? files[0].name : t('adding.several', { count: files.length })
    track(job, name, 0)
    const stop = new AbortController()
    sending.set(job, stop)
    const handles = await bridge.filesDropped(files, (sent) => track(job, name, sent), stop.signal)
    sending.delete(job)
    if (stop.signal.aborted) return untrack(job)
    if (handles.length === 1 && (await elsewhere(handles[0]))) return untrack(job)
    await addHandles(handles, job)
  } catch (thrown) {
    sending.delete(job)
    untrack(job)
    fail(thrown)
  }
}

export async function addSample(): Promise<void> {
  const job = crypto.randomUUID()
  track(job, t('library.sample'), null)
  try {
    const series = await call('library.addSample', { job })
    putSeries(series)
    useSelection.setState({ ids: new Set([series.id]), activeId: series.id, anchorId: series.id })
    void showSeries(series.id)
  } catch (thrown) {
    fail(thrown)
  } finally {
    untrack(job)
  }
}
