import type { ValueMapping } from './hounsfield.ts'
import type { DicomDataSet } from './parse.ts'

/** A Modality LUT (DICOM PS3.3 C.11.1.1): the values that stored values stand for, instead of a rescale. */
export interface ModalityLut {
  /** Stored value of the first entry; lower ones have the value of the first, higher ones that of the last. */
  firstMapped: number
  /** Unsigned, up to 65,536 of them. */
  entries: Uint16Array
  /** Modality LUT Type (0028,3004), such as HU, OD or US (unspecified); '' where absent. */
  type: string
}

/**
 * Reads the Modality LUT Sequence (0028,3000).
 * @param signedPixels the Pixel Representation: the first mapped value is signed like the pixels
 * @returns undefined where there is none
 * @throws Error if it is malformed
 */
export function modalityLutOf(dataSet: DicomDataSet, signedPixels: boolean): ModalityLut | undefined {
  const [item] = dataSet.items('00283000')
  if (!item) return undefined
  const [count, first, bits] = item.uint16s('00283002')
  if (count === undefined || first === undefined || bits === undefined || bits < 8 || bits > 16) {
    throw new Error(`Modality LUT descriptor ${count}, ${first}, ${bits}`)
  }
  return {
    firstMapped: signedPixels && first > 32767 ? first - 65536 : first,
    // C.11.1.1.1: 65,536 does not fit the word and is written as 0.
    entries: entriesOf(item.uint16s('00283006'), count === 0 ? 65536 : count, bits),
    type: item.string('00283004').toUpperCase(),
  }
}

/** A word an entry, or, for entries of 8 bits, as some write them, a byte, the first in the lower half of a word. */
function entriesOf(words: Uint16Array, length: number, bits: number): Uint16Array {
  const mask = 2 ** bits - 1
  if (words.length >= length) return words.slice(0, length).map((entry) => entry & mask)
  if (bits === 8 && 2 * words.length >= length) {
    return Uint16Array.from({ length }, (_, i) => (words[i >> 1]! >> (8 * (i & 1))) & mask)
  }
  throw new Error(`Modality LUT of ${words.length} words for ${length} entries`)
}

/** The lookup as a mapping of stored values. */
export function throughLut(lut: ModalityLut): ValueMapping {
  const { firstMapped, entries } = lut
  const last = entries.length - 1
  return { key: lut, valueOf: (stored) => entries[Math.max(0, Math.min(last, stored - firstMapped))]! }
}
