import { join } from 'node:path'
import {
  compareWithSample,
  hasSample,
  makeSample,
  readSampleTruth,
  SAMPLE_FILES,
} from '../../screening/sample.ts'
import type { CommandContext } from './execute.ts'
import { type EngineFlags, type FindingFlags, NOTICE } from './options.ts'
import { describeResult, screenWith } from './screenCommand.ts'
import { table, wrap } from './text.ts'

export interface DemoFlags extends EngineFlags, FindingFlags {
  out: string
  sample: string
}

const SAMPLE_SEED = 1

/** `demo`: the whole way on a CT whose lesions are known, and an honest count of which were found. */
export async function demoCommand(flags: DemoFlags, context: CommandContext) {
  const { print } = context
  print(`${NOTICE}\n`)
  if (!hasSample(flags.sample)) {
    print(`Making a sample CT in ${flags.sample}: a procedural patient with lesions …`)
    await makeSample(flags.sample, { seed: SAMPLE_SEED }, context)
  }
  const series = join(flags.sample, SAMPLE_FILES.series)
  print(`Screening ${series} …`)
  const result = await screenWith(series, flags, context)
  const truth = await readSampleTruth(flags.sample)
  const overlaps = await compareWithSample(flags.sample, result.out, context.reader)

  print(describeResult(result))
  const rows = truth.lesions.map(({ number, kind, volumeMl }) => {
    const { findings, covered } = overlaps.find(({ lesion }) => lesion === number)!
    const by = findings.length > 0 ? `finding ${findings.slice(0, 5).join(', ')}` : 'missed'
    return [String(number), kind, volumeMl.toFixed(2), by, (100 * covered).toFixed(0)]
  })
  const hit = overlaps.filter(({ findings }) => findings.length > 0).length
  const touching = new Set(overlaps.flatMap(({ findings }) => findings)).size
  print(
    [
      '',
      `The sample has ${truth.lesions.length} lesions; findings touch ${hit} of them:`,
      '',
      table(['#', 'lesion', 'volume mL', 'found by', '% inside findings'], rows),
      '',
      wrap(
        `${result.findings.length - touching} of ${result.findings.length} findings touch no lesion. A phantom is simpler than a patient: these figures show that the program works, not how good the model is.`,
      ),
      '',
      'To look at the result:',
      `  ${join(result.out, 'level.nii.gz')} and mask.nii.gz open over ${series} in 3D Slicer, ITK-SNAP or MITK;`,
      `  ${join(result.out, 'seg.dcm')} opens with the series in any DICOM viewer that reads segmentations;`,
      `  ${join(result.out, 'findings.csv')} opens in a spreadsheet.`,
      'To screen your own:  npm run screen -- <DICOM folder or .nii.gz> --out <folder>',
    ].join('\n'),
  )
  return { ...result.run, out: result.out, findings: result.findings, lesions: truth.lesions, overlaps }
}
