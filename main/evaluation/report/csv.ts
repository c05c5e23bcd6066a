import { type Column, field } from '../../exporting/findingsCsv.ts'
import { asciiText } from '../../exporting/scanNotes.ts'
import type { CaseResult, Evaluation, LabelledLesion, MeasuredCase } from '../types.ts'

/** A case, or one lesion of it that has a label of its own. */
type Row = { evaluation: Evaluation; case: CaseResult; lesion?: LabelledLesion }

const CASE_AND_LESION: readonly Column<Row>[] = [
  { name: 'row', value: ({ lesion }) => (lesion ? 'lesion' : 'case') },
  { name: 'case', value: (row) => row.case.case },
  { name: 'label', value: ({ lesion }) => lesion?.label ?? '' },
  { name: 'kind', value: ({ lesion }) => lesion?.kind ?? '' },
  {
    name: 'auroc',
    value: lesionOr(
      (lesion) => lesion.auroc,
      (c) => c.auroc,
    ),
  },
  {
    name: 'baseline_auroc',
    value: lesionOr(
      (lesion) => lesion.baselineHuDeviation,
      (c) => c.baselineHuDeviation.auroc,
    ),
  },
  {
    name: 'volume_ml',
    value: lesionOr(
      (lesion) => lesion.volumeMl,
      (c) => c.lesionMl,
    ),
  },
  {
    name: 'voxels',
    value: lesionOr(
      (lesion) => lesion.voxels,
      (c) => c.lesionVoxels,
    ),
  },
  {
    name: 'hit',
    value: lesionOr(
      (lesion) => Number(lesion.hit),
      (c) => Number(c.findings.lesionHit),
    ),
  },
]

const CASE_ONLY: readonly Column<Row>[] = [
  { name: 'lesions', value: ofCase((c) => c.findings.lesions) },
  { name: 'lesions_hit', value: ofCase((c) => c.findings.lesionsHit) },
  { name: 'findings', value: ofCase((c) => c.findings.count) },
  { name: 'findings_on_lesion', value: ofCase((c) => c.findings.onLesion) },
  { name: 'auroc_all', value: ofCase((c) => c.aurocAll) },
  { name: 'baseline_auroc_all', value: ofCase((c) => c.baselineHuDeviation.aurocAll) },
  { name: 'auroc_ring', value: ofCase((c) => c.aurocRing) },
  { name: 'baseline_auroc_ring', value: ofCase((c) => c.baselineHuDeviation.aurocRing) },
  { name: 'average_precision', value: ofCase((c) => c.averagePrecision) },
  { name: 'baseline_average_precision', value: ofCase((c) => c.baselineHuDeviation.averagePrecision) },
  { name: 'aupro', value: ofCase((c) => c.aupro) },
  { name: 'baseline_aupro', value: ofCase((c) => c.baselineHuDeviation.aupro) },
  { name: 'sensitivity_at_95', value: ofCase((c) => c.sensitivityAt95) },
  { name: 'baseline_sensitivity_at_95', value: ofCase((c) => c.baselineHuDeviation.sensitivityAt95) },
  { name: 'dice_at_level', value: ofCase((c) => c.atLevel.dice) },
  { name: 'best_dice', value: ofCase((c) => c.bestDice.dice) },
  { name: 'best_dice_level_percentile', value: ofCase((c) => c.bestDice.level) },
  { name: 'baseline_best_dice', value: ofCase((c) => c.baselineHuDeviation.bestDice.dice) },
  { name: 'body_voxels', value: ofCase((c) => c.bodyVoxels) },
  { name: 'lesion_voxels_unscored', value: ofCase((c) => c.lesionVoxelsUnscored) },
  { name: 'seconds', value: ofCase((c) => c.seconds) },
  { name: 'not_measured', value: (row) => (row.case.ok ? '' : row.case.error) },
]

const MADE_BY: readonly Column<Row>[] = [
  { name: 'model', value: ({ evaluation: { model } }) => `${model.name} ${model.version}` },
  { name: 'model_hash', value: ({ evaluation }) => evaluation.model.hash },
  { name: 'device', value: ({ evaluation }) => evaluation.device },
  { name: 'seed', value: ({ evaluation }) => evaluation.seed },
  { name: 'threshold_level_percentile', value: ({ evaluation }) => evaluation.level },
  { name: 'smallest_volume_ml', value: ({ evaluation }) => evaluation.minVolumeMl },
  { name: 'notice', value: ({ evaluation }) => asciiText(evaluation.notice) },
]

/** Figures hold no more than this; sixteen digits are noise in a table. */
const DECIMALS = 6

/**
 * An evaluation as CSV (RFC 4180, UTF-8): one row per case, `row` being "case", and after it one per lesion that has
 * a label, `row` being "lesion", which has the columns up to `hit` only. An AUROC of a lesion is that of its own
 * voxels against body voxels farther than 16 mm from any lesion. A figure that is not defined is empty.
 */
export function evaluationCsv(evaluation: Evaluation): string {
  const columns = [...CASE_AND_LESION, ...CASE_ONLY, ...MADE_BY]
  const rows = evaluation.cases.flatMap((result): Row[] => {
    const lesions = result.ok ? (result.labelled ?? []) : []
    const row = { evaluation, case: result }
    return [row, ...lesions.map((lesion) => ({ ...row, lesion }))]
  })
  const lines = [
    columns.map((column) => column.name),
    ...rows.map((row) => columns.map((column) => field(rounded(column.value(row))))),
  ]
  return lines.map((line) => `${line.join(',')}\r\n`).join('')
}

function rounded(value: number | string): number | string {
  return typeof value === 'number' ? Number(value.toFixed(DECIMALS)) : value
}

function ofCase(value: (measured: MeasuredCase) => number | null): Column<Row>['value'] {
  return (row) => (row.lesion || !row.case.ok ? '' : (value(row.case) ?? ''))
}

function lesionOr(
  ofLesion: (lesion: LabelledLesion) => number | null,
  otherwise: (measured: MeasuredCase) => number | null,
): Column<Row>['value'] {
  return (row) => (row.lesion ? (ofLesion(row.lesion) ?? '') : ofCase(otherwise)(row))
}
