import { CALIBRATION_LEVELS, REGIONS } from './metrics/calibrationByRegion.ts'
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
} from './types.ts'

const WIDTH = 120
/** Keeps the widest table within it. */
const LONGEST_NAME = 33

const FIGURES: readonly (readonly [MeanFigure, string])[] = [
  ['auroc', 'AUROC'],
  ['aurocAll', 'AUROC, all voxels'],
  ['aurocRing', 'AUROC, ring'],
  ['averagePrecision', 'average precision'],
  ['aupro', 'AUPRO'],
  ['sensitivityAt95', 'sensitivity'],
  ['bestDice', 'best Dice'],
]

const REGION_NAMES: Record<Region, string> = {
  lung: 'lung',
  softTissue: 'soft tissue',
  bone: 'bone',
  rim: 'rim',
}

/**
 * An evaluation as Markdown tables whose columns line up, so that they read as well on a terminal, at most 120
 * columns wide; with what made it above, and how to read it and the failed cases below. Ends with a newline.
 */
export function evaluationTable(evaluation: Evaluation): string {
  const { notice, model, device, seed, froc, calibration, kinds } = evaluation
  const measured = evaluation.cases.filter((result) => result.ok)
  const lines = [
    `Model ${model.name} ${model.version} (${model.hash.slice(0, 12)}) on ${device}, seed ${seed}. ${notice}.`,
    '',
    ...rankingTable(measured),
    '',
    ...segmentationTable(measured),
    '',
    ...captions(evaluation),
    ...(measured.length > 0 ? ['', ...summaryTable(evaluation)] : []),
    ...(kinds ? ['', ...kindTable(kinds)] : []),
    ...(froc ? ['', ...frocTable(froc, evaluation.minVolumeMl)] : []),
    ...(calibration ? ['', ...calibrationTable(calibration)] : []),
    ...failures(evaluation.cases),
  ]
  return `${lines.join('\n')}\n`
}

function rankingTable(cases: readonly MeasuredCase[]): string[] {
  const header = ['case', 'lesion, mL', 'AUROC', 'base', 'all', 'base', 'ring', 'base', 'hit', 'time, s']
  const rows = cases.map((result) => {
    const { baselineHuDeviation: baseline, findings } = result
    return [
      caseName(result.case),
      result.lesionMl.toFixed(1),
      ...[result.auroc, baseline.auroc, result.aurocAll, baseline.aurocAll].map(ratio),
      ...[result.aurocRing, baseline.aurocRing].map(ratio),
      `${findings.lesionsHit} of ${findings.lesions}`,
      result.seconds.toFixed(1),
    ]
  })
  return alignedTable([header, ...rows])
}

function segmentationTable(cases: readonly MeasuredCase[]): string[] {
  const header = ['case', 'AP', 'base', 'AUPRO', 'base', 'sens.', 'base', 'Dice', 'best', 'base', 'false']
  const rows = cases.map((result) => {
    const { baselineHuDeviation: baseline, findings } = result
    return [
      caseName(result.case),
      ...[result.averagePrecision, baseline.averagePrecision, result.aupro, baseline.aupro].map(ratio),
      ...[result.sensitivityAt95, baseline.sensitivityAt95].map(ratio),
      ...[result.atLevel.dice, result.bestDice.dice, baseline.bestDice.dice].map(ratio),
      `${findings.count - findings.onLesion} of ${findings.count}`,
    ]
  })
  return alignedTable([header, ...rows])
}

function captions({ samplesPerClass, level, minVolumeMl }: Evaluation): string[] {
  const samples = samplesPerClass.toLocaleString('en-US')
  return [
    ...wrapped(
      `AUROC: voxels inside the mask against other body voxels, at most ${samples} of each per scan; all: every voxel of the body; ring: only those 6 to 30 mm from a lesion. AP: average precision. AUPRO: per-region overlap to a false positive rate of 0.3. Sens.: sensitivity at 95 % specificity. Dice: at level ${level}, and at the best level.`,
    ),
    ...wrapped(
      'Base: the baseline |HU − mean| / sd over the body voxels of the same scan, on the same voxels. A model must beat it.',
    ),
    ...wrapped(
      `Hit: lesions that findings at level ${level} of at least ${minVolumeMl} mL touch; false: those findings that touch none. The masks mark one kind of lesion: whatever else is unusual counts as false, and need not be.`,
    ),
  ]
}

function summaryTable({ mean, pooled, cases }: Evaluation): string[] {
  if (mean === null || pooled === null) return []
  const header = ['over the cases', 'model', '95 % CI', 'base', '95 % CI']
  const row = (name: string, model: Estimate | null, baseline: Estimate | null) => [
    name,
    ...withInterval(model),
    ...withInterval(baseline),
  ]
  const { baselineHuDeviation: meanBaseline } = mean
  const { baselineHuDeviation: pooledBaseline } = pooled
  const rows = [
    ...FIGURES.map(([figure, name]) => row(`mean ${name}`, mean[figure], meanBaseline[figure])),
    row('mean Dice', mean.dice, null),
    row('pooled AUROC', pooled.auroc, pooledBaseline.auroc),
    row('pooled sensitivity', pooled.sensitivityAt95, pooledBaseline.sensitivityAt95),
    row('pooled Dice', pooled.dice, null),
  ]
  const measured = cases.filter((result) => result.ok).length
  return [
    ...alignedTable([header, ...rows]),
    '',
    ...wrapped(
      `Over ${measured} ${measured === 1 ? 'case' : 'cases'}; "pooled" puts the samples (for Dice, the voxels) of all scans together. CI: bootstrap over the cases, none for fewer than three.`,
    ),
  ]
}

function kindTable(kinds: readonly KindFigures[]): string[] {
  const header = ['lesions by kind', 'lesions', 'hit', 'AUROC', '95 % CI', 'base', '95 % CI']
  const rows = kinds.map((kind) => [
    caseName(kind.kind),
    String(kind.lesions),
    String(kind.hit),
    ...withInterval(kind.auroc),
    ...withInterval(kind.baselineHuDeviation),
  ])
  return [
    ...alignedTable([header, ...rows]),
    '',
    'Mean AUROC of the lesions, each against body voxels farther than 16 mm from every lesion.',
  ]
}

function frocTable({ rates, meanSensitivity, lesions, scans }: Froc, minVolumeMl: number): string[] {
  const header = ['false findings per scan', 'lesions hit', '95 % CI', 'level']
  const rows = rates.map(({ falsePositivesPerScan, sensitivity, level }) => [
    `≤ ${falsePositivesPerScan}`,
    ...withInterval(sensitivity),
    level === null ? 'not reached' : level.toPrecision(6).replace(/\.?0+$/, ''),
  ])
  rows.push(['mean of those reached', ...withInterval(meanSensitivity), ''])
  return [
    ...alignedTable([header, ...rows]),
    '',
    ...wrapped(
      `Share of ${lesions} lesions in ${scans} ${scans === 1 ? 'scan' : 'scans'} that a finding of at least ${minVolumeMl} mL touches, where the level is lowered until there are as many false findings.`,
    ),
  ]
}

function calibrationTable(calibration: readonly RegionCalibration[]): string[] {
  const header = [
    'normal voxels above level',
    'voxels',
    ...CALIBRATION_LEVELS.flatMap((level) => [`of ${level}`, '95 % CI']),
  ]
  const rows = REGIONS.map((region) => {
    const levels = calibration.filter((entry) => entry.region === region)
    return [
      REGION_NAMES[region],
      levels[0].voxels.toLocaleString('en-US'),
      ...levels.flatMap((entry) => withInterval(entry.ratio, 2)),
    ]
  })
  return [
    ...alignedTable([header, ...rows]),
    '',
    ...wrapped(
      'Their share, divided by the share that the level promises (1 in 100, 1,000, 10,000): 1 where levels mean what they say. Body voxels more than 10 mm from every lesion; rim: within 10 mm of the surface of the body or the end of the scan.',
    ),
  ]
}

function failures(cases: readonly CaseResult[]): string[] {
  const failed = cases.filter((result) => !result.ok)
  if (failed.length === 0) return []
  return ['', 'Not measured:', ...failed.map((result) => `- ${result.case}: ${result.error}`)]
}

function caseName(name: string): string {
  const short = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name
  return short.replaceAll('|', '\\|')
}

function ratio(value: number | null): string {
  return value === null ? '' : value.toFixed(3)
}

/** A paragraph in lines of at most WIDTH characters. */
function wrapped(text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= WIDTH)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Two cells. */
function withInterval(estimate: Estimate | null, digits = 3): string[] {
  if (estimate === null) return ['', '']
  const { value, ci } = estimate
  return [value.toFixed(digits), ci === null ? '' : `${ci[0].toFixed(digits)} to ${ci[1].toFixed(digits)}`]
}

/** Markdown table: first column to the left, numbers to the right. */
function alignedTable([header, ...rows]: string[][]): string[] {
  const widths = header.map((name, column) =>
    Math.max(name.length, 3, ...rows.map((row) => row[column].length)),
  )
  const line = (row: string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join(' | ')} |`
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [line(header), rule, ...rows.map(line)]
}
