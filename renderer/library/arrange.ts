import type { SeriesEntry } from '../../preload/records.ts'
import { dateWords } from '../words/dates.ts'
import { patientWords } from './words.ts'

export const SORTS = ['added', 'date', 'name', 'state'] as const
export type Sort = (typeof SORTS)[number]

/** Series of one study, in order of their numbers. */
export interface StudyGroup {
  key: string
  /** '' where the source does not say. */
  patient: string
  patientId: string
  /** DICOM DA of the study. */
  date: string
  description: string
  sample: boolean
  series: SeriesEntry[]
}

/** A line of the list: virtual lists know no nesting. */
export type Row = { kind: 'study'; study: StudyGroup } | { kind: 'series'; series: SeriesEntry }

/** Whether every word of what is searched for occurs somewhere in what is known of the series. */
export function matches(series: SeriesEntry, search: string, locale?: string): boolean {
  const words = fold(search).split(/\s+/).filter(Boolean)
  if (words.length === 0) return true
  const text = fold(
    [
      series.patientName,
      patientWords(series.patientName),
      series.patientId,
      series.studyDescription,
      series.seriesDescription,
      series.seriesNumber,
      series.studyDate,
      dateWords(series.studyDate, locale),
      series.convolutionKernel,
      series.manufacturer,
      series.modality,
      series.state,
      series.path,
    ].join(' '),
  )
  return words.every((word) => text.includes(word))
}

/** Without case and accents: a name is typed as the keyboard allows. */
function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
}

/** By patient and study; volumes that are not DICOM have no study and stand alone. */
export function groupByStudy(series: readonly SeriesEntry[]): StudyGroup[] {
  const groups = new Map<string, StudyGroup>()
  for (const one of series) {
    const key = one.studyInstanceUid ? `${one.patientId}|${one.studyInstanceUid}` : one.id
    const group = groups.get(key)
    if (group) group.series.push(one)
    else
      groups.set(key, {
        key,
        patient: patientWords(one.patientName),
        patientId: one.patientId,
        date: one.studyDate,
        description: one.studyDescription,
        sample: one.sample,
        series: [one],
      })
  }
  for (const { series } of groups.values())
    series.sort(
      (a, b) => compareNumbers(a.seriesNumber, b.seriesNumber) || a.addedAt.localeCompare(b.addedAt),
    )
  return [...groups.values()]
}

const STATE_ORDER = { new: 0, screened: 1, reviewed: 2 } as const

const orders: Record<Sort, (a: StudyGroup, b: StudyGroup) => number> = {
  added: (a, b) => last(b, 'addedAt').localeCompare(last(a, 'addedAt')),
  date: (a, b) => b.date.localeCompare(a.date),
  // Who has no name comes last, not first.
  name: (a, b) => Number(a.patient === '') - Number(b.patient === '') || compareNumbers(a.patient, b.patient),
  // What is left to do comes first.
  state: (a, b) => workLeft(a) - workLeft(b),
}

function last(group: StudyGroup, field: 'addedAt'): string {
  return group.series.reduce((latest, one) => (one[field] > latest ? one[field] : latest), '')
}

function workLeft({ series }: StudyGroup): number {
  return Math.min(...series.map(({ state }) => STATE_ORDER[state]))
}

function compareNumbers(a: string, b: string): number {
  return a.localeCompare(b, undefined, { numeric: true, sensitivity: 'base' })
}

/** The lines of the library, as searched for and sorted; ties by what was added last. */
export function arrange(series: readonly SeriesEntry[], search: string, sort: Sort): Row[] {
  const found = series.filter((one) => matches(one, search))
  const groups = groupByStudy(found).sort((a, b) => orders[sort](a, b) || orders.added(a, b))
  return groups.flatMap((study) => [
    { kind: 'study' as const, study },
    ...study.series.map((one) => ({ kind: 'series' as const, series: one })),
  ])
}

/** Ids of the series, in the order of the rows. */
export function seriesIds(rows: readonly Row[]): string[] {
  return rows.flatMap((row) => (row.kind === 'series' ? [row.series.id] : []))
}
