import { join } from 'node:path'
import { WorkstationError } from '../errors.ts'
import { labelComponents } from '../findings/components.ts'
import { findFindings } from '../findings/findings.ts'
import { nextFloat32 } from '../findings/float32.ts'
import { type Calibration, type LevelTable, levelTable } from '../findings/level.ts'
import { type CtVolume, type Grid, voxelCount, voxelVolumeMl } from '../imaging/volume.ts'
import { auroc } from './auroc.ts'
import { calibrationByRegion } from './metrics/calibrationByRegion.ts'
import { distanceBands } from './metrics/distanceBands.ts'
import { labelledLesions } from './metrics/labelledLesions.ts'
import { lesionCurve } from './metrics/lesionCurve.ts'
import { type LesionVoxels, lesionVoxels, rankVoxels } from './metrics/rankedVoxels.ts'
import { rankingMetrics } from './metrics/voxelMetrics.ts'
import { type EvaluationCase, gridDifference, type ReadScan, readCase } from './readCase.ts'
import { countClasses, type SampledVoxels, sampleVoxels } from './sampling.ts'
import type { CaseRecord, ClassValues, MeasuredCase, OverlapAtLevel, VoxelMetrics } from './types.ts'

/** A scan's score map on its own grid, in its voxel order. */
export interface ScoredScan {
  grid: Grid
  /** Raw −log q; unscored voxels hold the calibration's lowest score. */
  score: Float32Array
  /** Nonzero where the model gave a score: body voxels that a tile covered. */
  scored: Uint8Array
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

/** Distances from the lesions that the metrics need, mm: of the ring, of calibration, of lesions by label. */
const BANDS_MM = [6, 10, 16, 30]
const RING = { from: BANDS_MM.indexOf(6) + 1, to: BANDS_MM.indexOf(30) }
const BEYOND_CALIBRATION_MARGIN = BANDS_MM.indexOf(10) + 1
const BEYOND_LABEL_MARGIN = BANDS_MM.indexOf(16) + 1

/** The value of a voxel under one method, by its offset: the higher, the rarer. */
type ValueOf = (offset: number) => number

/** What all metrics of a case are computed from. */
interface Measurable extends EvaluationCase, ScoredScan {
  inside: LesionVoxels
  /** Band of each voxel's distance from the nearest lesion. */
  bands: Uint8Array | Uint16Array
  /** Scored voxels outside every lesion, and those of them in the ring. */
  others: number
  inRing: number
  sample: SampledVoxels
}

/**
 * Reads, screens and measures one case, on all voxels and without bins. Beside CT, mask and score map, measuring needs
 * about 12 bytes for each body voxel and 4 for each voxel of the scan.
 * @param name also the name of its random sequences
 * @returns its record, with what it was made of, for whoever draws it
 * @throws what reading and screening throw, and WorkstationError 'input/nothing-scored'
 */
export async function measureCase(
  casesDir: string,
  name: string,
  options: MeasureOptions,
): Promise<CaseRecord & { truth: EvaluationCase; scan: ScoredScan }> {
  const { calibration, seed, level, minVolumeMl } = options
  options.onStage('reading')
  const truth = await readCase(join(casesDir, name), options.read)
  options.onStage('screening')
  const started = performance.now()
  const scan = await options.screen(truth.ctPath)
  const seconds = (performance.now() - started) / 1000
  options.onStage('measuring')
  const { ct, lesion, ignored } = truth
  const { score, scored } = scan
  const table = levelTable(calibration)
  if (ignored) leaveOut(ignored, scan, table.lowestScore)
  const counts = checkScan(ct, lesion, scan)
  const inside = lesionVoxels(labelComponents(lesion, 1, ct.dims))
  // First, because it refuses a score map with values that are not numbers.
  const { findings, mask } = findFindings({ volume: ct, score, calibration, level, minVolumeMl })

  const bands = distanceBands(lesion, ct, 'nonzero', BANDS_MM)
  const sample = sampleVoxels(lesion, scored, seed, name)
  const inRing = countRing(scored, bands)
  const measurable = { ...truth, ...scan, inside, bands, others: counts.other, inRing, sample }
  const modelValue: ValueOf = (i) => score[i]
  const baselineValue = huDeviation(ct, scored)
  const model = measureMethod(measurable, modelValue)
  const baseline = measureMethod(measurable, baselineValue)

  const far = (i: number) => lesion[i] === 0 && scored[i] !== 0 && bands[i] >= BEYOND_LABEL_MARGIN
  const labelled = labelledLesions(truth, inside.offset, far, { modelValue, baselineValue, mask, seed, name })
  const lesionVoxelsUnscored = inside.offset.reduce((sum, i) => sum + (scored[i] === 0 ? 1 : 0), 0)
  const { bestDice } = model.metrics
  const result: MeasuredCase = {
    case: name,
    ok: true,
    voxels: voxelCount(ct),
    bodyVoxels: counts.other + counts.lesion - lesionVoxelsUnscored,
    lesionVoxels: counts.lesion,
    lesionVoxelsUnscored,
    lesionMl: counts.lesion * voxelVolumeMl(ct),
    ...model.metrics,
    bestDice: { ...bestDice, level: table.levelOf(bestDice.threshold) },
    baselineHuDeviation: baseline.metrics,
    atLevel: overlapAtLevel(measurable, lowestScoreAt(level, table)),
    findings: hits(inside, mask, findings.length),
    froc: lesionCurve(ct, score, inside, calibration, minVolumeMl),
    calibration: calibrationByRegion(
      ct,
      score,
      scored,
      (i) => bands[i] >= BEYOND_CALIBRATION_MARGIN,
      calibration,
    ),
    ...(labelled && { labelled }),
    seconds,
  }
  return { result, samples: { model: model.sample, baseline: baseline.sample }, truth, scan }
}

/** Takes what is not to be measured out of the score map, as if the model had not scored it. */
function leaveOut(ignored: Uint8Array, { score, scored }: ScoredScan, lowestScore: number): void {
  for (let i = 0; i < ignored.length; i++) {
    if (ignored[i] === 0) continue
    scored[i] = 0
    score[i] = lowestScore
  }
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
function huDeviation(ct: CtVolume, scored: Uint8Array): ValueOf {
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

function measureMethod(scan: Measurable, value: ValueOf): { metrics: VoxelMetrics; sample: ClassValues } {
  const { inside, sample } = scan
  const drawn = {
    lesion: Float32Array.from(sample.lesion, value).sort(),
    other: Float32Array.from(sample.other, value).sort(),
  }
  const { others, ring } = otherValues(scan, value)
  const { bestDice, ...metrics } = rankingMetrics(rankVoxels(inside, value, others))
  const lesionValues = Float32Array.from(inside.offset, value)
  return {
    metrics: {
      auroc: auroc(drawn.lesion, drawn.other),
      aurocRing: ring.length === 0 ? null : auroc(lesionValues, ring),
      ...metrics,
      bestDice: { ...bestDice, level: null },
    },
    sample: { lesion: Array.from(drawn.lesion), other: Array.from(drawn.other) },
  }
}

/** Values of the scored voxels outside every lesion, and of those of them in the ring. */
function otherValues(
  { lesion, scored, bands, others, inRing }: Measurable,
  value: ValueOf,
): { others: Float32Array; ring: Float32Array } {
  const values = { others: new Float32Array(others), ring: new Float32Array(inRing) }
  for (let i = 0, n = 0, m = 0; i < lesion.length; i++) {
    if (lesion[i] !== 0 || scored[i] === 0) continue
    const of = value(i)
    values.others[n++] = of
    if (bands[i] >= RING.from && bands[i] <= RING.to) values.ring[m++] = of
  }
  return values
}

function countRing(scored: Uint8Array, bands: Uint8Array | Uint16Array): number {
  let count = 0
  for (let i = 0; i < scored.length; i++) {
    if (bands[i] >= RING.from && bands[i] <= RING.to && scored[i] !== 0) count++
  }
  return count
}

/** As `findFindings`: a voxel at the calibration's lowest score is never above a level. */
function lowestScoreAt(level: number, { scoreAtLevel, lowestScore }: LevelTable): number {
  return Math.max(scoreAtLevel(level), nextFloat32(lowestScore))
}

function overlapAtLevel({ lesion, scored, score, inside }: Measurable, threshold: number): OverlapAtLevel {
  let voxels = 0
  let lesionVoxels = 0
  for (let i = 0; i < score.length; i++) {
    if (scored[i] === 0 || !(score[i] >= threshold)) continue
    voxels++
    if (lesion[i] !== 0) lesionVoxels++
  }
  return { dice: (2 * lesionVoxels) / (inside.offset.length + voxels), voxels, lesionVoxels }
}

/** @param mask numbers of findings */
function hits(inside: LesionVoxels, mask: Uint16Array, count: number): MeasuredCase['findings'] {
  const hitLesions = new Set<number>()
  const onLesion = new Set<number>()
  for (let n = 0; n < inside.offset.length; n++) {
    const finding = mask[inside.offset[n]]
    if (finding === 0) continue
    onLesion.add(finding)
    hitLesions.add(inside.lesion[n])
  }
  return {
    count,
    onLesion: onLesion.size,
    lesions: inside.size.length,
    lesionsHit: hitLesions.size,
    lesionHit: hitLesions.size > 0,
  }
}
