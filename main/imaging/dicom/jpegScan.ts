import { type HuffmanTables, readHuffmanTables } from './jpegHuffman.ts'

/** Markers (ISO/IEC 10918-1 Table B.1). */
const SOI = 0xffd8
const EOI = 0xffd9
const SOS = 0xffda
const DHT = 0xffc4
const DQT = 0xffdb
const DRI = 0xffdd

/** Start of frame, by process. */
export const SOF_BASELINE = 0xffc0
export const SOF_EXTENDED = 0xffc1
export const SOF_LOSSLESS = 0xffc3

export interface JpegFrame {
  precision: number
  rows: number
  columns: number
  /** Destination of the quantization table of the one component. */
  quantizationTable: number
}

/** A JPEG picture up to where its entropy-coded data begin. */
export interface JpegScan {
  frame: JpegFrame
  huffmanTables: HuffmanTables
  /** By destination: 64 values in zigzag order. */
  quantizationTables: Map<number, Uint16Array>
  /** In MCUs, which are samples (lossless) or blocks of 8 × 8 (DCT); 0 where there are none. */
  restartInterval: number
  /** Destinations of the Huffman tables: DC or lossless, and AC. */
  dcTable: number
  acTable: number
  /** Predictor of the lossless process, else where the spectral band begins. */
  spectralStart: number
  spectralEnd: number
  /** Successive approximation, high and low; the low one is the point transform of the lossless process. */
  approximationHigh: number
  approximationLow: number
  /** Offset of the entropy-coded data. */
  start: number
}

/**
 * Reads the marker segments of a JPEG picture of one component up to its first scan (ISO/IEC 10918-1 B.2).
 * @param startOfFrame the processes that are acceptable
 * @throws Error (also RangeError) if the segments are malformed, or the picture is not what the DICOM header announces
 */
export function readJpegScan(
  jpeg: Uint8Array,
  startOfFrame: readonly number[],
  rows: number,
  columns: number,
  bytesPerSample: number,
): JpegScan {
  const view = new DataView(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength)
  const huffmanTables: HuffmanTables = new Map()
  const quantizationTables = new Map<number, Uint16Array>()
  let frame: JpegFrame | undefined
  let restartInterval = 0
  if (view.getUint16(0) !== SOI) throw new Error('not a JPEG image')
  for (let offset = 2; ; ) {
    const marker = view.getUint16(offset)
    if (marker >> 8 !== 0xff) throw new Error(`no JPEG marker at byte ${offset}`)
    if (marker === 0xffff) {
      offset++ // Any marker may be preceded by fill bytes (B.1.1.2).
      continue
    }
    if (marker === EOI) throw new Error('JPEG without a picture')
    const length = view.getUint16(offset + 2)
    const body = offset + 4
    const start = offset + 2 + length
    if (marker === DHT) readHuffmanTables(jpeg.subarray(body, start), huffmanTables)
    else if (marker === DQT) readQuantizationTables(jpeg.subarray(body, start), quantizationTables)
    else if (marker === DRI) restartInterval = view.getUint16(body)
    else if (startOfFrame.includes(marker)) frame = readFrame(view, body, rows, columns, bytesPerSample)
    else if (marker === SOS) {
      if (!frame) throw new Error('JPEG scan before its frame header')
      if (view.getUint8(body) !== 1) throw new Error('JPEG scan of several components')
      return {
        frame,
        huffmanTables,
        quantizationTables,
        restartInterval,
        dcTable: view.getUint8(body + 2) >> 4,
        acTable: view.getUint8(body + 2) & 15,
        spectralStart: view.getUint8(body + 3),
        spectralEnd: view.getUint8(body + 4),
        approximationHigh: view.getUint8(body + 5) >> 4,
        approximationLow: view.getUint8(body + 5) & 15,
        start,
      }
    } else if (marker >= 0xffc0 && marker <= 0xffcf)
      throw new Error(`JPEG of another process (${marker.toString(16)})`)
    offset = start
  }
}

function readFrame(
  view: DataView,
  body: number,
  rows: number,
  columns: number,
  bytesPerSample: number,
): JpegFrame {
  const frame = {
    precision: view.getUint8(body),
    rows: view.getUint16(body + 1),
    columns: view.getUint16(body + 3),
    quantizationTable: view.getUint8(body + 8),
  }
  const components = view.getUint8(body + 5)
  // Checked before anything of that size is allocated.
  if (frame.rows !== rows || frame.columns !== columns || components !== 1) {
    throw new Error(`JPEG of ${frame.columns} × ${frame.rows}, ${components} components`)
  }
  if (frame.precision < 2 || frame.precision > 8 * bytesPerSample)
    throw new Error(`JPEG of ${frame.precision} bits`)
  return frame
}

/** B.2.4.1: destination and precision, then 64 values of one byte or two. */
function readQuantizationTables(segment: Uint8Array, tables: Map<number, Uint16Array>): void {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength)
  for (let offset = 0; offset < segment.length; ) {
    const id = segment[offset++]!
    const wide = id >> 4 === 1
    tables.set(
      id & 15,
      Uint16Array.from({ length: 64 }, (_, i) =>
        wide ? view.getUint16(offset + 2 * i) : view.getUint8(offset + i),
      ),
    )
    offset += wide ? 128 : 64
  }
}
