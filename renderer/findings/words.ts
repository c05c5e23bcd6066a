import { describeLocation } from '../../main/findings/location.ts'
import type { Vec3 } from '../../main/imaging/volume.ts'
import type { ReviewState } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'
import type { OpenResult } from '../state/session.ts'
import { levelWords } from '../words/level.ts'
import type { ReviewFinding } from './reviewFindings.ts'

/** `0.35 mL`, `3.4 mL`, `120 mL`. */
export function volumeWords(ml: number): string {
  return t('unit.ml', { value: decimal(ml, ml < 0.995 ? 2 : ml < 99.5 ? 1 : 0) })
}

/** Mean and standard deviation: `−23 ± 14 HU`. */
export function huWords({ huMean, huSd }: Pick<ReviewFinding, 'huMean' | 'huSd'>): string {
  return t('unit.hu.meanSd', { mean: decimal(huMean, 0), sd: decimal(huSd, 0) })
}

/** A level as a percentile, with as many decimals as tell it from its neighbours: `99.9th`, `99.9937th percentile`. */
export function percentileWords(level: number): string {
  const digits = level >= 100 ? 0 : Math.max(0, Math.ceil(1 - Math.log10(100 - level)))
  return t('unit.percentile', { value: Number(level.toFixed(digits)).toString() })
}

/** LPS mm with the letter of the direction: `L 45, A 12, I 310 mm`. */
export function positionWords(positionMm: Vec3): string {
  const letters = ['RL', 'AP', 'IS'] as const
  const parts = positionMm.map((mm, axis) =>
    t('unit.mmTowards', {
      value: decimal(Math.abs(mm), 0),
      direction: t(`direction.${letters[axis][mm < 0 ? 0 : 1]}`),
    }),
  )
  return t('unit.mm', { value: parts.join(', ') })
}

export interface LocationWords {
  /** Side and body level where they can be known, otherwise the position in mm. */
  place: string
  /** What its density looks like. */
  tissue: string
}

const known = new WeakMap<ReviewFinding, LocationWords>()

export function locationWords(finding: ReviewFinding, profile: OpenResult['profile']): LocationWords {
  let words = known.get(finding)
  if (!words) {
    const { side, depth, level, tissue } = describeLocation(
      finding.centreMm,
      finding.huMean,
      profile,
      finding.huSd,
    )
    const place =
      side === null && level === null
        ? positionWords(finding.centreMm)
        : [side && `side.${side}`, level && `level.${level}`, depth && `depth.${depth}`]
            .filter((part) => part !== null)
            .map((part) => t(`location.${part}`))
            .join(', ')
    words = { place: capital(place), tissue: t(`location.tissue.${tissue ?? 'mixed'}`) }
    known.set(finding, words)
  }
  return words
}

export function stateWords(state: ReviewState): string {
  return t(`finding.state.${state}`)
}

/** `#3`, or what it is instead of a rank. */
export function numberWords({ number, origin }: Pick<ReviewFinding, 'number' | 'origin'>): string {
  if (number !== null) return t('finding.number', { number })
  return origin === 'drawn' ? t('finding.drawn') : t('finding.unranked')
}

/** What assistive technology reads of a row. */
export function spokenWords(finding: ReviewFinding, profile: OpenResult['profile']): string {
  const { place, tissue } = locationWords(finding, profile)
  const parts = [
    numberWords(finding),
    stateWords(finding.state),
    finding.label?.text,
    place,
    tissue,
    volumeWords(finding.volumeMl),
    t('finding.peak.spoken', { level: levelWords(finding.peakLevel) }),
    huWords(finding),
    finding.note && t('finding.hasNote'),
    finding.corrected && t('finding.corrected'),
    finding.hidden && t(`finding.hidden.${finding.hidden}`),
  ]
  return parts.filter(Boolean).join(', ')
}

/** Made once: making one takes longer than a row of the list may. */
const formats = [0, 1, 2].map(
  (digits) =>
    new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }),
)

function decimal(value: number, digits: 0 | 1 | 2): string {
  // A true minus, and no minus before a zero.
  return formats[digits].format(Number(value.toFixed(digits)) + 0).replace('-', '−')
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1)
}
