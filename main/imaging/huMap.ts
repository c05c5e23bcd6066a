/**
 * Piecewise linear map of HU to [0, 1], clamped at the ends (RECIPE.md, Preprocessing 3); the arithmetic of
 * numpy.interp.
 *
 * @param hu any shape, HU
 * @param pivots ascending, HU
 * @param values what each pivot maps to
 * @param out may be `hu` itself
 */
export function huMap(
  hu: Float32Array,
  pivots: readonly number[],
  values: readonly number[],
  out: Float32Array = new Float32Array(hu.length),
): Float32Array {
  const last = pivots.length - 1
  const x = Float64Array.from(pivots)
  const y = Float64Array.from(values)
  const slope = new Float64Array(last)
  for (let j = 0; j < last; j++) slope[j] = (y[j + 1]! - y[j]!) / (x[j + 1]! - x[j]!)
  const bottom = x[0]!
  const top = x[last]!
  for (let i = 0; i < hu.length; i++) {
    const v = hu[i]!
    if (v >= top) out[i] = y[last]!
    else if (v > bottom) {
      let j = 0
      while (v >= x[j + 1]!) j++
      out[i] = slope[j]! * (v - x[j]!) + y[j]!
    } else out[i] = y[0]!
  }
  return out
}
