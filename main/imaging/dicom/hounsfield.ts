import type { PixelLayout } from './header.ts'

const INT16_MIN = -32768
const INT16_MAX = 32767

/** How stored values sit in their words. */
export type WordLayout = Pick<PixelLayout, 'bitsAllocated' | 'bitsStored' | 'highBit' | 'signed'>

/** What a stored value is worth: its HU, or the value of another unit, before rounding. */
export interface ValueMapping {
  /** Equal for equal mappings, and different for different ones. */
  key: string | object
  valueOf: (stored: number) => number
}

/** `stored · slope + intercept` (DICOM PS3.3 C.11.1.1.2). */
export function rescale(slope: number, intercept: number): ValueMapping {
  return { key: `${slope} ${intercept}`, valueOf: (stored) => stored * slope + intercept }
}

/** The value of every possible word, made once for the slices of a series, which mostly share one mapping. */
interface WordTable {
  layout: WordLayout
  bigEndian: boolean
  key: string | object
  values: Int16Array
  /** By word: 1 where the value exceeded Int16; absent where none does. */
  clamped: Uint8Array | undefined
}
let lastTable: WordTable | undefined

/**
 * Stored values → HU by `mapping`, rounded half up, clamped to Int16.
 * A stored value is the `bitsStored` bits below and including `highBit` of its word, sign-extended when the pixel
 * representation is signed (PS3.5 8.1.1); bits outside it (old overlays) are ignored. Padding is mapped like any value.
 * @param bytes one slice, row by row, 8 or 16 bits allocated, at least `out.length` words
 * @param out receives the slice
 * @returns how many values exceeded 32,767 HU (below −32,768 there is only padding, and that is not counted)
 */
export function storedToHounsfield(
  bytes: Uint8Array,
  layout: WordLayout,
  bigEndian: boolean,
  mapping: ValueMapping,
  out: Int16Array,
): number {
  const { values, clamped } = wordTable(layout, bigEndian, mapping)
  const words = layout.bitsAllocated === 16 ? wordsOf(bytes, out.length) : bytes
  for (let i = 0; i < out.length; i++) out[i] = values[words[i]!]!
  if (!clamped) return 0
  let count = 0
  for (let i = 0; i < out.length; i++) count += clamped[words[i]!]!
  return count
}

/** The words as the machine reads them (little endian on every platform that runs this product). */
function wordsOf(bytes: Uint8Array, count: number): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice(0, 2 * count)
  return new Uint16Array(aligned.buffer, aligned.byteOffset, count)
}

function wordTable(layout: WordLayout, bigEndian: boolean, mapping: ValueMapping): WordTable {
  const { bitsAllocated, bitsStored, highBit, signed } = layout
  const last = lastTable
  if (
    last?.key === mapping.key &&
    last.bigEndian === bigEndian &&
    last.layout.bitsAllocated === bitsAllocated &&
    last.layout.bitsStored === bitsStored &&
    last.layout.highBit === highBit &&
    last.layout.signed === signed
  )
    return last
  const wide = bitsAllocated === 16
  const shift = highBit + 1 - bitsStored
  const mask = 2 ** bitsStored - 1
  const signBit = signed ? 2 ** (bitsStored - 1) : 0
  const values = new Int16Array(wide ? 65536 : 256)
  const clamped = new Uint8Array(values.length)
  let anyClamped = false
  for (let i = 0; i < values.length; i++) {
    const word = wide && bigEndian ? ((i & 0xff) << 8) | (i >> 8) : i
    const bits = (word >>> shift) & mask
    // Flipping the sign bit and subtracting its weight extends the sign; without a sign both are 0.
    const stored = (bits ^ signBit) - signBit
    const hu = Math.floor(mapping.valueOf(stored) + 0.5)
    if (hu > INT16_MAX) {
      clamped[i] = 1
      anyClamped = true
    }
    values[i] = Math.max(INT16_MIN, Math.min(INT16_MAX, hu))
  }
  lastTable = {
    layout: { bitsAllocated, bitsStored, highBit, signed },
    bigEndian,
    key: mapping.key,
    values,
    clamped: anyClamped ? clamped : undefined,
  }
  return lastTable
}
