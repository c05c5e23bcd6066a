import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import packageJson from '../../../package.json' with { type: 'json' }
import { WorkstationError } from '../../errors.ts'
import { openCaseStore } from '../../evaluation/caseStore.ts'
import { type CaseRecords, evaluate } from '../../evaluation/evaluate.ts'
import { drawCase } from '../../evaluation/report/casePicture.ts'
import { evaluationCsv } from '../../evaluation/report/csv.ts'
import { Gallery } from '../../evaluation/report/gallery.ts'
import { evaluationPage } from '../../evaluation/report/page.ts'
import { evaluationTable } from '../../evaluation/table.ts'
import { createOutput } from '../../exporting/outputFolder.ts'
import { readVolume } from '../../reading/readVolume.ts'
import { scoreScan } from '../../screening/scoreScan.ts'
import type { CommandContext } from './execute.ts'
import { userModels } from './modelStore.ts'
import type { EngineFlags, FindingFlags } from './options.ts'

export interface EvaluateFlags extends EngineFlags, FindingFlags {
  seed: number
  /** True for stdout, or the file to write. */
  json?: string | true
  csv?: string
  html?: string
  /** Folder of measured cases. */
  resume?: string
}

/** `evaluate CASES`: the model against ground truth, beside the trivial baseline. */
export async function evaluateCommand(casesDir: string, flags: EvaluateFlags, context: CommandContext) {
  const { client, reader, signal, reporter, print } = context
  const pkg = await userModels().find(flags.model)
  const { name, version, calibration, intendedUse, provenance, licence } = pkg.manifest
  const files = await Promise.all(
    [typeof flags.json === 'string' ? flags.json : undefined, flags.csv, flags.html].map(resultFile),
  )
  const threads = flags.threads === undefined ? {} : { threads: flags.threads }
  const engine = { signal, onWarning: reporter.onWarning }
  const { device } = await client.prepare(
    { pkg, device: flags.device, ...threads },
    { ...engine, onDevice: reporter.onDevice },
  )
  const { seed, level, minVolume: minVolumeMl } = flags
  const worst = new Gallery()
  const store = flags.resume
    ? await openCaseStore(flags.resume, casesDir, { modelHash: pkg.hash, device, seed, level, minVolumeMl })
    : undefined
  const taken = new Set<string>()
  const records: CaseRecords = {
    load: async (of) => {
      const stored = await store?.load(of)
      if (!stored) return undefined
      taken.add(of)
      worst.add(stored.record.result, stored.picture)
      return stored.record
    },
    save: async (record, { truth, scan }) => {
      if (truth.leftOut?.length) reporter.say(`Not taken for lesions: ${truth.leftOut.join(', ')}.`)
      const picture = drawCase({ ...truth, ...scan }, calibration)
      worst.add(record.result, picture)
      await store?.save(record.result.case, { record, picture })
    },
  }
  const evaluation = await evaluate(casesDir, {
    model: { name, version, hash: pkg.hash, calibration },
    device,
    seed,
    level,
    minVolumeMl,
    read: (path) => readVolume(reader, path, { signal }),
    // One device for all cases, the one that was recorded.
    screen: (ctPath) => {
      const options = { ...engine, onProgress: reporter.onProgress }
      return scoreScan(ctPath, { client, reader }, { pkg, device, ...threads }, options)
    },
    records,
    onProgress: ({ case: of, index, total, stage }) => {
      if (stage === 'reading') reporter.say(`Case ${index} of ${total}: ${of}`)
      if (stage === 'done' && taken.has(of)) reporter.say(`Case ${index} of ${total}: ${of}, measured before`)
    },
  })
  print(evaluationTable(evaluation).trimEnd())
  const [json, csv, html] = files
  await json?.(`${JSON.stringify(evaluation, null, 2)}\n`)
  await csv?.(evaluationCsv(evaluation))
  const program = `Screener Workstation ${packageJson.version}`
  const words = { intendedUse, provenance, licence, program, made: new Date() }
  await html?.(evaluationPage(evaluation, words, worst))
  return evaluation
}

/**
 * Writes a result under the name the user gave. What will not take it is told before anything is measured.
 * @throws WorkstationError of kind 'output' or 'usage'
 */
async function resultFile(path: string | undefined): Promise<((text: string) => Promise<void>) | undefined> {
  if (path === undefined) return undefined
  const [folder, name] = [dirname(path), basename(path)]
  if (name.startsWith('.')) {
    throw new WorkstationError(
      'usage/result-name',
      `A result cannot be called ${name}: give it another name.`,
    )
  }
  await (await createOutput(folder)).commit()
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory()) {
    throw new WorkstationError('output/not-writable', `Cannot write ${path}: a folder has that name.`)
  }
  return async (text) => {
    const output = await createOutput(folder)
    await output.write(name, text)
    await output.commit()
  }
}
