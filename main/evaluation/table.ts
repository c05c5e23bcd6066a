import type { CaseResult, Evaluation, MeasuredCase } from './evaluate.ts'

const HEADER = [
  'case',
  'lesion, mL',
  'AUROC',
  'AUROC, all voxels',
  'baseline AUROC',
  'baseline, all voxels',
  'lesions hit',
  'findings on lesion',
  'time, s',
]

/**
 * An evaluation as a Markdown table whose columns line up, so that it reads as well on a terminal; with what made
 * it above, and how to read it and the failed cases below. Ends with a newline.
 */
export function evaluationTable(evaluation: Evaluation): string {
  const { notice, model, device, seed, level, minVolumeMl, samplesPerClass, mean, pooled } = evaluation
  const samples = samplesPerClass.toLocaleString('en-US')
  const measured = evaluation.cases.filter((result) => result.ok)
  const rows = measured.map(caseRow)
  if (mean !== null) {
    const { baselineHuDeviation: baseline } = mean
    rows.push(
      summaryRow('mean', [mean.auroc, mean.aurocAll, baseline.auroc, baseline.aurocAll]),
      summaryRow('pooled', [pooled?.auroc, undefined, pooled?.baselineHuDeviation, undefined]),
    )
  }
  const lines = [
    `Model ${model.name} ${model.version} (${model.hash.slice(0, 12)}) on ${device}, seed ${seed}. ${notice}.`,
    '',
    ...alignedTable([HEADER, ...rows]),
    '',
    `AUROC: voxels inside the mask against other body voxels, at most ${samples} of each per scan; "pooled" puts the samples of all scans together.`,
    'Baseline: |HU − mean| / sd over the body voxels of the same scan, on the same voxels. A model must beat it.',
    `Hits: findings at level ${level} of at least ${minVolumeMl} mL that touch the mask. The masks mark one kind of lesion: other findings need not be false.`,
    ...failures(evaluation.cases),
  ]
  return `${lines.join('\n')}\n`
}

function caseRow(result: MeasuredCase): string[] {
  const { baselineHuDeviation: baseline, findings } = result
  return [
    result.case.replaceAll('|', '\\|'),
    result.lesionMl.toFixed(1),
    ratio(result.auroc),
    ratio(result.aurocAll),
    ratio(baseline.auroc),
    ratio(baseline.aurocAll),
    `${findings.lesionsHit} of ${findings.lesions}`,
    `${findings.onLesion} of ${findings.count}`,
    result.seconds.toFixed(1),
  ]
}

function summaryRow(name: string, values: readonly (number | undefined)[]): string[] {
  return [`**${name}**`, '', ...values.map(ratio), '', '', '']
}

function ratio(value: number | undefined): string {
  return value === undefined ? '' : value.toFixed(3)
}

function failures(cases: readonly CaseResult[]): string[] {
  const failed = cases.filter((result) => !result.ok)
  if (failed.length === 0) return []
  return ['', 'Not measured:', ...failed.map((result) => `- ${result.case}: ${result.error}`)]
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
