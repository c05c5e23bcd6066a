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
  /** Where the mapping does no more than add it: a whole number of HU. */
  added?: number
}

/** `stored · slope + intercept` (DICOM PS3.3 C.11.1.1.2). */
export function rescale(slope: number, intercept: number): ValueMapping {
  return {
    key: `${slope} ${intercept}`,
    valueOf: (stored) => stored * slope + intercept,
    ...(slope === 1 && Number.isInteger(intercept) ? { added: intercept } : {}),
  }
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
 * @param bytes one slice, row by row, 8, 16 or 32 bits allocated, at least `out.length` words
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
  if (layout.bitsAllocated === 32) return longToHounsfield(bytes, layout, bigEndian, mapping, out)
  const { values, clamped } = wordTable(layout, bigEndian, mapping)
  const words = layout.bitsAllocated === 16 ? wordsOf(bytes, out.length) : bytes
  for (let i = 0; i < out.length; i++) out[i] = values[words[i]!]!
  if (!clamped) return 0
  let count = 0
  for (let i = 0; i < out.length; i++) count += clamped[words[i]!]!
  return count
}

/**
 * How the words of nearly every scanner become HU, two at a time: the bits of `mask`, those of `sign` flipped, and
 * `term` added. Each is the same in both halves.
 */
export interface PairSum {
  mask: number
  sign: number
  term: number
}

/**
 * The sums that stand for `mapping`; undefined where they cannot: it multiplies, or the words are not the 16-bit
 * little-endian ones of `count` (even) values with the stored bits at their lower end.
 */
export function pairSum(layout: WordLayout, mapping: ValueMapping, count: number): PairSum | undefined {
  const { bitsAllocated, bitsStored, highBit, signed } = layout
  if (mapping.added === undefined || bitsAllocated !== 16 || highBit !== bitsStored - 1 || count % 2 === 1)
    return undefined
  // Flipping the sign bit turns a signed value of fewer bits into itself plus the bit's weight, and an unsigned one of
  // 16 bits into itself minus it: both then lie in the signed 16 bits that are added to.
  const flipped = signed !== (bitsStored === 16) ? 2 ** (bitsStored - 1) : 0
  const term = mapping.added + (signed ? -flipped : flipped)
  if (term < INT16_MIN || term > INT16_MAX) return undefined
  return { mask: twice(2 ** bitsStored - 1), sign: twice(flipped), term: twice(term) }
}

function twice(word: number): number {
  return Math.imul(word & 0xffff, 0x10001)
}

/**
 * Turns stored words into HU where they lie.
 * @param words an even number of stored words, which start at a multiple of four bytes
 * @returns false where a value left Int16: the words are then of no use any more
 */
export function addInPlace(words: Int16Array, { mask, sign, term }: PairSum): boolean {
  const pairs = new Int32Array(words.buffer, words.byteOffset, words.length >> 1)
  const low = term & 0x7fff7fff
  let beyond = 0
  for (let i = 0; i < pairs.length; i++) {
    const pair = (pairs[i]! & mask) ^ sign
    // The sign bits are added apart, so that no carry goes from one word to the other.
    const sum = (((pair & 0x7fff7fff) + low) | 0) ^ ((pair ^ term) & 0x80008000)
    beyond |= (pair ^ sum) & (term ^ sum)
    pairs[i] = sum
  }
  return (beyond & 0x80008000) === 0
}

/** As `storedToHounsfield`, of 32-bit words: too many for a table. Software that computes with a CT may save it so. */
function longToHounsfield(
  bytes: Uint8Array,
  { bitsStored, highBit, signed }: WordLayout,
  bigEndian: boolean,
  mapping: ValueMapping,
  out: Int16Array,
): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // To the upper end of the word and back down: on the way the sign is extended, or zeros are.
  const [up, down] = [31 - highBit, 32 - bitsStored]
  let clamped = 0
  for (let i = 0; i < out.length; i++) {
    const upper = view.getInt32(4 * i, !bigEndian) << up
    const hu = Math.floor(mapping.valueOf(signed ? upper >> down : upper >>> down) + 0.5)
    if (hu > INT16_MAX) clamped++
    out[i] = Math.max(INT16_MIN, Math.min(INT16_MAX, hu))
  }
  return clamped
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
