import { join } from 'node:path'
import { WorkstationError } from '../errors.ts'
import { labelComponents } from '../findings/components.ts'
import { findFindings } from '../findings/findings.ts'
import type { Calibration } from '../findings/level.ts'
import { type CtVolume, type Grid, voxelCount, voxelVolumeMl } from '../imaging/volume.ts'
import { auroc } from './auroc.ts'
import { type EvaluationCase, gridDifference, type ReadScan, readCase } from './readCase.ts'
import { countClasses, sampleVoxels } from './sampling.ts'

/** A scan's score map on its own grid, in its voxel order. */
export interface ScoredScan {
  grid: Grid
  /** Raw −log q; unscored voxels hold the calibration's lowest score. */
  score: Float32Array
  /** Nonzero where the model gave a score: body voxels that a tile covered. */
  scored: Uint8Array
}

/** Voxel AUROC of one method on one scan. */
export interface VoxelAuroc {
  /** On at most 1,000 lesion and 1,000 other voxels, the same ones for every method. */
  auroc: number
  /** On all lesion voxels and all other body voxels. */
  aurocAll: number
}

export interface MeasuredCase extends VoxelAuroc {
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
  baselineHuDeviation: VoxelAuroc
  findings: {
    count: number
    /** Findings that hold at least one lesion voxel. */
    onLesion: number
    /** Connected lesions of the mask, and those that at least one finding touches. */
    lesions: number
    lesionsHit: number
    lesionHit: boolean
  }
  /** Wall-clock time of screening the scan. */
  seconds: number
}

export interface MeasureOptions {
  calibration: Calibration
  seed: number
  level: number
  minVolumeMl: number
  /** Runs the model on one scan. */
  screen: (ctPath: string) => Promise<ScoredScan>
  /** Reads one scan or mask. */
  read: ReadScan
  onStage: (stage: MeasureStage) => void
}

export type MeasureStage = 'reading' | 'screening' | 'measuring'

/** Values of the sampled voxels under one method. */
export interface ClassValues {
  lesion: Float32Array
  other: Float32Array
}

/** The same sampled voxels under the model and under the baseline. */
export interface Samples {
  model: ClassValues
  baseline: ClassValues
}

/**
 * Reads, screens and measures one case.
 * @param name also the name of its random sequence
 * @throws what reading and screening throw, and WorkstationError 'input/nothing-scored'
 */
export async function measureCase(
  casesDir: string,
  name: string,
  options: MeasureOptions,
): Promise<{ result: MeasuredCase; samples: Samples }> {
  options.onStage('reading')
  const truth = await readCase(join(casesDir, name), options.read)
  const { ct, lesion } = truth
  options.onStage('screening')
  const started = performance.now()
  const scan = await options.screen(truth.ctPath)
  const seconds = (performance.now() - started) / 1000
  options.onStage('measuring')
  const { score, scored } = scan
  const counts = checkScan(ct, lesion, scan)
  // First, because it refuses a score map with values that are not numbers.
  const findings = hits(truth, score, options)

  const deviation = huDeviation(ct, scored)
  const sample = sampleVoxels(lesion, scored, options.seed, name)
  const samples: Samples = {
    model: valuesAt(sample, (i) => score[i]),
    baseline: valuesAt(sample, deviation),
  }
  let lesionVoxelsUnscored = 0
  for (let i = 0; i < lesion.length; i++) {
    if (lesion[i] !== 0 && scored[i] === 0) lesionVoxelsUnscored++
  }
  const result: MeasuredCase = {
    case: name,
    ok: true,
    voxels: voxelCount(ct),
    bodyVoxels: counts.other + counts.lesion - lesionVoxelsUnscored,
    lesionVoxels: counts.lesion,
    lesionVoxelsUnscored,
    lesionMl: counts.lesion * voxelVolumeMl(ct),
    auroc: aurocOf(samples.model),
    aurocAll: aurocOf(allValues(lesion, scored, counts, (i) => score[i])),
    baselineHuDeviation: {
      auroc: aurocOf(samples.baseline),
      aurocAll: aurocOf(allValues(lesion, scored, counts, deviation)),
    },
    findings,
    seconds,
  }
  return { result, samples }
}

function checkScan(ct: CtVolume, lesion: Uint8Array, scan: ScoredScan): { lesion: number; other: number } {
  const difference = gridDifference(ct, scan.grid)
  if (
    difference !== undefined ||
    scan.score.length !== lesion.length ||
    scan.scored.length !== lesion.length
  ) {
    throw new Error(`the score map is not on the scan's grid: ${difference ?? 'wrong length'}`)
  }
  const counts = countClasses(lesion, scan.scored)
  if (counts.other === 0) {
    throw new WorkstationError(
      'input/nothing-scored',
      'The model scored no voxel outside the lesion, so there is nothing to compare it with.',
    )
  }
  return counts
}

/** |HU − mean| / sd of a voxel, mean and sd over the scored voxels of the same scan, lesions included. */
function huDeviation(ct: CtVolume, scored: Uint8Array): (offset: number) => number {
  let count = 0
  let sum = 0
  let squares = 0
  for (let i = 0; i < scored.length; i++) {
    if (scored[i] === 0) continue
    count++
    sum += ct.voxels[i]
    squares += ct.voxels[i] * ct.voxels[i]
  }
  const mean = sum / count
  // A body of one HU has no deviations to scale.
  const sd = Math.sqrt(Math.max(0, squares / count - mean * mean)) || 1
  return (offset) => Math.abs(ct.voxels[offset] - mean) / sd
}

function hits(
  { ct, lesion }: EvaluationCase,
  score: Float32Array,
  { calibration, level, minVolumeMl }: MeasureOptions,
): MeasuredCase['findings'] {
  const { findings, mask } = findFindings({ volume: ct, score, calibration, level, minVolumeMl })
  const lesions = labelComponents(lesion, 1, ct.dims)
  const hitLesions = new Set<number>()
  const onLesion = new Set<number>()
  lesions.runStart.forEach((start, run) => {
    for (let i = start; i < start + lesions.runLength[run]; i++) {
      if (mask[i] === 0) continue
      onLesion.add(mask[i])
      hitLesions.add(lesions.runComponent[run])
    }
  })
  return {
    count: findings.length,
    onLesion: onLesion.size,
    lesions: lesions.count,
    lesionsHit: hitLesions.size,
    lesionHit: hitLesions.size > 0,
  }
}

function valuesAt(
  sample: { lesion: Int32Array; other: Int32Array },
  value: (i: number) => number,
): ClassValues {
  return { lesion: Float32Array.from(sample.lesion, value), other: Float32Array.from(sample.other, value) }
}

function allValues(
  lesion: Uint8Array,
  scored: Uint8Array,
  counts: { lesion: number; other: number },
  value: (i: number) => number,
): ClassValues {
  const values = { lesion: new Float32Array(counts.lesion), other: new Float32Array(counts.other) }
  let inLesion = 0
  let inOther = 0
  for (let i = 0; i < lesion.length; i++) {
    if (lesion[i] !== 0) values.lesion[inLesion++] = value(i)
    else if (scored[i] !== 0) values.other[inOther++] = value(i)
  }
  return values
}

export function aurocOf({ lesion, other }: ClassValues): number {
  return auroc(lesion, other)
}
