import type { Curve } from '../types.ts'
import type { RankedVoxels } from './rankedVoxels.ts'

/** What one pass over a scan's ranked voxels gives; the figures are explained at `VoxelMetrics`. */
export interface RankingMetrics {
  aurocAll: number
  averagePrecision: number
  aupro: number
  sensitivityAt95: number
  bestDice: { dice: number; threshold: number }
  curves: { roc: Curve; precisionRecall: Curve }
}

/** Of MVTec AD's per-region overlap (Bergmann et al., IJCV 2021). */
export const AUPRO_LIMIT = 0.3
const SPECIFICITY_LIMIT = 0.05
export const MOST_POINTS = 100

/**
 * The figures of a ranking, from the highest value down, each distinct value a threshold:
 * - AUROC as U / (P · N), ties half;
 * - average precision Σ (Rₙ − Rₙ₋₁) Pₙ, and the curve's points, as scikit-learn;
 * - AUPRO: the mean over connected lesions of the share of each that is found, over the false positive rate, by
 *   trapezoids up to 0.3 and divided by it, as MVTec AD's code;
 * - sensitivity at a false positive rate of at most 0.05, without interpolation.
 * @throws RangeError where either class is empty: nothing of this is defined then
 */
export function rankingMetrics(ranked: RankedVoxels): RankingMetrics {
  const { lesions: positives, others: negatives } = ranked
  if (positives === 0 || negatives === 0) throw new RangeError('voxels of only one class cannot be ranked')
  const roc = new RocThinner()
  const precisionRecall = new PrecisionRecallThinner()
  let [found, falsely, overlap, u, averagePrecision, aupro, sensitivityAt95] = [0, 0, 0, 0, 0, 0, 0]
  let bestDice = { dice: -1, threshold: 0 }
  ranked.forEachValue((group) => {
    u += group.lesions * (negatives - falsely - group.others / 2)
    const from = { rate: falsely / negatives, overlap }
    found += group.lesions
    falsely += group.others
    overlap += group.overlap
    const sensitivity = found / positives
    const rate = falsely / negatives
    const precision = found / (found + falsely)
    averagePrecision += (group.lesions / positives) * precision
    aupro += areaBelowLimit(from.rate, from.overlap, rate, overlap)
    if (rate <= SPECIFICITY_LIMIT) sensitivityAt95 = sensitivity
    const dice = (2 * found) / (positives + found + falsely)
    if (dice > bestDice.dice) bestDice = { dice, threshold: group.value }
    roc.add(rate, sensitivity)
    precisionRecall.add(sensitivity, precision)
  })
  return {
    aurocAll: u / (positives * negatives),
    averagePrecision,
    aupro: aupro / AUPRO_LIMIT,
    sensitivityAt95,
    bestDice,
    curves: { roc: roc.curve, precisionRecall: precisionRecall.curve },
  }
}

/** The trapezoid between two points of the overlap curve, cut off at the limit. */
function areaBelowLimit(x0: number, y0: number, x1: number, y1: number): number {
  if (x0 >= AUPRO_LIMIT || x1 === x0) return 0
  if (x1 <= AUPRO_LIMIT) return ((x1 - x0) * (y0 + y1)) / 2
  const width = AUPRO_LIMIT - x0
  return width * (y0 + ((y1 - y0) * width) / (x1 - x0) / 2)
}

/**
 * Keeps a point where either rate has moved far enough since the last, and the corner before a long jump: there the
 * straight line would leave the curve. As neither rate falls, this bounds their number.
 */
class RocThinner {
  readonly curve: Curve = { x: [0], y: [0] }
  // (0, 0), (1, 1), at most 70 steps of either rate, and at most 28 corners.
  private readonly step = 2 / 70
  private readonly jump = 2 / (MOST_POINTS - 72)
  private rate = 0
  private sensitivity = 0

  add(rate: number, sensitivity: number): void {
    const { x, y } = this.curve
    const isLast = rate === 1 && sensitivity === 1
    const jumped = Math.max(rate - this.rate, sensitivity - this.sensitivity) >= this.jump
    const moved = Math.max(rate - x[x.length - 1], sensitivity - y[y.length - 1]) >= this.step
    if (jumped && (this.rate > x[x.length - 1] || this.sensitivity > y[y.length - 1])) {
      x.push(this.rate)
      y.push(this.sensitivity)
    }
    if (moved || isLast) {
      x.push(rate)
      y.push(sensitivity)
    }
    this.rate = rate
    this.sensitivity = sensitivity
  }
}

/** Keeps the first point, and one where the recall has moved far enough since the last. */
class PrecisionRecallThinner {
  readonly curve: Curve = { x: [], y: [] }
  private readonly step = 1 / (MOST_POINTS - 3)

  add(recall: number, precision: number): void {
    const { x, y } = this.curve
    const last = x.length === 0 ? Number.NEGATIVE_INFINITY : x[x.length - 1]
    if (recall === 0 || recall === last) return
    if (recall - last < this.step && recall < 1) return
    x.push(recall)
    y.push(precision)
  }
}
