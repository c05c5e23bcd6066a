import { Decoder } from 'jpeg-lossless-decoder-js'

const SOI = 0xffd8
/** Start of frame, lossless, Huffman (ISO/IEC 10918-1 Table B.1). */
const SOF3 = 0xffc3

/**
 * Decodes one frame of JPEG Lossless, Process 14 (DICOM PS3.5 A.4.1).
 * @returns the words in little-endian order, `rows · columns · bytesPerSample` bytes
 * @throws Error if the frame is malformed, or is not the image that the DICOM header announces
 */
export function decodeJpegLossless(
  frame: Uint8Array,
  rows: number,
  columns: number,
  bytesPerSample: number,
): Uint8Array {
  // The decoder allocates what the JPEG header asks for; a damaged one must not ask for gigabytes.
  const sof = frameHeader(frame)
  if (sof.rows !== rows || sof.columns !== columns || sof.components !== 1) {
    throw new Error(`JPEG of ${sof.columns} × ${sof.rows}, ${sof.components} components`)
  }
  if (sof.precision > 8 * bytesPerSample) throw new Error(`JPEG of ${sof.precision} bits`)
  const owned = new Uint8Array(frame)
  const decoded = new Decoder().decode(owned.buffer, 0, owned.length, bytesPerSample)
  if (decoded.length !== rows * columns) throw new Error(`JPEG decoded to ${decoded.length} values`)
  return new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.byteLength)
}

function frameHeader(frame: Uint8Array) {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (frame.length < 4 || view.getUint16(0) !== SOI) throw new Error('not a JPEG image')
  for (let offset = 2; offset + 10 <= frame.length; ) {
    const marker = view.getUint16(offset)
    if (marker === SOF3) {
      return {
        precision: view.getUint8(offset + 4),
        rows: view.getUint16(offset + 5),
        columns: view.getUint16(offset + 7),
        components: view.getUint8(offset + 9),
      }
    }
    if (marker >> 8 !== 0xff) break
    offset += marker === 0xffff ? 1 : 2 + view.getUint16(offset + 2)
  }
  throw new Error('JPEG without a lossless frame header')
}
