/**
 * Area under the receiver operating characteristic: the probability that a positive drawn at random scores above a
 * negative drawn at random, ties counting half. Computed as the Mann–Whitney statistic U / (P · N) with average
 * ranks (Hanley and McNeil, Radiology 1982), so it is exact where counting pairs is: no binning, no trapezoids.
 * Multiples of one half are summed, exactly so up to 2^52 pairs.
 * @returns 0 to 1, or NaN where either class is empty and the area is not defined.
 * @throws RangeError for a score that is NaN, which has no rank.
 */
export function auroc(
  positives: Float32Array | Float64Array,
  negatives: Float32Array | Float64Array,
): number {
  const positive = sortedScores(positives)
  const negative = sortedScores(negatives)
  if (positive.length === 0 || negative.length === 0) return Number.NaN
  let u = 0
  let below = 0
  for (let i = 0; i < positive.length; ) {
    const score = positive[i]
    let next = i
    while (next < positive.length && positive[next] === score) next++
    while (below < negative.length && negative[below] < score) below++
    let notAbove = below
    while (notAbove < negative.length && negative[notAbove] === score) notAbove++
    u += (next - i) * (below + (notAbove - below) / 2)
    below = notAbove
    i = next
  }
  return u / (positive.length * negative.length)
}

function sortedScores(scores: Float32Array | Float64Array): Float32Array | Float64Array {
  const sorted = scores.slice().sort()
  // Typed arrays sort NaN to the end.
  if (sorted.length > 0 && Number.isNaN(sorted[sorted.length - 1])) {
    throw new RangeError('a score is not a number, so it cannot be ranked')
  }
  return sorted
}
