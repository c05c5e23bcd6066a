import { WorkstationError } from '../errors.ts'
import { RESEARCH_USE_ONLY } from '../exporting/runRecord.ts'
import { type Calibration, scoreAtLevel } from '../findings/level.ts'
import { type MeasureStage, measureCase, type ScoredScan } from './measureCase.ts'
import { type EvaluationCase, listCases, type ReadScan } from './readCase.ts'
import { SAMPLES_PER_CLASS } from './sampling.ts'
import { summarise } from './summary.ts'
import type { CaseRecord, CaseResult, Evaluation, FailedCase } from './types.ts'

export type { ScoredScan } from './measureCase.ts'
export type { CaseRecord, CaseResult, Evaluation, FailedCase, MeasuredCase } from './types.ts'

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
  records?: CaseRecords
  onProgress?: (progress: EvaluationProgress) => void
}

/** Keeps what was measured, so that an evaluation that stopped can go on. */
export interface CaseRecords {
  /** What was kept of a case; undefined where it must be measured. */
  load(name: string): Promise<CaseRecord | undefined>
  /**
   * Called for each case when it has been measured; what it throws ends the evaluation.
   * @param made what the case was measured on, free to be drawn or dropped
   */
  save(record: CaseRecord, made: { truth: EvaluationCase; scan: ScoredScan }): Promise<void>
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
  const records: CaseRecord[] = []
  for (const [index, name] of names.entries()) {
    const report = (stage: EvaluationProgress['stage'], result?: CaseResult) =>
      onProgress?.({ case: name, index: index + 1, total: names.length, stage, ...(result && { result }) })
    const record =
      (await options.records?.load(name)) ??
      (await measureOrFail(casesDir, name, { ...options, seed, level, minVolumeMl, onStage: report }))
    if ('result' in record) records.push(record)
    cases.push('result' in record ? record.result : record)
    report('done', cases[index])
  }
  return {
    schemaVersion: 2,
    notice: RESEARCH_USE_ONLY,
    model: { name: model.name, version: model.version, hash: model.hash },
    device,
    seed,
    samplesPerClass: SAMPLES_PER_CLASS,
    level,
    minVolumeMl,
    cases,
    ...summarise(records, seed),
  }
}

interface OnStage {
  onStage: (stage: MeasureStage) => void
}

async function measureOrFail(
  casesDir: string,
  name: string,
  options: EvaluateOptions & Required<Pick<EvaluateOptions, 'seed' | 'level' | 'minVolumeMl'>> & OnStage,
): Promise<CaseRecord | FailedCase> {
  let measured: Awaited<ReturnType<typeof measureCase>>
  try {
    measured = await measureCase(casesDir, name, { ...options, calibration: options.model.calibration })
  } catch (error) {
    return failedCase(name, error)
  }
  const { truth, scan, ...record } = measured
  await options.records?.save(record, { truth, scan })
  return record
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
