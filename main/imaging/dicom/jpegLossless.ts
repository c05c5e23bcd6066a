import { BitReader, type HuffmanLookup } from './jpegHuffman.ts'
import { type JpegScan, readJpegScan, SOF_LOSSLESS } from './jpegScan.ts'

/**
 * JPEG Lossless, Process 14, all predictors (ISO/IEC 10918-1 Annex H; DICOM PS3.5 A.4.1), one component, 2 to 16
 * bits. Own code because the available JavaScript decoder (jpeg-lossless-decoder-js 2.1.2) silently loses the last
 * pixel of an image whose entropy-coded data end on a byte boundary, and does not notice data that end too early.
 * @returns the words in little-endian order, `rows · columns · bytesPerSample` bytes
 * @throws Error if the frame is malformed, ends too early, or is not the image that the DICOM header announces
 */
export function decodeJpegLossless(
  jpeg: Uint8Array,
  rows: number,
  columns: number,
  bytesPerSample: number,
): Uint8Array {
  const scan = readJpegScan(jpeg, [SOF_LOSSLESS], rows, columns, bytesPerSample)
  return toBytes(decodeScan(jpeg, scan), scan.approximationLow, bytesPerSample)
}

/** H.1.2 and H.2: each sample is its prediction plus a coded difference, modulo 2^16. */
function decodeScan(jpeg: Uint8Array, scan: JpegScan): Uint16Array {
  const { rows, columns, precision } = scan.frame
  const { restartInterval, spectralStart: predictor, approximationLow: pointTransform } = scan
  const table = scan.huffmanTables.get(scan.dcTable)
  if (!table) throw new Error('JPEG scan without its Huffman table')
  if (predictor < 1 || predictor > 7) throw new Error(`JPEG predictor ${predictor}`)
  if (restartInterval % columns !== 0) throw new Error(`JPEG restart interval ${restartInterval}`)
  const rowsPerSegment = restartInterval > 0 ? restartInterval / columns : rows
  const samples = new Uint16Array(rows * columns)
  const bits = new BitReader(jpeg, scan.start)
  for (let y = 0; y < rows; y++) {
    const first = y % rowsPerSegment === 0
    if (first && y > 0) bits.restart()
    let i = y * columns
    // Top left: half the range; first column: from above.
    samples[i] =
      (first ? 1 << (precision - pointTransform - 1) : samples[i - columns]!) + difference(bits, table)
    for (const end = i++ + columns; i < end; i++) {
      const left = samples[i - 1]!
      if (first) samples[i] = left + difference(bits, table)
      else
        samples[i] =
          predict(predictor, left, samples[i - columns]!, samples[i - columns - 1]!) + difference(bits, table)
    }
  }
  bits.checkEnd()
  return samples
}

/** The next difference (H.1.2.2, Table H.2). */
function difference(bits: BitReader, table: HuffmanLookup): number {
  const category = bits.symbol(table)
  if (category === 0) return 0
  if (category > 16) throw new Error(`JPEG difference of ${category} bits`)
  return category === 16 ? 32768 : bits.signed(category)
}

/** Table H.1. */
function predict(predictor: number, left: number, above: number, aboveLeft: number): number {
  switch (predictor) {
    case 1:
      return left
    case 2:
      return above
    case 3:
      return aboveLeft
    case 4:
      return left + above - aboveLeft
    case 5:
      return left + ((above - aboveLeft) >> 1)
    case 6:
      return above + ((left - aboveLeft) >> 1)
    default:
      return (left + above) >> 1
  }
}

function toBytes(samples: Uint16Array, pointTransform: number, bytesPerSample: number): Uint8Array {
  const bytes = new Uint8Array(samples.length * bytesPerSample)
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i]! << pointTransform
    bytes[i * bytesPerSample] = sample
    if (bytesPerSample === 2) bytes[2 * i + 1] = sample >> 8
  }
  return bytes
}
