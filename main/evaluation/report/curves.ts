import type { Curve, Evaluation, Froc } from '../types.ts'
import { svgChart } from './chart.ts'

const TENTHS = [0, 0.2, 0.4, 0.6, 0.8, 1]
/** False findings per scan that a chart reaches to, at least and at most. */
const FROC_FROM = 0.125
const FROC_TO = { least: 8, most: 128 }

/** ROC of the sampled voxels of all cases, beside the baseline's and chance. */
export function rocChart({ pooled }: Evaluation): string {
  if (pooled === null) return ''
  const { auroc, roc, baselineHuDeviation: baseline } = pooled
  const area = (value: number) => value.toFixed(3)
  return svgChart({
    description: `ROC curve of the model, area ${area(auroc.value)}, and of the baseline, area ${area(baseline.auroc.value)}`,
    x: { title: 'False positive rate of voxels', from: 0, to: 1, ticks: TENTHS },
    y: { title: 'Sensitivity of voxels', from: 0, to: 1, ticks: TENTHS },
    lines: [
      { className: 'chance', x: [0, 1], y: [0, 1] },
      { className: 'baseline', ...baseline.roc },
      { className: 'model', ...roc },
    ],
    legend: [
      { className: 'model', text: `Model, ${area(auroc.value)}` },
      { className: 'baseline', text: `Baseline, ${area(baseline.auroc.value)}` },
      { className: 'chance', text: 'Chance, 0.5' },
    ],
  })
}

/** FROC of the findings: lesions found against false findings per scan, with dots at the rates of the table. */
export function frocChart(froc: Froc): string {
  const curve = risingPart(froc)
  const highest = Math.min(Math.max(FROC_TO.least, ...curve.x), FROC_TO.most)
  const to = 2 ** Math.ceil(Math.log2(highest))
  const ticks: number[] = []
  for (let tick = FROC_FROM; tick <= to; tick *= 2) ticks.push(tick)
  const read = froc.rates.filter(({ sensitivity }) => sensitivity !== null)
  return svgChart({
    description: `FROC curve of ${froc.lesions} lesions in ${froc.scans} scans`,
    x: { title: 'False findings per scan', from: FROC_FROM, to, ticks, powersOfTwo: true },
    y: { title: 'Lesions found', from: 0, to: 1, ticks: TENTHS },
    lines: [
      { className: 'model', steps: true, ...curve },
      {
        className: 'model',
        points: true,
        x: read.map((rate) => rate.falsePositivesPerScan),
        y: read.map((rate) => rate.sensitivity?.value ?? 0),
      },
    ],
    legend: [{ className: 'model', text: 'Model' }],
  })
}

/**
 * The curve up to its most false findings, as it is read at a rate: where findings grow together there are fewer for a
 * while, and in the end, but that is no way to have fewer at the levels before.
 */
function risingPart({ falsePositivesPerScan, sensitivity }: Froc): Curve {
  const rising: Curve = { x: [], y: [] }
  for (const [step, count] of falsePositivesPerScan.entries()) {
    if (count < (rising.x.at(-1) ?? 0)) continue
    rising.x.push(count)
    rising.y.push(sensitivity[step])
  }
  return rising
}
