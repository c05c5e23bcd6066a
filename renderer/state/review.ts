import { create } from 'zustand'
import type { ReviewRecord, ReviewState } from '../../preload/records.ts'
import { call } from '../api/index.ts'
import { perform, whenStored } from './history.ts'

export interface ReviewStore {
  /** Whose records these are; null without a run. */
  runId: string | null
  /** What the reader said, by finding key. A finding without a record is unreviewed. */
  records: ReadonlyMap<string, ReviewRecord>
  /** Outlined in all panes; null for none. */
  selectedKey: string | null
}

export const useReview = create<ReviewStore>(() => ({ runId: null, records: new Map(), selectedKey: null }))

let loads = 0

export function loadReviews(runId: string, records: readonly ReviewRecord[]): void {
  loads++
  useReview.setState({ runId, records: new Map(records.map((r) => [r.key, r])), selectedKey: null })
}

/**
 * The run is no longer on screen: nothing of it is outlined on what comes next, and its records go as soon as what the
 * reader said last is stored.
 */
export function leaveReviews(): void {
  const left = loads
  useReview.setState({ selectedKey: null })
  // A note is saved on leaving its field, which is when the window is drawn without it.
  setTimeout(async () => {
    await whenStored()
    if (loads === left) useReview.setState({ runId: null, records: new Map() })
  }, 0)
}

export function selectFinding(selectedKey: string | null): void {
  useReview.setState({ selectedKey })
}

/** What is said of a finding that nothing was said of yet. */
export function emptyRecord(key: string): ReviewRecord {
  return {
    key,
    state: 'unreviewed',
    label: null,
    note: '',
    outline: null,
    thresholdLevel: null,
    updatedAt: null,
  }
}

export function recordOf(store: ReviewStore, key: string): ReviewRecord {
  return store.records.get(key) ?? emptyRecord(key)
}

/**
 * Changes what is said of a finding, as one step of the undo stack: stored by main before the screen shows it. `after`
 * null takes the record away (a drawn finding is gone then).
 */
export function changeReview(
  name: string,
  key: string,
  after: ReviewRecord | null,
  values?: Readonly<Record<string, string | number>>,
): Promise<void> {
  return amendReview(name, key, () => after, values)
}

/**
 * As `changeReview`, from what is said of the finding when its turn comes: a note that is still being stored is not
 * lost to a state that was set right after it.
 */
export function amendReview(
  name: string,
  key: string,
  change: (record: ReviewRecord) => ReviewRecord | null,
  values?: Readonly<Record<string, string | number>>,
): Promise<void> {
  const { runId } = useReview.getState()
  if (!runId) return Promise.reject(new Error('There is no run to review.'))
  let made: { before: ReviewRecord | null; after: ReviewRecord | null } | undefined
  return perform({
    name,
    subject: key,
    ...(values ? { values } : {}),
    apply: () => {
      const store = useReview.getState()
      if (store.runId !== runId) throw new Error('The run was closed before the change was stored.')
      made ??= { before: store.records.get(key) ?? null, after: change(recordOf(store, key)) }
      return put(runId, key, made.after)
    },
    revert: () => put(runId, key, made?.before ?? null),
  })
}

async function put(runId: string, key: string, record: ReviewRecord | null): Promise<void> {
  const stored = record ? await call('reviews.put', { runId, record }) : undefined
  if (!stored) await call('reviews.remove', { runId, key })
  useReview.setState((state) => {
    if (state.runId !== runId) return {}
    const records = new Map(state.records)
    if (stored) records.set(key, stored)
    else records.delete(key)
    const gone = !stored && key.startsWith('drawn-') && state.selectedKey === key
    return { records, ...(gone ? { selectedKey: null } : {}) }
  })
}

/** @param thresholdLevel anomaly level of the threshold that the reader judged it at; null for drawn findings */
export function setFindingState(
  key: string,
  state: ReviewState,
  thresholdLevel: number | null,
): Promise<void> {
  return amendReview(`undo.state.${state}`, key, (before) => ({ ...before, state, thresholdLevel }))
}
