import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeJpegLossless } from '../../../main/imaging/dicom/jpegLossless.ts'

/**
 * A JPEG Lossless encoder as plain as the standard allows: every category has a code of five bits. The golden series
 * prove the decoder against GDCM's and DCMTK's encoders; this one reaches what those do not write.
 */
function encode(
  image: readonly number[],
  columns: number,
  precision: number,
  predictor: number,
  restartRows = 0,
) {
  const rows = image.length / columns
  const bits: number[] = []
  const out: number[] = []
  const flush = () => {
    while (bits.length % 8 !== 0) bits.push(1)
    for (let i = 0; i < bits.length; i += 8) {
      const byte = bits.slice(i, i + 8).reduce((a, b) => 2 * a + b, 0)
      out.push(byte, ...(byte === 0xff ? [0] : []))
    }
    bits.length = 0
  }
  const put = (value: number, count: number) => {
    for (let b = count - 1; b >= 0; b--) bits.push((value >> b) & 1)
  }
  for (let y = 0; y < rows; y++) {
    const first = restartRows > 0 ? y % restartRows === 0 : y === 0
    if (first && y > 0) {
      flush()
      out.push(0xff, 0xd0 + ((y / restartRows - 1) % 8))
    }
    for (let x = 0; x < columns; x++) {
      const at = (dx: number, dy: number) => image[(y - dy) * columns + x - dx]!
      const [a, b, c] = [at(1, 0), at(0, 1), x > 0 ? at(1, 1) : 0]
      const predicted = first
        ? x === 0
          ? 1 << (precision - 1)
          : a
        : x === 0
          ? b
          : [a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1][predictor - 1]!
      const difference = ((image[y * columns + x]! - predicted + 32768) & 0xffff) - 32768
      const category = difference === -32768 ? 16 : 32 - Math.clz32(Math.abs(difference))
      put(category, 5)
      if (category < 16) put(difference < 0 ? difference + (1 << category) - 1 : difference, category)
    }
  }
  flush()
  const word = (n: number) => [n >> 8, n & 255]
  return Uint8Array.from([
    ...[0xff, 0xd8],
    ...[0xff, 0xc4, ...word(36), 0, 0, 0, 0, 0, 17, ...Array(11).fill(0), ...Array(17).keys()],
    ...(restartRows > 0 ? [0xff, 0xdd, ...word(4), ...word(restartRows * columns)] : []),
    ...[0xff, 0xc3, ...word(11), precision, ...word(rows), ...word(columns), 1, 1, 0x11, 0],
    ...[0xff, 0xda, ...word(8), 1, 1, 0, predictor, 0, 0],
    ...out,
    ...[0xff, 0xd9],
  ])
}

const picture = fc
  .record({
    columns: fc.integer({ min: 1, max: 9 }),
    rows: fc.integer({ min: 1, max: 7 }),
    precision: fc.integer({ min: 2, max: 16 }),
    predictor: fc.integer({ min: 1, max: 7 }),
    restartRows: fc.integer({ min: 0, max: 3 }),
  })
  .chain((shape) =>
    fc
      .array(fc.integer({ min: 0, max: 2 ** shape.precision - 1 }), {
        minLength: shape.rows * shape.columns,
        maxLength: shape.rows * shape.columns,
      })
      .map((image) => ({ ...shape, image })),
  )

const words = (bytes: Uint8Array) => [...new Uint16Array(bytes.slice().buffer)]

describe('JPEG Lossless', () => {
  it('gives back every picture, of any precision, predictor and restart interval', () => {
    fc.assert(
      fc.property(picture, ({ image, columns, rows, precision, predictor, restartRows }) => {
        const jpeg = encode(image, columns, precision, predictor, restartRows)
        expect(words(decodeJpegLossless(jpeg, rows, columns, 2))).toEqual(image)
      }),
      { numRuns: 500 },
    )
  })

  it('keeps the last pixel where the data end on a byte boundary', () => {
    // 8 differences of 0, five bits each: exactly five bytes, no padding.
    const image = Array(8).fill(2048)
    expect(words(decodeJpegLossless(encode(image, 4, 12, 1), 2, 4, 2))).toEqual(image)
  })

  it('refuses data that end too early, wherever', () => {
    const image = Array.from({ length: 48 }, (_, i) => (i * 7919) % 4096)
    const jpeg = encode(image, 8, 12, 4)
    for (let cut = 3; cut < jpeg.length; cut++) {
      expect(() => decodeJpegLossless(jpeg.subarray(0, jpeg.length - cut), 6, 8, 2)).toThrow()
    }
  })

  it('refuses a picture that is not the one announced, before it takes memory for it', () => {
    const jpeg = encode(Array(12).fill(1), 4, 12, 1)
    expect(() => decodeJpegLossless(jpeg, 4, 3, 2)).toThrow('JPEG of 4 × 3')
    expect(() => decodeJpegLossless(jpeg, 3, 4, 1)).toThrow('12 bits')
    const baseline = jpeg.slice()
    baseline[baseline.indexOf(0xc3)] = 0xc0
    expect(() => decodeJpegLossless(baseline, 3, 4, 2)).toThrow()
  })

  it('never does anything but decode or throw, whatever the bytes', () => {
    const jpeg = encode(
      Array.from({ length: 12 }, (_, i) => i * 300),
      4,
      12,
      1,
    )
    fc.assert(
      fc.property(fc.nat(jpeg.length - 1), fc.nat(255), (at, value) => {
        const spoilt = jpeg.slice()
        spoilt[at] = value
        try {
          expect(decodeJpegLossless(spoilt, 3, 4, 2).length).toBe(24)
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
