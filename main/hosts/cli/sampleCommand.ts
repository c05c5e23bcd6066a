import { join } from 'node:path'
import { makeSample, SAMPLE_FILES, type SampleTruth } from '../../screening/sample.ts'
import type { CommandContext } from './execute.ts'
import { table } from './text.ts'

/** `sample`: a CT with known lesions, for trying things out where no scan is at hand. */
export async function sampleCommand(
  flags: { out: string; seed: number },
  { print, signal, reader, reporter }: CommandContext,
) {
  reporter.say(`Drawing a patient in ${flags.out} …`)
  const sample = await makeSample(flags.out, { seed: flags.seed }, { signal, reader })
  print(`A procedural CT (seed ${sample.seed}) with these lesions:\n\n${lesionTable(sample)}\n`)
  print(`DICOM series: ${join(sample.dir, SAMPLE_FILES.series)}`)
  print(`Lesion mask:  ${join(sample.dir, SAMPLE_FILES.truthMask)} (voxel value = lesion number)`)
  print(`Lesion list:  ${join(sample.dir, SAMPLE_FILES.truth)}`)
  return sample
}

export function lesionTable({ lesions }: SampleTruth): string {
  return table(
    ['#', 'lesion', 'volume mL', 'L mm', 'P mm', 'S mm'],
    lesions.map(({ number, kind, volumeMl, centreMm }) => [
      String(number),
      kind,
      volumeMl.toFixed(2),
      ...centreMm.map((mm) => mm.toFixed(0)),
    ]),
  )
}
