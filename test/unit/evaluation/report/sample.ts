import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Evaluation, evaluate } from '../../../../main/evaluation/evaluate.ts'
import { type CasePicture, drawCase } from '../../../../main/evaluation/report/casePicture.ts'
import type { MeasuredCase } from '../../../../main/evaluation/types.ts'
import { openCt } from '../../../../main/imaging/open.ts'
import golden from '../../../golden/evaluation/cases.json' with { type: 'json' }

const CASES = fileURLToPath(new URL('../../../golden/evaluation/cases/', import.meta.url))

/** The golden cases, evaluated and drawn. */
export async function evaluatedSample(): Promise<{
  evaluation: Evaluation
  drawn: { result: MeasuredCase; picture: CasePicture }[]
}> {
  const drawn: { result: MeasuredCase; picture: CasePicture }[] = []
  const { calibration, level, minVolumeMl } = golden
  const bytes = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'))
  const evaluation = await evaluate(CASES, {
    model: { name: 'small', version: '1.0.0', hash: 'c'.repeat(64), calibration },
    ...{ device: 'cpu', level, minVolumeMl },
    read: openCt,
    screen: async (ctPath) => {
      const stored = golden.cases.find((c) => c.case === basename(dirname(ctPath)))!
      const { volume } = await openCt(ctPath)
      const score = new Float32Array(bytes(stored.score).buffer)
      return { grid: volume, score, scored: bytes(stored.scored) }
    },
    records: {
      load: async () => undefined,
      save: async ({ result }, { truth, scan }) => {
        drawn.push({ result, picture: drawCase({ ...truth, ...scan }, calibration) })
      },
    },
  })
  return { evaluation, drawn }
}
