import type { SeriesEntry } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'

/** DICOM PN as it is spoken: `DOE^JANE^^DR` → `DOE, JANE`. The first of several representations. */
export function patientWords(pn: string): string {
  const [family = '', given = '', middle = ''] = (pn.split('=')[0] ?? '')
    .split('^')
    .map((part) => part.trim())
  const others = [given, middle].filter(Boolean).join(' ')
  return [family, others].filter(Boolean).join(', ')
}

/** `512 × 512 × 214`, or '' where it is not known. */
export function dimsWords({ dims }: Pick<SeriesEntry, 'dims'>): string {
  return dims ? dims.join(' × ') : ''
}

/** In-plane spacing and distance of slices, `0.70 × 0.70 × 1.25 mm`, or ''. */
export function spacingWords({ spacingMm }: Pick<SeriesEntry, 'spacingMm'>): string {
  return spacingMm ? t('unit.mm', { value: spacingMm.map((mm) => mm.toFixed(2)).join(' × ') }) : ''
}

/** Distance of neighbouring slices, `1.25 mm`, or ''. */
export function sliceDistanceWords({ spacingMm }: Pick<SeriesEntry, 'spacingMm'>): string {
  return spacingMm ? t('unit.mm', { value: spacingMm[2].toFixed(2) }) : ''
}

/** What a series is called in a sentence: its description, or what else it is known by. */
export function seriesName(series: SeriesEntry): string {
  const name = series.path.split(/[\\/]/).filter(Boolean).at(-1)
  return series.seriesDescription || series.studyDescription || name || series.id
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB']

/** Bytes in powers of 1000, as file managers count: `1.4 GB`. */
export function bytesWords(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1
  return `${value.toFixed(digits)} ${UNITS[unit]}`
}
