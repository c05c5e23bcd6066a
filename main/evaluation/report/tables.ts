import { formatLevel } from '../../findings/level.ts'
import type {
  CaseResult,
  Estimate,
  Evaluation,
  Froc,
  KindFigures,
  MeanFigure,
  MeasuredCase,
  Region,
  RegionCalibration,
} from '../types.ts'
import { type Cell, escapeHtml, htmlTable } from './markup.ts'

const MEAN_FIGURES: readonly (readonly [MeanFigure, string])[] = [
  ['auroc', 'AUROC, sampled voxels'],
  ['aurocAll', 'AUROC, all body voxels'],
  ['aurocRing', 'AUROC, against 6 to 30 mm around'],
  ['averagePrecision', 'Average precision'],
  ['aupro', 'AUPRO to 0.3'],
  ['sensitivityAt95', 'Sensitivity at 95 % specificity'],
  ['bestDice', 'Dice, best threshold of each case'],
]

const REGIONS: Record<Region, string> = {
  lung: 'Lung',
  softTissue: 'Soft tissue',
  bone: 'Bone',
  rim: 'Rim of the body and of the field of view',
}

/** Levels mean what they say where the share of voxels above is within this factor of what it should be. */
const CALIBRATED_WITHIN = 0.3

const NONE: Cell = { html: '<span class="faint">–</span>' }

/** Means over cases and figures of all cases together, the model beside the baseline. */
export function summaryTable({ mean, pooled, level, cases }: Evaluation): string {
  if (mean === null || pooled === null) return ''
  const rows: Cell[][] = MEAN_FIGURES.map(([figure, name]) => [
    `${name}, mean`,
    estimate(mean[figure]),
    estimate(mean.baselineHuDeviation[figure]),
  ])
  rows.push(
    [`Dice at level ${level}, mean`, estimate(mean.dice), NONE],
    ['AUROC, pooled', estimate(pooled.auroc), estimate(pooled.baselineHuDeviation.auroc)],
    [
      'Sensitivity at 95 % specificity, pooled',
      estimate(pooled.sensitivityAt95),
      estimate(pooled.baselineHuDeviation.sensitivityAt95),
    ],
    [`Dice at level ${level}, pooled`, estimate(pooled.dice), NONE],
  )
  const count = cases.filter((result) => result.ok).length
  const caption = `Over ${count} ${count === 1 ? 'case' : 'cases'}; in brackets 95 % confidence intervals (bootstrap over cases, from three cases on)`
  return htmlTable(caption, ['', 'Model', 'Baseline'], rows)
}

export function frocTable({ rates, lesions, scans, meanSensitivity }: Froc, minVolumeMl: number): string {
  const rows: Cell[][] = rates.map((rate) => [
    String(rate.falsePositivesPerScan),
    estimate(rate.sensitivity),
    rate.level === null ? NONE : `${Number(rate.level.toFixed(4))} (${formatLevel(rate.level)})`,
  ])
  rows.push(['Mean of those reached', estimate(meanSensitivity), ''])
  const caption = `${lesions} ${lesions === 1 ? 'lesion' : 'lesions'} in ${scans} ${scans === 1 ? 'scan' : 'scans'}; findings of at least ${minVolumeMl} mL`
  return htmlTable(caption, ['False findings per scan', 'Lesions found', 'Anomaly level'], rows)
}

export function kindTable(kinds: readonly KindFigures[]): string {
  const rows = kinds.map((kind): Cell[] => [
    kind.kind,
    String(kind.lesions),
    `${kind.hit} of ${kind.lesions}`,
    estimate(kind.auroc),
    estimate(kind.baselineHuDeviation),
  ])
  return htmlTable(
    'AUROC of the voxels of each lesion against body voxels farther than 16 mm from any, mean over lesions',
    ['Kind', 'Lesions', 'Hit', 'AUROC', 'Baseline AUROC'],
    rows,
  )
}

/** Share of lesion-free voxels above each level, over what it should be; a region a row. */
export function calibrationTable(calibration: readonly RegionCalibration[]): string {
  const levels = [...new Set(calibration.map(({ level }) => level))]
  const regions = [...new Set(calibration.map(({ region }) => region))]
  const rows = regions.map((region): Cell[] => {
    const ofRegion = calibration.filter((one) => one.region === region)
    const ratios = levels.map((level) => ratioCell(ofRegion.find((one) => one.level === level)))
    return [REGIONS[region], (ofRegion[0]?.voxels ?? 0).toLocaleString('en-US'), ...ratios]
  })
  const titles = levels.map((level) => `Above ${level}`)
  return htmlTable(
    'Share of lesion-free body voxels at or above a level, divided by the share it promises: 1 where levels mean what they say; marked where it is off by more than 30 %',
    ['Region', 'Voxels', ...titles],
    rows,
  )
}

function ratioCell(one: RegionCalibration | undefined): Cell {
  if (!one?.ratio) return NONE
  const { value, ci } = one.ratio
  const off = Math.abs(value - 1) > CALIBRATED_WITHIN
  const text = `${value.toPrecision(2)}${off ? ' !' : ''}`
  return { html: `<span${off ? ' class="bad"' : ''}>${text}</span>${interval(ci, 2)}` }
}

export function caseTable(cases: readonly MeasuredCase[]): string {
  const header = [
    'Case',
    'Lesions, mL',
    'AUROC',
    'Baseline AUROC',
    'AUROC, all voxels',
    'AUROC, ring',
    'Average precision',
    'AUPRO',
    'Best Dice',
    'Lesions hit',
    'Findings on lesions',
    'Time, s',
  ]
  const rows = cases.map((c): Cell[] => [
    c.case,
    c.lesionMl.toFixed(1),
    decimals(c.auroc),
    decimals(c.baselineHuDeviation.auroc),
    decimals(c.aurocAll),
    decimals(c.aurocRing),
    decimals(c.averagePrecision),
    decimals(c.aupro),
    decimals(c.bestDice.dice),
    `${c.findings.lesionsHit} of ${c.findings.lesions}`,
    `${c.findings.onLesion} of ${c.findings.count}`,
    c.seconds.toFixed(1),
  ])
  return htmlTable('In order of name', header, rows)
}

/** Cases that could not be measured, with the reason; '' where there are none. */
export function failureList(cases: readonly CaseResult[]): string {
  const failed = cases.filter((result) => !result.ok)
  const items = failed.map(
    (result) => `<li><strong>${escapeHtml(result.case)}</strong>: ${escapeHtml(result.error)}</li>`,
  )
  return items.length === 0 ? '' : `<ul>${items.join('\n')}</ul>`
}

function decimals(value: number | null): Cell {
  return value === null ? NONE : value.toFixed(3)
}

function estimate(figure: Estimate | null): Cell {
  if (figure === null) return NONE
  return { html: `${figure.value.toFixed(3)}${interval(figure.ci, 3)}` }
}

function interval(ci: Estimate['ci'], digits: 2 | 3): string {
  if (ci === null) return ''
  const [from, to] = ci.map((value) => (digits === 3 ? value.toFixed(3) : value.toPrecision(digits)))
  return ` <span class="interval">[${from}, ${to}]</span>`
}
