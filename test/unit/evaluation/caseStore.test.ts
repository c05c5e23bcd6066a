import { cpSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WorkstationError } from '../../../main/errors.ts'
import {
  type CaseStore,
  type MeasuredWith,
  openCaseStore,
  type StoredCase,
} from '../../../main/evaluation/caseStore.ts'
import { type Evaluation, evaluate, type ScoredScan } from '../../../main/evaluation/evaluate.ts'
import { drawCase } from '../../../main/evaluation/report/casePicture.ts'
import { openCt } from '../../../main/imaging/open.ts'
import golden from '../../golden/evaluation/cases.json' with { type: 'json' }

const GOLDEN_CASES = fileURLToPath(new URL('../../golden/evaluation/cases/', import.meta.url))
const NAMES = ['left_handed_mm', 'oblique_mm']

let folder: string
let cases: string
let dir: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'))
  cases = join(folder, 'cases')
  dir = join(folder, 'measured')
  cpSync(GOLDEN_CASES, cases, { recursive: true })
})
afterEach(() => rmSync(folder, { recursive: true }))

const MEASURED_WITH: MeasuredWith = {
  modelHash: 'c'.repeat(64),
  device: 'cpu',
  seed: 0,
  level: golden.level,
  minVolumeMl: golden.minVolumeMl,
}

/** The golden's score map in place of a model's. */
async function goldenScan(ctPath: string): Promise<ScoredScan> {
  const stored = golden.cases.find((c) => c.case === basename(dirname(ctPath)))!
  const bytes = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'))
  const { volume } = await openCt(ctPath)
  return {
    grid: volume,
    score: new Float32Array(bytes(stored.score).buffer),
    scored: bytes(stored.scored),
  }
}

/** Evaluates with a store; `screened` lists the cases that had to be measured. */
async function run(
  store: CaseStore,
  screen = goldenScan,
): Promise<{ evaluation: Evaluation; screened: string[] }> {
  const { modelHash: hash, device, seed, level, minVolumeMl } = MEASURED_WITH
  const screened: string[] = []
  const evaluation = await evaluate(cases, {
    model: { name: 'small', version: '1.0.0', hash, calibration: golden.calibration },
    ...{ device, seed, level, minVolumeMl },
    read: openCt,
    screen: async (ctPath) => {
      screened.push(basename(dirname(ctPath)))
      return screen(ctPath)
    },
    records: {
      load: async (name) => (await store.load(name))?.record,
      save: async (record, { truth, scan }) => {
        const picture = drawCase({ ...truth, ...scan }, golden.calibration)
        await store.save(record.result.case, { record, picture })
      },
    },
  })
  return { evaluation, screened }
}

describe('an evaluation that was stopped', () => {
  it('goes on with the cases that are missing, to the same figures', async () => {
    const store = await openCaseStore(dir, cases, MEASURED_WITH)
    const stopAtSecond = (ctPath: string) => {
      if (ctPath.includes(NAMES[1])) throw new WorkstationError('cancelled', 'Stopped.')
      return goldenScan(ctPath)
    }
    await expect(run(store, stopAtSecond)).rejects.toMatchObject({ code: 'cancelled' })
    const second = await run(store)
    expect(second.screened).toEqual([NAMES[1]])
    const third = await run(store)
    expect(third.screened).toEqual([])
    expect(third.evaluation).toEqual(second.evaluation)
    expect(third.evaluation.pooled?.auroc.value).toBeCloseTo(golden.pooled.model, 12)
  })
})

describe('a case that was kept', () => {
  /** What is kept comes back as it is; its figures do not matter here. */
  const stored = {
    record: { result: { case: NAMES[0], auroc: 0.1 + 0.2 } },
    picture: { outline: 'M0 0H1' },
  } as StoredCase

  async function keep(): Promise<CaseStore> {
    const store = await openCaseStore(dir, cases, MEASURED_WITH)
    await store.save(NAMES[0], stored)
    return store
  }

  it('comes back as it was, and no other for it', async () => {
    const store = await keep()
    expect(await store.load(NAMES[0])).toEqual(stored)
    expect(await store.load(NAMES[1])).toBeUndefined()
  })

  it.each<[string, Partial<MeasuredWith>]>([
    ['model', { modelHash: 'd'.repeat(64) }],
    ['device', { device: 'cuda' }],
    ['seed', { seed: 1 }],
    ['level', { level: 90 }],
    ['smallest volume', { minVolumeMl: 1 }],
  ])('does not stand for another %s, and stays beside what does', async (_, change) => {
    const first = await keep()
    const other = await openCaseStore(dir, cases, { ...MEASURED_WITH, ...change })
    expect(await other.load(NAMES[0])).toBeUndefined()
    await other.save(NAMES[0], stored)
    expect(await first.load(NAMES[0])).toEqual(stored)
  })

  it('is out of date when a file of the case changed, came or went', async () => {
    const store = await keep()
    writeFileSync(join(cases, NAMES[0], 'lesions.json'), '{"3": "node"}')
    expect(await store.load(NAMES[0])).toBeUndefined()
    rmSync(join(cases, NAMES[0], 'lesions.json'))
    expect(await store.load(NAMES[0])).toEqual(stored)
    utimesSync(join(cases, NAMES[0], 'mask.nii.gz'), 1e9, 1e9)
    expect(await store.load(NAMES[0])).toBeUndefined()
  })

  it.each(['', '{"key": ', '{}', 'null'])('is as good as none where its file holds %j', async (damage) => {
    const store = await keep()
    for (const file of readdirSync(dir)) writeFileSync(join(dir, file), damage)
    expect(await store.load(NAMES[0])).toBeUndefined()
  })

  it('may have any name', async () => {
    const name = `ä/../${'x'.repeat(200)}`.replaceAll('/', '_')
    const store = await openCaseStore(dir, cases, MEASURED_WITH)
    await store.save(name, stored)
    expect(await store.load(name)).toEqual(stored)
  })
})

describe('a folder for measured cases', () => {
  it('that cannot be written is refused before the first is measured', async () => {
    writeFileSync(dir, 'a file')
    await expect(openCaseStore(dir, cases, MEASURED_WITH)).rejects.toMatchObject({
      code: 'output/not-writable',
    })
  })
})
