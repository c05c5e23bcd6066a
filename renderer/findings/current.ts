import { useDeferredValue, useMemo } from 'react'
import type { ReviewRecord } from '../../preload/records.ts'
import { useOverlay } from '../state/overlay.ts'
import { useReview } from '../state/review.ts'
import { type OpenResult, type OpenScan, useSession } from '../state/session.ts'
import { useFindingsUi } from './findingsUi.ts'
import type { MeasuredScan } from './measure.ts'
import { findingsOf, type ListOptions, listRows, type Row } from './order.ts'
import { type ReviewFinding, reviewFindings } from './reviewFindings.ts'
import { useSettled } from './useSettled.ts'
import { locationWords, numberWords } from './words.ts'

const NONE: readonly ReviewFinding[] = []
/** Leaves the frames between to the panes, and the list within a tenth of a second of the threshold. */
const LIST_EVERY_MS = 60

const NO_ROWS: readonly Row[] = []

/** What the reader reviews at the present threshold, by rank; from anywhere, such as an export or the panes. */
export function currentFindings(): readonly ReviewFinding[] {
  const { result, scan } = useSession.getState()
  const { step, minVolumeMl } = useOverlay.getState()
  return findingsAt(result, scan, step, minVolumeMl, useReview.getState().records)
}

/** Those of them that are listed, in the order of the list. */
export function listedFindings(): ReviewFinding[] {
  return findingsOf(rowsOf(currentFindings(), useSession.getState().result, useFindingsUi.getState()))
}

export function currentFinding(key: string | null): ReviewFinding | undefined {
  return key === null ? undefined : currentFindings().find((finding) => finding.key === key)
}

/** For components: findings and rows. The threshold's own pixels come first; the list may lag behind by a few. */
export function useFindings(): { findings: readonly ReviewFinding[]; rows: readonly Row[] } {
  const result = useSession((s) => s.result)
  const scan = useSession((s) => s.scan)
  const step = useSettled(
    useOverlay((s) => s.step),
    LIST_EVERY_MS,
  )
  const minVolumeMl = useOverlay((s) => s.minVolumeMl)
  const records = useReview((s) => s.records)
  const { sort, reversed, states, grouped } = useFindingsUi()
  const text = useDeferredValue(useFindingsUi((s) => s.text))
  const findings = findingsAt(result, scan, step, minVolumeMl, records)
  const rows = useMemo(
    () => rowsOf(findings, result, { sort, reversed, states, grouped, text }),
    [findings, result, sort, reversed, states, grouped, text],
  )
  return { findings, rows }
}

function rowsOf(
  findings: readonly ReviewFinding[],
  result: OpenResult | null,
  options: ListOptions,
): readonly Row[] {
  if (!result) return NO_ROWS
  return listRows(findings, options, (finding) => {
    const { place, tissue } = locationWords(finding, result.profile)
    return `${numberWords(finding)} ${place} ${tissue}`
  })
}

/** One answer each for the list and for the commands, which may be a frame apart. */
const REMEMBERED = 2
const answers: { question: readonly unknown[]; answer: readonly ReviewFinding[] }[] = []

// They hold on to the scan, which may be half a gigabyte.
useSession.subscribe(({ scan }, before) => {
  if (scan !== before.scan) answers.length = 0
})

function findingsAt(
  result: OpenResult | null,
  scan: OpenScan | null,
  step: number,
  minVolumeMl: number,
  records: ReadonlyMap<string, ReviewRecord>,
): readonly ReviewFinding[] {
  if (!result || !scan) return NONE
  const question = [result, scan, step, minVolumeMl, records]
  const known = answers.find((one) => one.question.every((part, i) => part === question[i]))
  if (known) return known.answer
  const { tree } = result
  // For the moment in which a new run is there and the threshold is still the last one's.
  const kept = Math.min(Math.max(1, step), tree.steps.level.length)
  const answer = reviewFindings({ tree, step: kept, minVolumeMl, records, scan: measuredScan(scan, result) })
  answers.unshift({ question, answer })
  answers.length = Math.min(answers.length, REMEMBERED)
  return answer
}

export function measuredScan(scan: OpenScan, { stepMap, tree }: OpenResult): MeasuredScan {
  return { grid: scan.grid, voxels: scan.voxels, stepMap, steps: tree.steps }
}
