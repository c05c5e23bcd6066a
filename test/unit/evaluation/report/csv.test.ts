import { beforeAll, describe, expect, it } from 'vitest'
import type { Evaluation } from '../../../../main/evaluation/evaluate.ts'
import { evaluationCsv } from '../../../../main/evaluation/report/csv.ts'
import { evaluatedSample } from './sample.ts'

let evaluation: Evaluation
beforeAll(async () => {
  evaluation = (await evaluatedSample()).evaluation
})

/** Rows by column name; for fields without line ends. */
function rowsOf(csv: string): Record<string, string>[] {
  const [header, ...lines] = csv.trimEnd().split('\r\n')
  const cells = (line: string) =>
    [...line.matchAll(/("(?:[^"]|"")*"|[^",]*)(,|$)/g)]
      .slice(0, header.split(',').length)
      .map(([, cell]) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell))
  return lines.map((line) => Object.fromEntries(cells(line).map((cell, i) => [header.split(',')[i], cell])))
}

describe('the CSV of an evaluation', () => {
  it('has a row for each case, with the figures that were measured and what measured them', () => {
    const rows = rowsOf(evaluationCsv(evaluation))
    expect(rows.map((row) => [row.row, row.case])).toEqual(evaluation.cases.map((c) => ['case', c.case]))
    for (const [i, result] of evaluation.cases.entries()) {
      if (!result.ok) throw new Error(result.error)
      expect(Number(rows[i].auroc)).toBeCloseTo(result.auroc, 6)
      expect(Number(rows[i].baseline_aupro)).toBeCloseTo(result.baselineHuDeviation.aupro, 6)
      expect(Number(rows[i].volume_ml)).toBeCloseTo(result.lesionMl, 6)
      expect(rows[i].lesions_hit).toBe(String(result.findings.lesionsHit))
    }
    expect(rows[0]).toMatchObject({
      model: 'small 1.0.0',
      model_hash: 'c'.repeat(64),
      device: 'cpu',
      seed: '0',
      notice: 'Research use only - not for diagnosis',
    })
  })

  it('has a row for each labelled lesion after its case', () => {
    const [first, second] = evaluation.cases
    const lesion = { voxels: 40, volumeMl: 0.25, auroc: 0.875, baselineHuDeviation: null, hit: true }
    const labelled = [
      { ...lesion, label: 1, kind: 'nodule solid' },
      { ...lesion, label: 4, kind: 'node', auroc: null, hit: false },
    ]
    const cases = [{ ...first, labelled } as Evaluation['cases'][0], second]
    const rows = rowsOf(evaluationCsv({ ...evaluation, cases }))
    expect(
      rows.map(({ row, label, kind, auroc, hit }) => [row, label, kind, auroc, hit].join()).slice(1, 3),
    ).toEqual(['lesion,1,nodule solid,0.875,1', 'lesion,4,node,,0'])
    expect(rows[1]).toMatchObject({
      case: first.case,
      volume_ml: '0.25',
      voxels: '40',
      findings: '',
      aupro: '',
    })
    expect(rows).toHaveLength(4)
  })

  it('gives the sentence of a case that was not measured, and no figures', () => {
    const failed = { case: 'a', ok: false, code: 'input/mask-grid', error: 'It is off, by "2" mm.' } as const
    const [row] = rowsOf(evaluationCsv({ ...evaluation, cases: [failed] }))
    expect(row).toMatchObject({ not_measured: 'It is off, by "2" mm.', auroc: '', seconds: '', hit: '' })
  })

  it('runs no formula in a spreadsheet', () => {
    const failed = { case: '=HYPERLINK("x")', ok: false, code: 'unexpected', error: '@SUM(A1)' } as const
    const [row] = rowsOf(evaluationCsv({ ...evaluation, cases: [failed] }))
    expect(row).toMatchObject({ case: `'=HYPERLINK("x")`, not_measured: "'@SUM(A1)" })
  })
})
