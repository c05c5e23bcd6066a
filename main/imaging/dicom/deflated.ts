import { constants, inflateRawSync } from 'node:zlib'
import { CutShort, type Element, ElementReader, EXPLICIT, Malformed } from './elements.ts'

/** The most that deflate can make of a byte (RFC 1951: 258 bytes for two bits, less the block headers). */
export const MAX_DEFLATE_RATIO = 1032
/** 2,000 slices of 512 × 512: a larger object would not be deflated as one piece. */
const MAX_INFLATED_BYTES = 2 ** 30
/** A header of more than this, inflated, is no image's. */
const MAX_HEADER_BYTES = 64 * 2 ** 20
/** Elements after the pixel data: padding and signatures. */
const TRAILER_BYTES = 2 ** 20
const FIRST_BYTES = 16 * 1024
const PIXEL_DATA = 0x7fe00010

/**
 * Inflates a deflated data set (PS3.5 A.5: a raw deflate stream after the meta group). First only its beginning: the
 * whole may then take no more than the header and the pixel data that it announces.
 * @param prefix the stream goes on after `deflated`: inflate what is there
 * @throws CutShort, Malformed
 */
export function inflateDataSet(deflated: Uint8Array, prefix: boolean): Uint8Array {
  if (prefix) return inflated(deflated, MAX_HEADER_BYTES, true)
  return inflated(deflated, announcedBytes(deflated) + TRAILER_BYTES, false)
}

/** Where the pixel data end as their header has it; the cap of a header where there are none. */
function announcedBytes(deflated: Uint8Array): number {
  for (let taken = FIRST_BYTES; ; taken *= 8) {
    const part = deflated.subarray(0, taken)
    const pixels = pixelDataOf(inflated(part, MAX_HEADER_BYTES, true))
    if (pixels) {
      const end = pixels.offset + Math.max(0, pixels.length)
      if (end > MAX_INFLATED_BYTES || end > deflated.length * MAX_DEFLATE_RATIO) {
        throw new Malformed('its picture is said to be larger than it can be')
      }
      return end
    }
    if (taken >= deflated.length) return MAX_HEADER_BYTES
  }
}

function pixelDataOf(bytes: Uint8Array): Element | undefined {
  const elements = new Map<number, Element>()
  try {
    new ElementReader(bytes).dataSet({ start: 0, end: bytes.length, delimited: false }, EXPLICIT, 0, elements)
  } catch (error) {
    if (!(error instanceof CutShort)) throw error
  }
  return elements.get(PIXEL_DATA)
}

function inflated(bytes: Uint8Array, maxOutputLength: number, partial: boolean): Uint8Array {
  try {
    return inflateRawSync(bytes, {
      maxOutputLength,
      ...(partial ? { finishFlush: constants.Z_SYNC_FLUSH } : {}),
    })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new Malformed('it unpacks to more than it announces')
    if (code === 'Z_BUF_ERROR') throw new CutShort()
    throw new Malformed('its compressed data set is damaged')
  }
}
