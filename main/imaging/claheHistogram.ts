/**
 * Clips a tile's histogram, hands the excess to the other bins, and integrates it into a lookup table: scikit-image
 * 0.19's `clip_histogram` and `map_histogram`. The redistribution overshoots (counts are not conserved); it is
 * copied as it is, because the models were trained on what it makes.
 *
 * @param histogram counts per bin; changed in place
 * @param clip largest count of a bin, ≥ 1
 * @param scale grey levels per count
 * @param maxLevel largest grey level
 * @param lut receives the grey level of each bin
 */
export function clippedHistogramToLut(
  histogram: Int32Array,
  clip: number,
  scale: number,
  maxLevel: number,
  lut: Uint16Array,
): void {
  const bins = histogram.length
  let excess = 0
  for (let b = 0; b < bins; b++) {
    if (histogram[b]! > clip) {
      excess += histogram[b]! - clip
      histogram[b] = clip
    }
  }

  const increment = Math.floor(excess / bins)
  const upper = clip - increment
  for (let b = 0; b < bins; b++) {
    if (histogram[b]! < upper) {
      histogram[b] = histogram[b]! + increment
      excess -= increment
    }
  }
  // A second look at every bin, also at those just raised: what is left to the clip is taken from the excess.
  for (let b = 0; b < bins; b++) {
    if (histogram[b]! >= upper && histogram[b]! < clip) {
      excess += histogram[b]! - clip
      histogram[b] = clip
    }
  }
  redistribute(histogram, clip, excess)

  let sum = 0
  for (let b = 0; b < bins; b++) {
    sum += histogram[b]!
    lut[b] = Math.min(sum * scale, maxLevel)
  }
}

/** One more for bins below the clip, spread by a stride, from a start that moves on, until nothing is left to give. */
function redistribute(histogram: Int32Array, clip: number, left: number) {
  const bins = histogram.length
  let excess = left
  while (excess > 0) {
    const before = excess
    for (let start = 0; start < bins; start++) {
      let under = 0
      for (let b = 0; b < bins; b++) if (histogram[b]! < clip) under++
      const step = Math.max(1, Math.floor(under / excess))
      for (let b = start; b < bins; b += step) {
        if (histogram[b]! < clip) {
          histogram[b] = histogram[b]! + 1
          excess--
        }
      }
      if (excess <= 0) break
    }
    if (excess === before) break
  }
}
