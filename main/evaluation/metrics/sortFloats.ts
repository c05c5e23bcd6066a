const RADIX_BITS = 11
const RADIX = 1 << RADIX_BITS
const PASSES = 3
const SIGN = 0x80000000

/**
 * Sorts float32 values in ascending order, in place, by three passes of a least-significant-digit radix sort: a scan
 * has tens of millions, and comparisons take ten times as long. No value may be NaN. Needs as much memory again.
 */
export function sortFloats(values: Float32Array): Float32Array {
  let from: Uint32Array = new Uint32Array(values.buffer, values.byteOffset, values.length)
  let into: Uint32Array = new Uint32Array(values.length)
  const places = new Uint32Array(PASSES * RADIX)
  for (let i = 0; i < from.length; i++) {
    const key = orderedBits(from[i])
    from[i] = key
    for (let pass = 0; pass < PASSES; pass++) places[pass * RADIX + digit(key, pass)]++
  }
  for (let pass = 0; pass < PASSES; pass++) {
    const place = places.subarray(pass * RADIX, (pass + 1) * RADIX)
    for (let d = 0, sum = 0; d < RADIX; d++) {
      const count = place[d]
      place[d] = sum
      sum += count
    }
    for (let i = 0; i < from.length; i++) into[place[digit(from[i], pass)]++] = from[i]
    ;[from, into] = [into, from]
  }
  // Three passes end in the other buffer.
  for (let i = 0; i < from.length; i++) into[i] = floatBits(from[i])
  return values
}

function digit(key: number, pass: number): number {
  return (key >>> (pass * RADIX_BITS)) & (RADIX - 1)
}

/** The bits of a float32 as an unsigned number that orders as the float32 does. */
export function orderedBits(bits: number): number {
  return (bits & SIGN ? ~bits : bits | SIGN) >>> 0
}

/** The inverse of `orderedBits`. */
export function floatBits(ordered: number): number {
  return (ordered & SIGN ? ordered & ~SIGN : ~ordered) >>> 0
}
