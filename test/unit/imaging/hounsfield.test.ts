import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addInPlace, pairSum, rescale, storedToHounsfield } from '../../../main/imaging/dicom/hounsfield.ts'

/** DICOM PS3.5 8.1.1 and PS3.3 C.11.1.1.2, word by word and as plain as they stand. */
function plainly(
  word: number,
  stored: number,
  high: number,
  signed: boolean,
  slope: number,
  intercept: number,
) {
  const bits = Math.floor(word / 2 ** (high + 1 - stored)) % 2 ** stored
  const value = signed && bits >= 2 ** (stored - 1) ? bits - 2 ** stored : bits
  return Math.floor(value * slope + intercept + 0.5)
}

const layout = fc.constantFrom(8, 16, 32).chain((bitsAllocated) =>
  fc.integer({ min: 1, max: bitsAllocated }).chain((bitsStored) =>
    fc.record({
      bitsAllocated: fc.constant(bitsAllocated),
      bitsStored: fc.constant(bitsStored),
      highBit: fc.integer({ min: bitsStored - 1, max: bitsAllocated - 1 }),
      signed: fc.boolean(),
    }),
  ),
)

describe('stored values become HU', () => {
  it('as the standard says, for every layout, byte order, alignment and rescale', () => {
    fc.assert(
      fc.property(
        layout,
        fc.boolean(),
        fc.nat(1),
        fc.constantFrom(1, 0.5, 2, 1.25, -1, 12.7),
        fc.constantFrom(0, -1024, 10.5, -0.25, 30000),
        fc.array(fc.oneof(fc.nat(65535), fc.nat(2 ** 32 - 1)), { minLength: 1, maxLength: 40 }),
        (bits, bigEndian, offset, slope, intercept, drawn) => {
          const words = drawn.map((w) => w % 2 ** bits.bitsAllocated)
          const bytes = new Uint8Array(offset + (words.length * bits.bitsAllocated) / 8).subarray(offset)
          const view = new DataView(bytes.buffer, bytes.byteOffset)
          words.forEach((w, i) => {
            if (bits.bitsAllocated === 32) view.setUint32(4 * i, w, !bigEndian)
            else if (bits.bitsAllocated === 16) view.setUint16(2 * i, w, !bigEndian)
            else view.setUint8(i, w)
          })
          const hu = words.map((w) =>
            plainly(w, bits.bitsStored, bits.highBit, bits.signed, slope, intercept),
          )
          const out = new Int16Array(words.length)
          const clamped = storedToHounsfield(bytes, bits, bigEndian, rescale(slope, intercept), out)
          expect([...out]).toEqual(hu.map((v) => Math.max(-32768, Math.min(32767, v))))
          expect(clamped).toBe(hu.filter((v) => v > 32767).length)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('in place by adding, wherever that is the same: every word of every layout', () => {
    const words = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i)
    let added = 0
    for (const signed of [false, true]) {
      for (let bitsStored = 1; bitsStored <= 16; bitsStored++) {
        for (const intercept of [0, -1024, -1000, 1, -8192, -32768, 32767]) {
          const bits = { bitsAllocated: 16, bitsStored, highBit: bitsStored - 1, signed }
          const sum = pairSum(bits, rescale(1, intercept), words.length)
          if (!sum) continue
          added++
          const hu = Array.from(words, (w) => plainly(w, bitsStored, bitsStored - 1, signed, 1, intercept))
          const out = Int16Array.from(words)
          const fits = hu.every((v) => v >= -32768 && v <= 32767)
          expect(addInPlace(out, sum), JSON.stringify({ ...bits, intercept })).toBe(fits)
          if (fits) expect(out).toEqual(Int16Array.from(hu))
        }
      }
    }
    // Without these the loop would show nothing: 12 and 16 bits, signed and unsigned, are what scanners write.
    expect(added).toBeGreaterThan(150)
  })

  it('not by adding where the words are others or are multiplied', () => {
    const bits = { bitsAllocated: 16, bitsStored: 12, highBit: 11, signed: false }
    expect(pairSum(bits, rescale(1, -1024), 4)).toBeDefined()
    expect(pairSum(bits, rescale(1, -1024), 3)).toBeUndefined()
    expect(pairSum(bits, rescale(1.5, -1024), 4)).toBeUndefined()
    expect(pairSum(bits, rescale(1, 0.5), 4)).toBeUndefined()
    expect(pairSum({ ...bits, highBit: 15 }, rescale(1, -1024), 4)).toBeUndefined()
    expect(
      pairSum({ ...bits, bitsAllocated: 8, bitsStored: 8, highBit: 7 }, rescale(1, 0), 4),
    ).toBeUndefined()
  })
})
