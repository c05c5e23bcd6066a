/** The smallest float32 above a float32 value. */
export function nextFloat32(value: number): number {
  if (value === 0) return 2 ** -149
  const float = new Float32Array([value])
  const bits = new Int32Array(float.buffer)
  bits[0] += value > 0 ? 1 : -1
  return float[0]
}

/** The smallest float32 that is not below a number: `x >= ceilFloat32(t)` is `x >= t` for every float32 x. */
export function ceilFloat32(value: number): number {
  const rounded = Math.fround(value)
  return rounded < value ? nextFloat32(rounded) : rounded
}
