import { type Bootstrap, caseBootstrap, meanOf } from './metrics/bootstrap.ts'
import { CALIBRATION_LEVELS, REGIONS } from './metrics/calibrationByRegion.ts'
import { froc } from './metrics/froc.ts'
import { poolSamples } from './metrics/pooledSamples.ts'
import { rankingMetrics } from './metrics/voxelMetrics.ts'
import type {
  CaseRecord,
  ClassValues,
  Estimate,
  Evaluation,
  KindFigures,
  MeanFigures,
  MeasuredCase,
  PooledFigures,
  RegionCalibration,
  VoxelMetrics,
} from './types.ts'

export type Summary = Pick<Evaluation, 'pooled' | 'mean' | 'froc' | 'calibration' | 'kinds'>

/** What an evaluation says over its measured cases, with bootstrap confidence intervals over the cases. */
export function summarise(records: readonly CaseRecord[], seed: number): Summary {
  if (records.length === 0) return { pooled: null, mean: null, froc: null, calibration: null }
  const bootstrap = caseBootstrap(records.length, seed)
  const cases = records.map((record) => record.result)
  const kinds = kindFigures(cases, bootstrap)
  return {
    pooled: {
      ...pooledFigures(
        records.map((record) => record.samples.model),
        bootstrap,
      ),
      baselineHuDeviation: pooledFigures(
        records.map((record) => record.samples.baseline),
        bootstrap,
      ),
      dice: defined(bootstrap.estimate((drawn) => pooledDice(Array.from(drawn, (n) => cases[n])))),
    },
    mean: {
      ...meanFigures(cases, bootstrap),
      baselineHuDeviation: meanFigures(
        cases.map((measured) => measured.baselineHuDeviation),
        bootstrap,
      ),
      dice: defined(bootstrap.mean(cases.map((measured) => measured.atLevel.dice))),
    },
    froc: froc(
      cases.map((measured) => measured.froc),
      bootstrap,
    ),
    calibration: pooledCalibration(cases, bootstrap),
    ...(kinds && { kinds }),
  }
}

function pooledFigures(samples: readonly ClassValues[], bootstrap: Bootstrap): PooledFigures {
  const pooled = poolSamples(samples)
  const { auroc, sensitivityAt95 } = bootstrap.estimates((drawn) => {
    const { aurocAll, sensitivityAt95 } = rankingMetrics(pooled(drawn))
    return { auroc: aurocAll, sensitivityAt95 }
  })
  const { curves } = rankingMetrics(pooled(Uint32Array.from(samples, (_, n) => n)))
  return { auroc: defined(auroc), sensitivityAt95: defined(sensitivityAt95), roc: curves.roc }
}

function pooledDice(cases: readonly MeasuredCase[]): number {
  const sum = (value: (measured: MeasuredCase) => number) => cases.reduce((total, c) => total + value(c), 0)
  return (2 * sum((c) => c.atLevel.lesionVoxels)) / sum((c) => c.lesionVoxels + c.atLevel.voxels)
}

function meanFigures(cases: readonly VoxelMetrics[], bootstrap: Bootstrap): MeanFigures {
  const mean = (value: (metrics: VoxelMetrics) => number | null) => bootstrap.mean(cases.map(value))
  return {
    auroc: mean((c) => c.auroc),
    aurocAll: mean((c) => c.aurocAll),
    aurocRing: mean((c) => c.aurocRing),
    averagePrecision: mean((c) => c.averagePrecision),
    aupro: mean((c) => c.aupro),
    sensitivityAt95: mean((c) => c.sensitivityAt95),
    bestDice: mean((c) => c.bestDice.dice),
  }
}

function pooledCalibration(cases: readonly MeasuredCase[], bootstrap: Bootstrap): RegionCalibration[] {
  return REGIONS.flatMap((region) =>
    CALIBRATION_LEVELS.map((level, n): RegionCalibration => {
      const counts = cases.map(({ calibration }) => calibration[region])
      const voxels = counts.reduce((sum, count) => sum + count.voxels, 0)
      const fraction = (drawn: Uint32Array) => {
        let all = 0
        let above = 0
        for (const c of drawn) {
          const count = counts[c].above[n]
          if (count === null) return null
          all += counts[c].voxels
          above += count
        }
        return all === 0 ? null : above / all
      }
      const ratio = bootstrap.estimate(
        (drawn) => {
          const share = fraction(drawn)
          return share === null ? null : share / (1 - level / 100)
        },
        (c) => counts[c].voxels > 0,
      )
      return { region, level, voxels, fraction: fraction(Uint32Array.from(cases, (_, c) => c)), ratio }
    }),
  )
}

/** Undefined where no case tells its lesions apart. */
function kindFigures(cases: readonly MeasuredCase[], bootstrap: Bootstrap): KindFigures[] | undefined {
  const labelled = cases.map((measured) => measured.labelled ?? [])
  const kinds = [...new Set(labelled.flat().map((lesion) => lesion.kind))].sort()
  if (kinds.length === 0) return undefined
  return kinds.map((kind) => {
    const byCase = labelled.map((lesions) => lesions.filter((lesion) => lesion.kind === kind))
    // Lesions of one scan are not independent, so scans are drawn, not lesions.
    const mean = (figure: 'auroc' | 'baselineHuDeviation') =>
      bootstrap.estimate(
        (drawn) => meanOf(Array.from(drawn).flatMap((n) => byCase[n].map((lesion) => lesion[figure]))),
        (n) => byCase[n].some((lesion) => lesion[figure] !== null),
      )
    const lesions = byCase.flat()
    return {
      kind,
      lesions: lesions.length,
      hit: lesions.filter((lesion) => lesion.hit).length,
      auroc: mean('auroc'),
      baselineHuDeviation: mean('baselineHuDeviation'),
    }
  })
}

/** A figure that every case has. */
function defined(estimate: Estimate | null): Estimate {
  if (estimate === null) throw new Error('a figure that every case has is missing')
  return estimate
}
