import type { Froc, FrocRate, LesionCurve } from '../types.ts'
import { type Bootstrap, meanOf } from './bootstrap.ts'

/** As LUNA16 (Setio et al., Medical Image Analysis 2017). */
export const FROC_RATES = [0.125, 0.25, 0.5, 1, 2, 4, 8] as const

/**
 * Lesion-wise sensitivity against false findings per scan over all cases. At a rate stands the sensitivity of the
 * lowest level before false findings first exceed it on the way down. Not beyond: where findings grow together, there
 * are fewer again, and one that covers the patient touches every lesion.
 * @param curves of at least one case, all of one model
 */
export function froc(curves: readonly LesionCurve[], bootstrap: Bootstrap): Froc {
  const [{ level }] = curves
  const all = together(curves, everyOf(curves))
  const readings = bootstrap.estimates((drawn) => readRates(together(curves, drawn)))
  const rates = FROC_RATES.map((rate): FrocRate => {
    const step = lastStepWithin(all, rate)
    const reached = step < 0 ? null : { sensitivity: readings[`at ${rate}`], level: level[step] }
    return { falsePositivesPerScan: rate, sensitivity: null, level: null, ...reached }
  })
  return {
    lesions: all.lesions,
    scans: all.scans,
    level,
    sensitivity: Array.from(all.hits, (hits) => hits / all.lesions),
    falsePositivesPerScan: Array.from(all.falsePositives, (count) => count / all.scans),
    rates,
    meanSensitivity: readings.mean,
  }
}

interface Sums {
  scans: number
  lesions: number
  hits: Float64Array
  falsePositives: Float64Array
}

function everyOf(curves: readonly LesionCurve[]): Uint32Array {
  return Uint32Array.from(curves, (_, n) => n)
}

function together(curves: readonly LesionCurve[], drawn: Uint32Array): Sums {
  const steps = curves[0].level.length
  const sums = {
    scans: drawn.length,
    lesions: 0,
    hits: new Float64Array(steps),
    falsePositives: new Float64Array(steps),
  }
  for (const n of drawn) {
    const curve = curves[n]
    sums.lesions += curve.lesions
    for (let step = 0; step < steps; step++) {
      sums.hits[step] += curve.lesionsHit[step]
      sums.falsePositives[step] += curve.falsePositives[step]
    }
  }
  return sums
}

/** −1 where even the highest level has more false findings. */
function lastStepWithin({ scans, falsePositives }: Sums, rate: number): number {
  const beyond = falsePositives.findIndex((count) => count > rate * scans)
  return beyond < 0 ? falsePositives.length - 1 : beyond - 1
}

function readRates(sums: Sums): Record<'mean' | `at ${number}`, number | null> {
  const read = FROC_RATES.map((rate) => {
    const step = lastStepWithin(sums, rate)
    return step < 0 ? null : sums.hits[step] / sums.lesions
  })
  const named = FROC_RATES.map((rate, n) => [`at ${rate}`, read[n]] as const)
  return { ...Object.fromEntries(named), mean: meanOf(read) }
}
