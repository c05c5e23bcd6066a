import { type ErrorCode, WorkstationError } from '../errors.ts'
import { RESEARCH_USE_ONLY } from '../exporting/runRecord.ts'
import { type Calibration, scoreAtLevel } from '../findings/level.ts'
import {
  aurocOf,
  type ClassValues,
  type MeasuredCase,
  type MeasureStage,
  measureCase,
  type Samples,
  type ScoredScan,
  type VoxelAuroc,
} from './measureCase.ts'
import { listCases, type ReadScan } from './readCase.ts'
import { SAMPLES_PER_CLASS } from './sampling.ts'

export type { MeasuredCase, ScoredScan, VoxelAuroc } from './measureCase.ts'

export interface EvaluateOptions {
  model: { name: string; version: string; hash: string; calibration: Calibration }
  /** The device that runs, as recorded with the results. */
  device: string
  seed?: number
  /** Findings that count as hits: lowest level of their voxels, and smallest volume. */
  level?: number
  minVolumeMl?: number
  /** Reads one scan or mask. */
  read: ReadScan
  /** Runs the model on one scan. */
  screen: (ctPath: string) => Promise<ScoredScan>
  onProgress?: (progress: EvaluationProgress) => void
}

export interface EvaluationProgress {
  case: string
  /** From 1. */
  index: number
  total: number
  stage: MeasureStage | 'done'
  /** With stage 'done'. */
  result?: CaseResult
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

export interface Evaluation {
  schemaVersion: 1
  notice: string
  model: { name: string; version: string; hash: string }
  device: string
  seed: number
  samplesPerClass: number
  level: number
  minVolumeMl: number
  cases: CaseResult[]
  /** AUROC of the sampled voxels of all cases put together, as the paper does; null where no case was measured. */
  pooled: { auroc: number; baselineHuDeviation: number } | null
  /** Unweighted means over the cases; null where no case was measured. */
  mean: (VoxelAuroc & { baselineHuDeviation: VoxelAuroc }) | null
}

const DEFAULT_SEED = 0
const DEFAULT_LEVEL = 99.9
const DEFAULT_MIN_VOLUME_ML = 0.1

/**
 * Measures a model on scans with known lesions: every `<case>/ct.nii.gz` of a folder with its `mask.nii.gz`, and
 * beside it, on the same voxels, the trivial baseline. A case that cannot be read or screened is reported with its
 * sentence, and the others go on.
 *
 * The masks mark one kind of lesion; whatever else is unusual in a scan counts against the model here.
 * @throws WorkstationError 'input/no-cases' or 'input/unreadable' for the folder; of kind 'model' or 'usage', or
 *   'cancelled', from `screen`: those concern every case.
 */
export async function evaluate(casesDir: string, options: EvaluateOptions): Promise<Evaluation> {
  const { model, device, seed = DEFAULT_SEED, onProgress } = options
  const { level = DEFAULT_LEVEL, minVolumeMl = DEFAULT_MIN_VOLUME_ML } = options
  // A table or a level that makes no sense is better said before the first scan than after it.
  scoreAtLevel(level, model.calibration)
  const names = await listCases(casesDir)
  const cases: CaseResult[] = []
  const samples: Samples[] = []
  for (const [index, name] of names.entries()) {
    const report = (stage: EvaluationProgress['stage'], result?: CaseResult) =>
      onProgress?.({ case: name, index: index + 1, total: names.length, stage, ...(result && { result }) })
    let result: CaseResult
    try {
      const measured = await measureCase(casesDir, name, {
        calibration: model.calibration,
        seed,
        level,
        minVolumeMl,
        read: options.read,
        screen: options.screen,
        onStage: report,
      })
      samples.push(measured.samples)
      result = measured.result
    } catch (error) {
      result = failedCase(name, error)
    }
    cases.push(result)
    report('done', result)
  }
  return {
    schemaVersion: 1,
    notice: RESEARCH_USE_ONLY,
    model: { name: model.name, version: model.version, hash: model.hash },
    device,
    seed,
    samplesPerClass: SAMPLES_PER_CLASS,
    level,
    minVolumeMl,
    cases,
    pooled: pool(samples),
    mean: meanOf(cases.filter((result) => result.ok)),
  }
}

function pool(samples: readonly Samples[]): Evaluation['pooled'] {
  if (samples.length === 0) return null
  const together = (method: keyof Samples): ClassValues => ({
    lesion: Float32Array.from(samples.flatMap((sample) => Array.from(sample[method].lesion))),
    other: Float32Array.from(samples.flatMap((sample) => Array.from(sample[method].other))),
  })
  return { auroc: aurocOf(together('model')), baselineHuDeviation: aurocOf(together('baseline')) }
}

function meanOf(cases: readonly MeasuredCase[]): Evaluation['mean'] {
  if (cases.length === 0) return null
  const mean = (value: (measured: MeasuredCase) => number) =>
    cases.reduce((sum, measured) => sum + value(measured), 0) / cases.length
  return {
    auroc: mean((c) => c.auroc),
    aurocAll: mean((c) => c.aurocAll),
    baselineHuDeviation: {
      auroc: mean((c) => c.baselineHuDeviation.auroc),
      aurocAll: mean((c) => c.baselineHuDeviation.aurocAll),
    },
  }
}

/** What concerns every case ends the evaluation; the rest costs one case. */
function failedCase(name: string, error: unknown): FailedCase {
  if (!(error instanceof WorkstationError)) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { case: name, ok: false, code: 'unexpected', error: 'The case failed unexpectedly.', detail }
  }
  if (error.kind === 'cancelled' || error.kind === 'usage' || error.kind === 'model') throw error
  const { code, message, detail } = error
  return { case: name, ok: false, code, error: message, ...(detail !== undefined && { detail }) }
}
