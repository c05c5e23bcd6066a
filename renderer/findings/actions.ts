import type { FindingLabel, ReviewState } from '../../preload/records.ts'
import { bridge, call } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { notifyError } from '../shell/notify.tsx'
import { forgetSubject, perform } from '../state/history.ts'
import { LABEL_LIST, putSeries, useLibrary } from '../state/library.ts'
import { thresholdLevel, useOverlay } from '../state/overlay.ts'
import { amendReview, selectFinding, setFindingState, useReview } from '../state/review.ts'
import { useSession } from '../state/session.ts'
import { jumpTo } from '../state/view.ts'
import { WINDOW } from '../state/window.ts'
import { currentFinding, currentFindings, listedFindings } from './current.ts'
import { announce, markFinished, setFindingsUi, useFindingsUi } from './findingsUi.ts'
import { neighbour, nextToReview, reviewProgress } from './order.ts'
import { pointOf } from './place.ts'
import type { ReviewFinding } from './reviewFindings.ts'
import { numberWords, spokenWords, stateWords } from './words.ts'

/** Selects a finding: it is outlined, and all views go there. */
export function goTo(finding: ReviewFinding): void {
  selectFinding(finding.key)
  jumpTo(pointOf(finding))
  const { result } = useSession.getState()
  if (result) announce(spokenWords(finding, result.profile))
}

/** To the next or previous finding of the list. */
export function step(by: 1 | -1): void {
  const found = neighbour(listedFindings(), useReview.getState().selectedKey, by)
  if (found) goTo(found)
}

/** States on their way to main: their findings are decided for the reader. */
const pending = new Set<string>()

/**
 * Gives the selected finding a state and moves on to the next unreviewed one. The move does not wait for main; where
 * main could not store the state, it stays as it was and the reader is brought back.
 */
export async function judge(state: ReviewState): Promise<void> {
  const { selectedKey } = useReview.getState()
  const finding = currentFinding(selectedKey)
  if (!finding || pending.has(finding.key)) return
  const list = listedFindings()
  const next =
    state === 'unreviewed'
      ? null
      : nextToReview(
          list.filter((f) => f.key === finding.key || !pending.has(f.key)),
          finding.key,
        )
  if (finding.state === state) {
    if (next) goTo(next)
    return
  }
  const level = finding.origin === 'drawn' ? null : (thresholdLevel(useOverlay.getState()) ?? null)
  pending.add(finding.key)
  const stored = setFindingState(finding.key, state, level)
  if (next) goTo(next)
  try {
    await stored
    const said = t('findings.said', { finding: numberWords(finding), state: stateWords(state) })
    const { result } = useSession.getState()
    announce([said, next && result && spokenWords(next, result.profile)].filter(Boolean).join('. '))
    if (!next && state !== 'unreviewed') announce(`${said}. ${t('findings.allReviewed')}`)
  } catch (error) {
    notifyError(t('findings.notStored'), error)
    const back = currentFinding(finding.key)
    if (back && useReview.getState().selectedKey === (next?.key ?? finding.key)) goTo(back)
  } finally {
    pending.delete(finding.key)
  }
}

/** For what the reader says of a finding; true once main has stored it, false after an error was shown. */
async function told(work: Promise<void>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    notifyError(t('findings.notStored'), error)
    return false
  }
}

export function setLabel(key: string, label: FindingLabel | null): Promise<boolean> {
  const name = label ? 'undo.label' : 'undo.label.none'
  return told(amendReview(name, key, (before) => ({ ...before, label }), label ? { label: label.text } : {}))
}

export function setNote(key: string, note: string): Promise<boolean> {
  return told(amendReview('undo.note', key, (before) => ({ ...before, note })))
}

/** A drawn finding is gone, and can be had back by undo. */
export async function deleteDrawn(key: string): Promise<void> {
  if (!key.startsWith('drawn-')) return
  const list = listedFindings()
  const beside = neighbour(list, key, 1)
  const other = beside?.key === key ? neighbour(list, key, -1) : beside
  const gone = await told(amendReview('undo.deleteDrawn', key, () => null))
  if (gone && other && other.key !== key) goTo(other)
}

/** The machine's outline again, in place of the reader's. */
export function restoreOutline(key: string): Promise<boolean> {
  return told(amendReview('undo.machineOutline', key, (before) => ({ ...before, outline: null })))
}

/** The list of labels, for all scans; what was said of findings keeps the label it has. */
export function setLabels(after: readonly FindingLabel[]): Promise<boolean> {
  const before = useLibrary.getState().labels
  const put = async (labels: readonly FindingLabel[]) => {
    useLibrary.setState({ labels: await call('labels.set', { labels: [...labels], window: WINDOW }) })
  }
  return told(
    perform({ name: 'undo.labels', subject: LABEL_LIST, apply: () => put(after), revert: () => put(before) }),
  )
}

/** Whether the reader said so of the run on screen. */
export function reviewFinished(): boolean {
  const { result } = useSession.getState()
  if (!result) return false
  return useFindingsUi.getState().finished.get(result.run.id) ?? result.reviewFinished
}

/** Finishes the review; asks first where findings are left without a state. */
export function askToFinish(): void {
  const { reviewed, total } = reviewProgress(currentFindings())
  if (reviewed === total) void finishReview(true)
  else setFindingsUi({ askingToFinish: true })
}

/** What finishing the review of a run is done to, on the undo stack. */
const finishOf = (runId: string) => `finish-${runId}`

/**
 * Takes over which reviews other windows finish or reopen, until the returned function is called. `told` hears of the
 * run on screen; what this window did to that before is no longer undone from here.
 */
export function followFinishing(told: (finished: boolean) => void): () => void {
  let connected = true
  const shown = () => useSession.getState().result?.run.id
  const ends = [
    bridge.on('review.finished', ({ runId, finished, window }) => {
      // Its own ones too: the last that main tells is the last that it stored.
      markFinished(runId, finished)
      if (window === WINDOW) return
      forgetSubject(finishOf(runId))
      if (shown() === runId) told(finished)
    }),
    bridge.onConnection((now) => {
      const runId = shown()
      // Events may have gone by unheard.
      if (now && !connected && runId)
        call('runs.open', { runId }).then(
          ({ reviewFinished }) => markFinished(runId, reviewFinished),
          () => undefined,
        )
      connected = now
    }),
  ]
  return () => {
    for (const end of ends) end()
  }
}

export async function finishReview(finished: boolean): Promise<void> {
  const { result } = useSession.getState()
  if (!result) return
  const runId = result.run.id
  const put = async (reviewFinished: boolean) => {
    putSeries(await call('reviews.finish', { runId, finished: reviewFinished, window: WINDOW }))
    markFinished(runId, reviewFinished)
  }
  const name = finished ? 'undo.finish' : 'undo.reopen'
  await told(
    perform({ name, subject: finishOf(runId), apply: () => put(finished), revert: () => put(!finished) }),
  )
}
