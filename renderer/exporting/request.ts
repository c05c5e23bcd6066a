import type { ExportFormat, ExportRequest, ReviewState, SeriesEntry } from '../../preload/records.ts'
import type { ReviewFinding } from '../findings/reviewFindings.ts'

export const FORMATS = [
  'mask',
  'level',
  'score',
  'seg',
  'csv',
  'json',
  'key-images',
] as const satisfies readonly ExportFormat[]

/** What is included, most careful first. */
export const INCLUSIONS = ['confirmed', 'confirmed-uncertain', 'not-false', 'all'] as const
export type Inclusion = (typeof INCLUSIONS)[number]

export const STATES: Readonly<Record<Inclusion, readonly ReviewState[]>> = {
  confirmed: ['confirmed'],
  'confirmed-uncertain': ['confirmed', 'uncertain'],
  'not-false': ['unreviewed', 'confirmed', 'uncertain'],
  all: ['unreviewed', 'confirmed', 'false-positive', 'uncertain'],
}

type Counted = Pick<ReviewFinding, 'key' | 'state' | 'hidden' | 'corrected' | 'origin'>

/**
 * Those of the findings that an export of these states holds. What the threshold no longer shows belongs to it where
 * the reader judged or outlined it: a label alone does not bring back what the machine no longer finds.
 */
export function includedFindings<F extends Counted>(findings: readonly F[], inclusion: Inclusion): F[] {
  const states = STATES[inclusion]
  return findings.filter(
    ({ state, hidden, corrected, origin }) =>
      states.includes(state) &&
      (hidden === null || origin === 'drawn' || corrected || state !== 'unreviewed'),
  )
}

/** Why a format cannot be written, as a key of the catalogue; null if it can. */
export function formatObstacle(format: ExportFormat, series: Pick<SeriesEntry, 'kind'>): string | null {
  return format === 'seg' && series.kind !== 'dicom' ? 'export.segNeedsDicom' : null
}

export interface ExportChoices {
  formats: readonly ExportFormat[]
  inclusion: Inclusion
  folder: string
}

/** The formats that were chosen and can be written, in the order of the dialog. */
export function possibleFormats(chosen: readonly ExportFormat[], series: Pick<SeriesEntry, 'kind'>) {
  return FORMATS.filter((format) => chosen.includes(format) && formatObstacle(format, series) === null)
}

/** What main is asked to write: all that the screen shows of a run now. */
export function exportRequest(
  run: { id: string },
  series: Pick<SeriesEntry, 'kind'>,
  { level, minVolumeMl }: { level: number; minVolumeMl: number },
  { formats, inclusion, folder }: ExportChoices,
  keyImages: ExportRequest['keyImages'],
): ExportRequest {
  return {
    runId: run.id,
    level,
    minVolumeMl,
    states: [...STATES[inclusion]],
    formats: possibleFormats(formats, series),
    folder,
    keyImages,
  }
}

/** The folder above a path of either kind: `/a/b` → `/a`. */
export function parentPath(path: string): string {
  const cut = path.replace(/[\\/]+$/, '').replace(/[^\\/]+$/, '')
  return cut.length > 1 ? cut.replace(/(?<!^[A-Za-z]:)[\\/]+$/, '') : cut
}
