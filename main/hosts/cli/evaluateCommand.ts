import { writeFile } from 'node:fs/promises'
import { evaluate } from '../../evaluation/evaluate.ts'
import { evaluationTable } from '../../evaluation/table.ts'
import { asOutputError } from '../../exporting/outputError.ts'
import { readVolume } from '../../reading/readVolume.ts'
import { scoreScan } from '../../screening/scoreScan.ts'
import type { CommandContext } from './execute.ts'
import { userModels } from './modelStore.ts'
import type { EngineFlags, FindingFlags } from './options.ts'

export interface EvaluateFlags extends EngineFlags, FindingFlags {
  seed: number
  /** True for stdout, or the file to write. */
  json?: string | true
}

/** `evaluate CASES`: the model against ground truth, beside the trivial baseline. */
export async function evaluateCommand(casesDir: string, flags: EvaluateFlags, context: CommandContext) {
  const { client, reader, signal, reporter, print } = context
  const pkg = await userModels().find(flags.model)
  const threads = flags.threads === undefined ? {} : { threads: flags.threads }
  const engine = { signal, onWarning: reporter.onWarning }
  const { device } = await client.prepare(
    { pkg, device: flags.device, ...threads },
    { ...engine, onDevice: reporter.onDevice },
  )
  const { name, version } = pkg.manifest
  const evaluation = await evaluate(casesDir, {
    model: { name, version, hash: pkg.hash, calibration: pkg.manifest.calibration },
    device,
    seed: flags.seed,
    level: flags.level,
    minVolumeMl: flags.minVolume,
    read: (path) => readVolume(reader, path, { signal }),
    // One device for all cases, the one that was recorded.
    screen: (ctPath) => {
      const options = { ...engine, onProgress: reporter.onProgress }
      return scoreScan(ctPath, { client, reader }, { pkg, device, ...threads }, options)
    },
    onProgress: ({ case: name, index, total, stage }) => {
      if (stage === 'reading') reporter.say(`Case ${index} of ${total}: ${name}`)
    },
  })
  print(evaluationTable(evaluation).trimEnd())
  if (typeof flags.json === 'string') {
    await writeFile(flags.json, `${JSON.stringify(evaluation, null, 2)}\n`).catch((error) => {
      throw asOutputError(error, String(flags.json))
    })
  }
  return evaluation
}
