import { create } from 'zustand'
import type { ReviewRecord, ReviewState } from '../../preload/records.ts'
import { bridge, call } from '../api/index.ts'
import { forgetSubject, inTurn, perform, whenStored } from './history.ts'
import { WINDOW } from './window.ts'

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

/** Runs that were changed in another window while they were not on screen, or on their way to it. */
const changedElsewhere = new Set<string>()

export function loadReviews(runId: string, records: readonly ReviewRecord[]): void {
  loads++
  useReview.setState({ runId, records: byKey(records), selectedKey: null })
  if (changedElsewhere.delete(runId)) void fetchAgain(runId)
}

const byKey = (records: readonly ReviewRecord[]) => new Map(records.map((record) => [record.key, record]))

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
  const stored = record ? await call('reviews.put', { runId, record, window: WINDOW }) : undefined
  if (!stored) await call('reviews.remove', { runId, key, window: WINDOW })
  show(runId, key, stored)
}

/** On screen, unless that shows another run by now; without a record, nothing is said of the finding. */
function show(runId: string, key: string, stored: ReviewRecord | undefined): void {
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

/**
 * Takes over what other windows say of the run on screen, until the returned function is called. `told` hears of the
 * selected finding; what this window did to it before is no longer undone from here. Fetched when all own changes are stored, so
 * that the last word is main's.
 */
export function followReviews(told: (key: string) => void): () => void {
  let connected = true
  const ends = [
    bridge.on('review.changed', ({ runId, key, window }) => {
      if (window === WINDOW) return
      if (useReview.getState().runId !== runId) changedElsewhere.add(runId)
      else void fetchOne(runId, key, told)
    }),
    bridge.onConnection((now) => {
      const { runId } = useReview.getState()
      // Changes may have gone by unheard.
      if (now && !connected && runId) void fetchAgain(runId)
      connected = now
    }),
  ]
  return () => {
    for (const end of ends) end()
  }
}

async function fetchOne(runId: string, key: string, told: (key: string) => void): Promise<void> {
  await inTurn(async () => {
    // Where main cannot be reached, all of it is fetched once it can.
    const found = await call('reviews.get', { runId, key }).catch(() => undefined)
    if (!found || useReview.getState().runId !== runId) return
    const isSelected = useReview.getState().selectedKey === key
    forgetSubject(key)
    show(runId, key, found[0])
    if (isSelected) told(key)
  })
}

async function fetchAgain(runId: string): Promise<void> {
  await inTurn(async () => {
    const records = await call('reviews.get', { runId }).catch(() => undefined)
    if (records && useReview.getState().runId === runId) useReview.setState({ records: byKey(records) })
  })
}
