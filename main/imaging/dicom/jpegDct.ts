import { inverseDct } from './inverseDct.ts'
import { BitReader, type HuffmanLookup } from './jpegHuffman.ts'
import { type JpegScan, readJpegScan, SOF_BASELINE, SOF_EXTENDED } from './jpegScan.ts'

/** Where the coefficients of a block, which come in zigzag order, lie in its rows (ISO/IEC 10918-1 Figure A.6). */
const ZIGZAG = zigzag()

/**
 * JPEG Baseline (Process 1) and Extended (Processes 2 and 4): sequential DCT with Huffman codes, one component, 8 or 12
 * bits (ISO/IEC 10918-1 Annex F; DICOM PS3.5 A.4.1). Own code because no kept package decodes 12 bits; the library
 * that decodes 8 fills what is missing with grey and says nothing.
 * @returns the words in little-endian order, `rows · columns · bytesPerSample` bytes, unsigned
 * @throws Error if the frame is malformed, ends too early, or is not the image that the DICOM header announces
 */
export function decodeJpegDct(
  jpeg: Uint8Array,
  rows: number,
  columns: number,
  bytesPerSample: number,
): Uint8Array {
  const scan = readJpegScan(jpeg, [SOF_BASELINE, SOF_EXTENDED], rows, columns, bytesPerSample)
  const { precision, quantizationTable } = scan.frame
  if (precision !== 8 && precision !== 12) throw new Error(`JPEG of ${precision} bits`)
  // Sequential processes code all coefficients in one go (B.2.3).
  if (
    scan.spectralStart !== 0 ||
    scan.spectralEnd !== 63 ||
    scan.approximationHigh + scan.approximationLow > 0
  )
    throw new Error('progressive JPEG scan')
  const dc = scan.huffmanTables.get(scan.dcTable)
  const ac = scan.huffmanTables.get(16 + scan.acTable)
  const quantization = scan.quantizationTables.get(quantizationTable)
  if (!dc || !ac || !quantization) throw new Error('JPEG scan without its tables')
  return decodeBlocks(jpeg, scan, dc, ac, quantization, bytesPerSample)
}

function decodeBlocks(
  jpeg: Uint8Array,
  scan: JpegScan,
  dc: HuffmanLookup,
  ac: HuffmanLookup,
  quantization: Uint16Array,
  bytesPerSample: number,
): Uint8Array {
  const { rows, columns, precision } = scan.frame
  const out = new Uint8Array(rows * columns * bytesPerSample)
  const levelShift = 1 << (precision - 1)
  const highest = 2 ** precision - 1
  const bits = new BitReader(jpeg, scan.start)
  const block = new Int32Array(64)
  let mcu = 0
  let prediction = 0
  // A scan of one component is not interleaved: its blocks go row by row, whatever the sampling factors (A.2.2).
  for (let top = 0; top < rows; top += 8) {
    for (let left = 0; left < columns; left += 8, mcu++) {
      if (scan.restartInterval > 0 && mcu > 0 && mcu % scan.restartInterval === 0) {
        bits.restart()
        prediction = 0
      }
      prediction = readBlock(bits, dc, ac, quantization, prediction, block)
      inverseDct(block, precision)
      const bottom = Math.min(8, rows - top)
      const right = Math.min(8, columns - left)
      for (let y = 0; y < bottom; y++) {
        let at = ((top + y) * columns + left) * bytesPerSample
        for (let x = 0; x < right; x++) {
          const value = block[8 * y + x]! + levelShift
          const sample = value < 0 ? 0 : value > highest ? highest : value
          out[at++] = sample
          if (bytesPerSample === 2) out[at++] = sample >> 8
        }
      }
    }
  }
  bits.checkEnd()
  return out
}

/**
 * F.2.2: the difference of the DC coefficient, then runs of zeros each with the AC coefficient after it.
 * @param block receives the dequantized coefficients
 * @returns the DC coefficient before dequantization, the prediction of the next
 */
function readBlock(
  bits: BitReader,
  dc: HuffmanLookup,
  ac: HuffmanLookup,
  quantization: Uint16Array,
  prediction: number,
  block: Int32Array,
): number {
  block.fill(0)
  const category = bits.symbol(dc)
  if (category > 15) throw new Error(`JPEG difference of ${category} bits`)
  const first = prediction + (category > 0 ? bits.signed(category) : 0)
  block[0] = first * quantization[0]!
  for (let k = 1; k < 64; k++) {
    const symbol = bits.symbol(ac)
    const size = symbol & 15
    const run = symbol >> 4
    if (size === 0) {
      if (run !== 15) break // End of block.
      k += 15
    } else {
      k += run
      if (k > 63) throw new Error('JPEG block of more than 64 coefficients')
      block[ZIGZAG[k]!] = bits.signed(size) * quantization[k]!
    }
  }
  return first
}

function zigzag(): Uint8Array {
  const order = new Uint8Array(64)
  let k = 0
  for (let diagonal = 0; diagonal < 15; diagonal++) {
    for (let i = 0; i <= diagonal; i++) {
      // Odd diagonals run down and to the left, even ones up and to the right.
      const [y, x] = diagonal % 2 === 1 ? [i, diagonal - i] : [diagonal - i, i]
      if (y < 8 && x < 8) order[k++] = 8 * y + x
    }
  }
  return order
}
