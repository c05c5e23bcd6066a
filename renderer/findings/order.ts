import type { ReviewState } from '../../preload/records.ts'
import type { ReviewFinding } from './reviewFindings.ts'

export const SORTS = ['rank', 'volume', 'level', 'position'] as const
export type Sort = (typeof SORTS)[number]

/** In the order they are listed in when grouped: what still wants a decision first. */
export const STATES: readonly ReviewState[] = ['unreviewed', 'uncertain', 'confirmed', 'false-positive']

export interface ListOptions {
  sort: Sort
  /** The other way round: smallest first, feet first … */
  reversed: boolean
  /** States shown; all where empty. */
  states: readonly ReviewState[]
  /** Words that must all be in what is known of a finding. */
  text: string
  grouped: boolean
}

export const INITIAL_LIST: ListOptions = {
  sort: 'rank',
  reversed: false,
  states: [],
  text: '',
  grouped: false,
}

export type Group = ReviewState | 'hidden'
export type Row =
  | { kind: 'group'; group: Group; count: number }
  | { kind: 'finding'; finding: ReviewFinding; group: Group | null }

/**
 * The list as it is shown. What the threshold hides always comes last, under its own heading.
 * @param wordsOf what a finding is called on screen beside its label and note (its location)
 */
export function listRows(
  findings: readonly ReviewFinding[],
  options: ListOptions,
  wordsOf: (finding: ReviewFinding) => string = () => '',
): Row[] {
  const kept = sorted(
    findings.filter((f) => matches(f, options, wordsOf)),
    options,
  )
  const shown = kept.filter((f) => f.hidden === null)
  const rows: Row[] = []
  const add = (group: Group, members: ReviewFinding[]) => {
    if (members.length === 0) return
    rows.push({ kind: 'group', group, count: members.length })
    for (const finding of members) rows.push({ kind: 'finding', finding, group })
  }
  if (options.grouped) {
    for (const state of STATES)
      add(
        state,
        shown.filter((f) => f.state === state),
      )
  } else for (const finding of shown) rows.push({ kind: 'finding', finding, group: null })
  add(
    'hidden',
    kept.filter((f) => f.hidden !== null),
  )
  return rows
}

export function findingsOf(rows: readonly Row[]): ReviewFinding[] {
  return rows.flatMap((row) => (row.kind === 'finding' ? [row.finding] : []))
}

/** The next unreviewed finding after `key` in list order, from the top again at the end; null where none is left. */
export function nextToReview(list: readonly ReviewFinding[], key: string | null): ReviewFinding | null {
  const at = list.findIndex((f) => f.key === key)
  const round = [...list.slice(at + 1), ...list.slice(0, Math.max(at, 0))]
  return round.find((f) => f.state === 'unreviewed' && f.key !== key) ?? null
}

/** The neighbour of `key` in list order; the first or last where `key` is not in the list, or at an end. */
export function neighbour(
  list: readonly ReviewFinding[],
  key: string | null,
  by: 1 | -1,
): ReviewFinding | null {
  const at = list.findIndex((f) => f.key === key)
  if (at < 0) return (by > 0 ? list[0] : list.at(-1)) ?? null
  return list[Math.min(Math.max(at + by, 0), list.length - 1)]
}

export interface Progress {
  reviewed: number
  total: number
}

/** How many of the findings have a state; what the threshold hides counts as well, since it was reviewed. */
export function reviewProgress(findings: readonly ReviewFinding[]): Progress {
  const reviewed = findings.reduce((n, f) => n + (f.state === 'unreviewed' ? 0 : 1), 0)
  // A hidden finding with a note but no state asks for nothing: it is not among what the threshold shows.
  const total = findings.reduce((n, f) => n + (f.hidden !== null && f.state === 'unreviewed' ? 0 : 1), 0)
  return { reviewed, total }
}

function matches(
  finding: ReviewFinding,
  { states, text }: ListOptions,
  wordsOf: (f: ReviewFinding) => string,
) {
  if (states.length > 0 && !states.includes(finding.state)) return false
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return true
  const { label, note, number } = finding
  const told = [wordsOf(finding), label?.text, label?.code?.value, note, number !== null && `#${number}`]
  const all = told.filter(Boolean).join(' ').toLocaleLowerCase()
  return words.every((word) => all.includes(word))
}

function sorted(findings: readonly ReviewFinding[], { sort, reversed }: ListOptions): ReviewFinding[] {
  const last = Number.NEGATIVE_INFINITY
  const by: Record<Sort, (f: ReviewFinding) => number> = {
    rank: (f) => -(f.number ?? Number.MAX_SAFE_INTEGER),
    volume: (f) => f.volumeMl,
    level: (f) => f.peakLevel ?? last,
    // LPS: the third axis grows towards the head.
    position: (f) => f.centreMm[2],
  }
  const value = by[sort]
  const sign = reversed ? -1 : 1
  // Sorting is stable, so that equal ones stay in order of rank.
  return findings
    .map((finding) => ({ finding, value: value(finding) }))
    .sort((a, b) => (a.value === b.value ? 0 : a.value > b.value ? -sign : sign))
    .map((entry) => entry.finding)
}
