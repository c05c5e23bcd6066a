import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WorkstationError } from '../../../main/errors.ts'
import {
  type CaseRecord,
  type EvaluateOptions,
  type EvaluationProgress,
  evaluate,
  type MeasuredCase,
  type ScoredScan,
} from '../../../main/evaluation/evaluate.ts'
import { evaluationTable } from '../../../main/evaluation/table.ts'
import { levelOf } from '../../../main/findings/level.ts'
import { openCt } from '../../../main/imaging/open.ts'
import golden from '../../golden/evaluation/cases.json' with { type: 'json' }

const GOLDEN_CASES = fileURLToPath(new URL('../../golden/evaluation/cases/', import.meta.url))
const LEFT_HANDED = 'left_handed_mm'
const OBLIQUE = 'oblique_mm'
/** Where a case has body and no lesion: offsets of voxels. */
const IGNORED = [240, 278] as const

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evaluate-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** The golden's score map in place of a model's. */
async function screenFromGolden(ctPath: string, name = basename(dirname(ctPath))): Promise<ScoredScan> {
  const stored = golden.cases.find((c) => c.case === name)!
  const { volume } = await openCt(ctPath)
  return {
    grid: volume,
    score: new Float32Array(bytes(stored.score).buffer),
    scored: bytes(stored.scored),
  }
}

function bytes(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(base64, 'base64'))
}

function options(change: Partial<EvaluateOptions> = {}): EvaluateOptions {
  return {
    model: { name: 'small', version: '1.0.0', hash: 'c'.repeat(64), calibration: golden.calibration },
    device: 'cpu',
    level: golden.level,
    minVolumeMl: golden.minVolumeMl,
    read: openCt,
    screen: (ctPath) => screenFromGolden(ctPath),
    ...change,
  }
}

function putCase(from: string, name: string): string {
  cpSync(join(GOLDEN_CASES, from), join(folder, name), { recursive: true })
  return join(folder, name)
}

describe('evaluation', () => {
  it('matches nibabel, scipy and scikit-learn', async () => {
    const { cases, pooled, mean } = await evaluate(GOLDEN_CASES, options())
    expect(cases.map((result) => result.case)).toEqual(golden.cases.map((c) => c.case))
    for (const [index, expected] of golden.cases.entries()) {
      const found = cases[index] as MeasuredCase
      expect(found).toMatchObject({
        ok: true,
        voxels: 12 * 10 * 8,
        bodyVoxels: expected.bodyVoxels,
        lesionVoxels: expected.lesionVoxels,
        lesionVoxelsUnscored: expected.lesionVoxelsUnscored,
        findings: expected.findings,
      })
      expect(found.lesionMl).toBeCloseTo(expected.lesionMl, 6)
      // So few voxels are all in the sample.
      for (const area of ['auroc', 'aurocAll'] as const) {
        expect(found[area]).toBeCloseTo(expected.model, 12)
        expect(found.baselineHuDeviation[area]).toBeCloseTo(expected.baseline, 12)
      }
      for (const [metrics, golden] of [
        [found, expected.modelMetrics],
        [found.baselineHuDeviation, expected.baselineMetrics],
      ] as const) {
        for (const figure of ['averagePrecision', 'aupro', 'sensitivityAt95', 'aurocRing'] as const)
          expect(metrics[figure], figure).toBeCloseTo(golden[figure], 12)
        expect(metrics.bestDice.dice).toBeCloseTo(golden.bestDice.dice, 12)
        expect(metrics.bestDice.threshold).toBeCloseTo(golden.bestDice.threshold, 6)
      }
      expect(found.bestDice.level).toBeCloseTo(levelOf(found.bestDice.threshold, golden.calibration), 12)
      expect(found.atLevel.dice).toBeCloseTo(expected.atLevel.dice, 12)
      expect(found.atLevel).toMatchObject({ ...expected.atLevel, dice: expect.any(Number) })
      expect(found.froc).toEqual(expected.froc)
    }
    expect(pooled?.auroc.value).toBeCloseTo(golden.pooled.model, 12)
    expect(pooled?.baselineHuDeviation.auroc.value).toBeCloseTo(golden.pooled.baseline, 12)
    expect(mean?.auroc?.value).toBeCloseTo((golden.cases[0].model + golden.cases[1].model) / 2, 12)
    expect(mean?.baselineHuDeviation.aurocAll?.value).toBeCloseTo(
      (golden.cases[0].baseline + golden.cases[1].baseline) / 2,
      12,
    )
  })

  it('gives the same figures for the same seed, and says which it was', async () => {
    const untimed = (value: unknown) => JSON.stringify(value).replaceAll(/"seconds":[\d.e-]+/g, '')
    const first = await evaluate(GOLDEN_CASES, options({ seed: 3 }))
    expect(untimed(await evaluate(GOLDEN_CASES, options({ seed: 3 })))).toBe(untimed(first))
    expect(first).toMatchObject({ seed: 3, samplesPerClass: 1000, level: golden.level, device: 'cpu' })
    expect(first.notice).toMatch(/^Research use only/)
  })

  it('is plain JSON', async () => {
    const evaluation = await evaluate(GOLDEN_CASES, options())
    expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation)
  })

  it('takes up what was measured before, and gives the same figures', async () => {
    const stored = new Map<string, string>()
    const screened: string[] = []
    const records = {
      load: async (name: string) => JSON.parse(stored.get(name) ?? 'null') ?? undefined,
      save: async (record: CaseRecord) => {
        stored.set(record.result.case, JSON.stringify(record))
      },
    }
    const screen = (ctPath: string) => {
      screened.push(basename(dirname(ctPath)))
      return screenFromGolden(ctPath)
    }
    const first = await evaluate(GOLDEN_CASES, options({ records, screen }))
    stored.delete(OBLIQUE)
    const { cases, ...figures } = await evaluate(GOLDEN_CASES, options({ records, screen }))
    expect(screened).toEqual([LEFT_HANDED, OBLIQUE, OBLIQUE])
    expect(cases[0]).toEqual(first.cases[0])
    expect(figures).toEqual({ ...first, cases: undefined })
  })

  it('leaves out what lesions.json ignores, as if the model had not scored it', async () => {
    const measure = async (name: string, kinds: string, screen: EvaluateOptions['screen']) => {
      const file = join(putCase(LEFT_HANDED, name), 'mask.nii.gz')
      const mask = gunzipSync(readFileSync(file))
      // After the header: a second label beside the lesion's.
      const voxels = mask.subarray(mask.readFloatLE(108))
      expect(voxels.subarray(...IGNORED).some((value) => value !== 0)).toBe(false)
      voxels.fill(2, ...IGNORED)
      writeFileSync(file, gzipSync(mask))
      writeFileSync(join(folder, name, 'lesions.json'), kinds)
      const { cases } = await evaluate(folder, options({ screen }))
      return cases.find((found) => found.case === name) as MeasuredCase
    }
    const screen: EvaluateOptions['screen'] = (ctPath) => screenFromGolden(ctPath, LEFT_HANDED)
    const ignored = await measure('a', '{"3": "node", "2": "ignore"}', screen)
    rmSync(join(folder, 'a'), { recursive: true })
    const unscored = await measure('a', '{"3": "node", "2": null}', async (ctPath) => {
      const scan = await screen(ctPath)
      scan.scored.fill(0, ...IGNORED)
      scan.score.fill(golden.calibration.score[0], ...IGNORED)
      return scan
    })
    expect({ ...ignored, seconds: 0 }).toEqual({ ...unscored, seconds: 0 })
    rmSync(join(folder, 'a'), { recursive: true })
    const counted = await measure('a', '{"3": "node", "2": null}', screen)
    expect(counted.bodyVoxels).toBeGreaterThan(ignored.bodyVoxels)
  })

  it('gives intervals over three cases and more', async () => {
    for (const name of ['a', 'b', 'c', 'd']) putCase(name < 'c' ? LEFT_HANDED : OBLIQUE, name)
    const screen = (ctPath: string) =>
      screenFromGolden(ctPath, basename(dirname(ctPath)) < 'c' ? LEFT_HANDED : OBLIQUE)
    const { pooled, mean, froc } = await evaluate(folder, options({ screen }))
    for (const estimate of [pooled?.auroc, pooled?.dice, mean?.aupro, mean?.dice, froc?.meanSensitivity]) {
      const [low, high] = estimate?.ci ?? []
      expect(low).toBeLessThanOrEqual(estimate?.value ?? Number.NaN)
      expect(high).toBeGreaterThanOrEqual(estimate?.value ?? Number.NaN)
    }
    // All of either kind are alike, so no draw gives more or less than one of them.
    const [low, high] = [0, 1].map((n) => golden.cases[n].model).sort((a, b) => a - b)
    expect(mean?.auroc?.ci?.[0]).toBeCloseTo(low, 12)
    expect(mean?.auroc?.ci?.[1]).toBeCloseTo(high, 12)
  })

  it('reports a broken case with its sentence and goes on', async () => {
    putCase(LEFT_HANDED, LEFT_HANDED)
    mkdirSync(join(folder, 'a_empty'))
    rmSync(join(putCase(OBLIQUE, 'b_no_mask'), 'mask.nii.gz'))
    const otherGrid = putCase(OBLIQUE, 'c_other_grid')
    cpSync(join(GOLDEN_CASES, LEFT_HANDED, 'mask.nii.gz'), join(otherGrid, 'mask.nii.gz'))
    writeFileSync(join(putCase(OBLIQUE, 'd_damaged'), 'ct.nii.gz'), 'not a scan')
    putCase(OBLIQUE, OBLIQUE)
    writeFileSync(join(folder, 'README.md'), 'not a case')

    const { cases, mean } = await evaluate(folder, options())
    expect(cases.map((c) => [c.case, c.ok || c.code])).toEqual([
      ['a_empty', 'input/case-incomplete'],
      ['b_no_mask', 'input/case-incomplete'],
      ['c_other_grid', 'input/mask-grid'],
      ['d_damaged', expect.stringMatching(/^input\//)],
      [LEFT_HANDED, true],
      [OBLIQUE, true],
    ])
    expect(cases[1]).toMatchObject({ error: 'The case has no mask.nii.gz.' })
    expect(cases[2]).toMatchObject({
      error: /does not lie on the CT: its position, orientation or voxel size/,
    })
    expect(mean?.auroc?.value).toBeCloseTo((golden.cases[0].model + golden.cases[1].model) / 2, 12)
  })

  it('goes on after an engine that died on one scan, and after an error of the program', async () => {
    const screen = async (ctPath: string) => {
      if (ctPath.includes(LEFT_HANDED)) throw new WorkstationError('engine/died', 'The engine stopped.')
      throw new TypeError('x is undefined')
    }
    const { cases, pooled, mean } = await evaluate(GOLDEN_CASES, options({ screen }))
    expect(cases).toMatchObject([
      { ok: false, code: 'engine/died', error: 'The engine stopped.' },
      { ok: false, code: 'unexpected', detail: /x is undefined/ },
    ])
    expect({ pooled, mean }).toEqual({ pooled: null, mean: null })
  })

  it.each(['cancelled', 'model/file-changed', 'usage/device'] as const)('ends with %s', async (code) => {
    const screen = async () => {
      throw new WorkstationError(code, 'A sentence.')
    }
    await expect(evaluate(GOLDEN_CASES, options({ screen }))).rejects.toMatchObject({ code })
  })

  it('refuses a score map with values that are not numbers', async () => {
    const screen = async (ctPath: string) => {
      const scan = await screenFromGolden(ctPath)
      scan.score[5] = Number.NaN
      return scan
    }
    const { cases } = await evaluate(GOLDEN_CASES, options({ screen }))
    expect(cases).toMatchObject([{ code: 'engine/invalid-score' }, { code: 'engine/invalid-score' }])
  })

  it('refuses a folder without cases, and one that is not there', async () => {
    await expect(evaluate(folder, options())).rejects.toMatchObject({ code: 'input/no-cases' })
    await expect(evaluate(join(folder, 'missing'), options())).rejects.toMatchObject({
      code: 'input/unreadable',
    })
  })

  it('refuses a level or a calibration that makes no sense before the first scan', async () => {
    const screen = async () => {
      throw new Error('must not be reached')
    }
    await expect(evaluate(GOLDEN_CASES, options({ screen, level: 101 }))).rejects.toMatchObject({
      code: 'usage/level',
    })
  })

  it('says where it is', async () => {
    const seen: EvaluationProgress[] = []
    await evaluate(GOLDEN_CASES, options({ onProgress: (progress) => seen.push(progress) }))
    expect(seen.map(({ case: name, index, total, stage }) => [name, index, total, stage])).toEqual(
      [LEFT_HANDED, OBLIQUE].flatMap((name, i) =>
        ['reading', 'screening', 'measuring', 'done'].map((stage) => [name, i + 1, 2, stage]),
      ),
    )
    expect(seen.filter((progress) => progress.result?.ok)).toHaveLength(2)
  })
})

describe('evaluation table', () => {
  it('is Markdown with the baseline beside the model, in columns that line up', async () => {
    const text = evaluationTable(await evaluate(GOLDEN_CASES, options()))
    for (const table of tables(text)) {
      expect(new Set(table.map((row) => row.join('|').length)).size).toBe(1)
      expect(new Set(table.map((row) => row.length)).size).toBe(1)
    }
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120)
    const [ranking, , summary] = tables(text).map((table) =>
      table.map((row) => row.map((cell) => cell.trim())),
    )
    expect(ranking[0].slice(0, 5)).toEqual(['case', 'lesion, mL', 'AUROC', 'base', 'all'])
    const [first] = golden.cases
    expect(ranking[2].slice(0, 5)).toEqual([
      first.case,
      first.lesionMl.toFixed(1),
      first.model.toFixed(3),
      first.baseline.toFixed(3),
      first.model.toFixed(3),
    ])
    expect(summary.find(([name]) => name === 'pooled AUROC')).toEqual([
      'pooled AUROC',
      golden.pooled.model.toFixed(3),
      '',
      golden.pooled.baseline.toFixed(3),
      '',
    ])
    expect(text).toContain('Model small 1.0.0 (cccccccccccc) on cpu, seed 0. Research use only')
    expect(text).not.toContain('Not measured')
  })

  it('lists the cases that were not measured, with their sentences', async () => {
    mkdirSync(join(folder, 'empty'))
    const text = evaluationTable(await evaluate(folder, options()))
    expect(text).toMatch(/Not measured:\n- empty: The case has no ct\.nii\.gz\.\n$/)
    expect(text).not.toContain('pooled')
  })
})

/** Cells of every Markdown table of a text, as they stand. */
function tables(text: string): string[][][] {
  return text
    .split('\n\n')
    .filter((part) => part.startsWith('|'))
    .map((part) => part.split('\n').map((line) => line.split('|').slice(1, -1)))
}
