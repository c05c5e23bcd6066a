import type { ErrorCode } from '../errors.ts'

/*
 * What an evaluation holds. All of it is plain JSON: `JSON.parse(JSON.stringify(x))` is x, so a measured case can be
 * stored and taken up again. A figure that is not defined is null, never NaN.
 */

/** A method under measurement: the model, or the trivial baseline |HU − mean| / sd of the scan's body voxels. */
export type Method = 'model' | 'baseline'

/** A curve thinned to at most 100 of its own points; x[i] belongs to y[i]. */
export interface Curve {
  x: number[]
  y: number[]
}

/** How well one method's scores rank a scan's lesion voxels above its other body voxels. */
export interface VoxelMetrics {
  /** AUROC on at most 1,000 lesion and 1,000 other voxels, the same ones for every method (arXiv 2502.08321). */
  auroc: number
  /** AUROC on all lesion voxels and all other body voxels, as every figure below unless it says otherwise. */
  aurocAll: number
  /** AUROC of the lesion voxels against body voxels 6 to 30 mm from the nearest lesion; null where there are none. */
  aurocRing: number | null
  /** As scikit-learn's average_precision_score. */
  averagePrecision: number
  /** Area under the per-region overlap up to a false positive rate of 0.3, divided by 0.3. */
  aupro: number
  /** Share of lesion voxels found where at most 5 % of the others are. */
  sensitivityAt95: number
  /** The best Dice coefficient of all thresholds. */
  bestDice: BestDice
  curves: {
    /** x: false positive rate, y: sensitivity. Both ascend. */
    roc: Curve
    /** x: recall, ascending, y: precision. */
    precisionRecall: Curve
  }
}

export interface BestDice {
  dice: number
  /** Lowest value of the method's scores that is called lesion: −log q, or |HU − mean| / sd. */
  threshold: number
  /** Anomaly level of the threshold; null for the baseline, which has no levels. */
  level: number | null
}

/** What voxels at or above the evaluation's level have in common with the mask. */
export interface OverlapAtLevel {
  dice: number
  /** Body voxels at or above the level, and those of them inside a lesion. */
  voxels: number
  lesionVoxels: number
}

/**
 * Findings against lesions at every threshold step, highest level first, for one case. Index i of the arrays is one
 * step; all cases of one model have the same steps.
 */
export interface LesionCurve {
  /** Connected lesions of the mask. */
  lesions: number
  level: number[]
  /** Lesions that a finding of at least the smallest volume touches. */
  lesionsHit: number[]
  /** Findings of at least the smallest volume that touch no lesion. */
  falsePositives: number[]
}

export type Region = 'lung' | 'bone' | 'softTissue' | 'rim'

/** Lesion-free body voxels of a region, and how many reach each of `CALIBRATION_LEVELS`. */
export interface RegionCounts {
  voxels: number
  /** One number for each level; null where the calibration does not go as high. */
  above: (number | null)[]
}

/** One lesion of a mask that numbers its lesions. */
export interface LabelledLesion {
  label: number
  /** Such as "nodule solid"; "unknown" where the case does not say. */
  kind: string
  voxels: number
  volumeMl: number
  /**
   * AUROC of at most 1,000 of its voxels against at most 1,000 body voxels farther than 16 mm from any lesion, the
   * same ones for every lesion of the scan; null where there are none so far away.
   */
  auroc: number | null
  baselineHuDeviation: number | null
  /** A finding at the evaluation's level touches it. */
  hit: boolean
}

export interface MeasuredCase extends VoxelMetrics {
  case: string
  ok: true
  /** Voxels of the scan. */
  voxels: number
  bodyVoxels: number
  lesionVoxels: number
  /** Lesion voxels the model left unscored; they count, with the lowest score. */
  lesionVoxelsUnscored: number
  lesionMl: number
  /** |HU − mean| / sd over the scan's body voxels: what no model is needed for. */
  baselineHuDeviation: VoxelMetrics
  atLevel: OverlapAtLevel
  findings: {
    count: number
    /** Findings that hold at least one lesion voxel. */
    onLesion: number
    /** Connected lesions of the mask, and those that at least one finding touches. */
    lesions: number
    lesionsHit: number
    lesionHit: boolean
  }
  froc: LesionCurve
  calibration: Record<Region, RegionCounts>
  /** In order of label; absent where the case does not tell its lesions apart. */
  labelled?: LabelledLesion[]
  /** Wall-clock time of screening the scan. */
  seconds: number
}

export interface FailedCase {
  case: string
  ok: false
  code: ErrorCode | 'unexpected'
  /** A sentence. */
  error: string
  detail?: string
}

export type CaseResult = MeasuredCase | FailedCase

/** Values of the sampled voxels under one method, each class in ascending order. */
export interface ClassValues {
  lesion: number[]
  other: number[]
}

/** The same sampled voxels under the model and under the baseline: what the pooled figures need of a case. */
export type Samples = Record<Method, ClassValues>

/** All that an evaluation keeps of one case: store it, and the case need not be screened again. */
export interface CaseRecord {
  result: MeasuredCase
  samples: Samples
}

/** A figure over cases. */
export interface Estimate {
  value: number
  /** Percentile bootstrap over cases, 95 %; null where fewer than three cases have the figure. */
  ci: [number, number] | null
  /** Cases that have the figure. */
  cases: number
}

export type MeanFigure =
  | 'auroc'
  | 'aurocAll'
  | 'aurocRing'
  | 'averagePrecision'
  | 'aupro'
  | 'sensitivityAt95'
  | 'bestDice'

/** Unweighted means over the cases; null where no case has the figure. */
export type MeanFigures = Record<MeanFigure, Estimate | null>

/** Over the sampled voxels of all cases put together. */
export interface PooledFigures {
  auroc: Estimate
  sensitivityAt95: Estimate
  roc: Curve
}

/** A rate of false findings at which the lesion-wise sensitivity is read. */
export interface FrocRate {
  falsePositivesPerScan: number
  /** Null where even the highest level has more false findings. */
  sensitivity: Estimate | null
  /** The level it is read at. */
  level: number | null
}

/** Lesion-wise sensitivity against false findings per scan, over all cases; index i of the arrays is one step. */
export interface Froc {
  lesions: number
  scans: number
  level: number[]
  sensitivity: number[]
  falsePositivesPerScan: number[]
  /** At 0.125, 0.25, 0.5, 1, 2, 4 and 8 false findings per scan. */
  rates: FrocRate[]
  /** Mean of the sensitivities at the rates that are reached; null where none is. */
  meanSensitivity: Estimate | null
}

/** Lesion-free voxels of a region in all cases, at one level. */
export interface RegionCalibration {
  region: Region
  level: number
  voxels: number
  /** Share of them at or above the level; null without voxels, or where the calibration does not go as high. */
  fraction: number | null
  /** Fraction / (1 − level / 100): 1 where levels mean what they say. */
  ratio: Estimate | null
}

/** All lesions of one kind, in all cases. */
export interface KindFigures {
  kind: string
  lesions: number
  hit: number
  auroc: Estimate | null
  baselineHuDeviation: Estimate | null
}

export interface Evaluation {
  schemaVersion: 2
  notice: string
  model: { name: string; version: string; hash: string }
  device: string
  seed: number
  samplesPerClass: number
  level: number
  minVolumeMl: number
  cases: CaseResult[]
  /** Null where no case was measured, as the three below. */
  pooled: (PooledFigures & { baselineHuDeviation: PooledFigures; dice: Estimate }) | null
  mean: (MeanFigures & { baselineHuDeviation: MeanFigures; dice: Estimate }) | null
  froc: Froc | null
  calibration: RegionCalibration[] | null
  /** In order of name; absent where no case tells its lesions apart. */
  kinds?: KindFigures[]
}
