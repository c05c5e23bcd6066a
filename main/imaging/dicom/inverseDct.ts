/**
 * The accurate integer inverse DCT of the Independent JPEG Group's library (jidctint.c: Loeffler, Ligtenberg and
 * Moschytz, ICASSP 1989). Written after it to the bit, because the decoders of GDCM, DCMTK and most viewers are that
 * library: another inverse DCT within the tolerance of ISO/IEC 10918-2 would give other HU.
 */

const CONST_BITS = 13
const fix = (x: number) => Math.round(x * 2 ** CONST_BITS)
const F_0_298 = fix(0.298631336)
const F_0_390 = fix(0.390180644)
const F_0_541 = fix(0.5411961)
const F_0_765 = fix(0.765366865)
const F_0_899 = fix(0.899976223)
const F_1_175 = fix(1.175875602)
const F_1_501 = fix(1.50132111)
const F_1_847 = fix(1.847759065)
const F_1_961 = fix(1.96157056)
const F_2_053 = fix(2.053119869)
const F_2_562 = fix(2.562915447)
const F_3_072 = fix(3.072711026)

/**
 * Turns the dequantized coefficients of a block into its samples less the level shift, not yet clamped, in place.
 * @param block 8 rows of 8, horizontal frequency fastest; receives the samples
 * @param precision bits per sample: 8 or 12, which differ in the fraction bits kept between the passes
 */
export function inverseDct(block: Int32Array, precision: number): void {
  const passBits = precision === 8 ? 2 : 1
  for (let x = 0; x < 8; x++) transform(block, x, 8, CONST_BITS - passBits)
  for (let y = 0; y < 64; y += 8) transform(block, y, 1, CONST_BITS + passBits + 3)
}

/** One-dimensional transform of the eight values from `at`, `step` apart, rounded by `shift` bits. */
function transform(block: Int32Array, at: number, step: number, shift: number): void {
  const i1 = at + step
  const i2 = i1 + step
  const i3 = i2 + step
  const i4 = i3 + step
  const i5 = i4 + step
  const i6 = i5 + step
  const i7 = i6 + step
  const half = 1 << (shift - 1)

  // Even part.
  const z1 = Math.imul(block[i2]! + block[i6]!, F_0_541)
  const even2 = z1 - Math.imul(block[i6]!, F_1_847)
  const even3 = z1 + Math.imul(block[i2]!, F_0_765)
  const even0 = (block[at]! + block[i4]!) << CONST_BITS
  const even1 = (block[at]! - block[i4]!) << CONST_BITS
  const sum0 = even0 + even3 + half
  const sum3 = even0 - even3 + half
  const sum1 = even1 + even2 + half
  const sum2 = even1 - even2 + half

  // Odd part.
  const a = block[i7]!
  const b = block[i5]!
  const c = block[i3]!
  const d = block[i1]!
  const z5 = Math.imul(a + c + b + d, F_1_175)
  const ad = -Math.imul(a + d, F_0_899)
  const bc = -Math.imul(b + c, F_2_562)
  const ac = z5 - Math.imul(a + c, F_1_961)
  const bd = z5 - Math.imul(b + d, F_0_390)
  const odd0 = Math.imul(a, F_0_298) + ad + ac
  const odd1 = Math.imul(b, F_2_053) + bc + bd
  const odd2 = Math.imul(c, F_3_072) + bc + ac
  const odd3 = Math.imul(d, F_1_501) + ad + bd

  block[at] = (sum0 + odd3) >> shift
  block[i7] = (sum0 - odd3) >> shift
  block[i1] = (sum1 + odd2) >> shift
  block[i6] = (sum1 - odd2) >> shift
  block[i2] = (sum2 + odd1) >> shift
  block[i5] = (sum2 - odd1) >> shift
  block[i3] = (sum3 + odd0) >> shift
  block[i4] = (sum3 - odd0) >> shift
}
