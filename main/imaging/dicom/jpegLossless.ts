/**
 * JPEG Lossless, Process 14, all predictors (ISO/IEC 10918-1 Annex H; DICOM PS3.5 A.4.1), one component, 2 to 16
 * bits. Own code because the available JavaScript decoder (jpeg-lossless-decoder-js 2.1.2) silently loses the last
 * pixel of an image whose entropy-coded data end on a byte boundary, and does not notice data that end too early.
 */

const SOI = 0xffd8
const EOI = 0xffd9
const SOS = 0xffda
const DHT = 0xffc4
const DRI = 0xffdd
/** Start of frame, lossless, Huffman (Table B.1). */
const SOF3 = 0xffc3
const LONGEST_CODE = 16

interface Frame {
  precision: number
  rows: number
  columns: number
}

/** By the next 16 bits of the stream: code length · 256 + category, 0 where no code begins so. */
type HuffmanLookup = Uint16Array

/**
 * Decodes one frame.
 * @returns the words in little-endian order, `rows · columns · bytesPerSample` bytes
 * @throws Error if the frame is malformed, ends too early, or is not the image that the DICOM header announces
 */
export function decodeJpegLossless(
  jpeg: Uint8Array,
  rows: number,
  columns: number,
  bytesPerSample: number,
): Uint8Array {
  const view = new DataView(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength)
  const tables = new Map<number, HuffmanLookup>()
  let frame: Frame | undefined
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
    if (marker === DHT) readHuffmanTables(jpeg.subarray(body, offset + 2 + length), tables)
    else if (marker === DRI) restartInterval = view.getUint16(body)
    else if (marker === SOF3) frame = readFrame(view, body, rows, columns, bytesPerSample)
    else if (marker === SOS) {
      if (!frame) throw new Error('JPEG scan before its frame header')
      const scan = readScan(view, body, tables)
      const samples = decodeScan(jpeg, offset + 2 + length, frame, scan, restartInterval)
      return toBytes(samples, scan.pointTransform, bytesPerSample)
    } else if (marker >= 0xffc0 && marker <= 0xffcf)
      throw new Error(`JPEG of another process (${marker.toString(16)})`)
    offset += 2 + length
  }
}

function readFrame(
  view: DataView,
  body: number,
  rows: number,
  columns: number,
  bytesPerSample: number,
): Frame {
  const frame = {
    precision: view.getUint8(body),
    rows: view.getUint16(body + 1),
    columns: view.getUint16(body + 3),
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

interface Scan {
  table: HuffmanLookup
  predictor: number
  pointTransform: number
}

function readScan(view: DataView, body: number, tables: Map<number, HuffmanLookup>): Scan {
  if (view.getUint8(body) !== 1) throw new Error('JPEG scan of several components')
  const table = tables.get(view.getUint8(body + 2) >> 4)
  const predictor = view.getUint8(body + 3)
  if (!table) throw new Error('JPEG scan without its Huffman table')
  if (predictor < 1 || predictor > 7) throw new Error(`JPEG predictor ${predictor}`)
  return { table, predictor, pointTransform: view.getUint8(body + 5) & 15 }
}

/** B.2.4.2 and C.2: 16 counts of codes by length, then the categories in order of their codes. */
function readHuffmanTables(segment: Uint8Array, tables: Map<number, HuffmanLookup>): void {
  for (let offset = 0; offset + 17 <= segment.length; ) {
    const id = segment[offset]!
    const lookup = new Uint16Array(1 << LONGEST_CODE)
    let value = offset + 17
    let code = 0
    for (let length = 1; length <= LONGEST_CODE; length++, code <<= 1) {
      for (let n = segment[offset + length]!; n > 0; n--, code++) {
        const category = segment[value++]
        const first = code << (LONGEST_CODE - length)
        const last = (code + 1) << (LONGEST_CODE - length)
        if (category === undefined || category > 16 || last > lookup.length)
          throw new Error('damaged Huffman table')
        lookup.fill((length << 8) | category, first, last)
      }
    }
    tables.set(id & 15, lookup)
    offset = value
  }
}

/** H.1.2 and H.2: each sample is its prediction plus a coded difference, modulo 2^16. */
function decodeScan(
  jpeg: Uint8Array,
  start: number,
  frame: Frame,
  scan: Scan,
  restartInterval: number,
): Uint16Array {
  const { rows, columns, precision } = frame
  const { predictor, pointTransform } = scan
  if (restartInterval % columns !== 0) throw new Error(`JPEG restart interval ${restartInterval}`)
  const rowsPerSegment = restartInterval > 0 ? restartInterval / columns : rows
  const samples = new Uint16Array(rows * columns)
  const bits = new BitReader(jpeg, start, scan.table)
  for (let y = 0; y < rows; y++) {
    const first = y % rowsPerSegment === 0
    if (first && y > 0) bits.restart()
    let i = y * columns
    // Top left: half the range; first column: from above.
    samples[i] = (first ? 1 << (precision - pointTransform - 1) : samples[i - columns]!) + bits.difference()
    for (const end = i++ + columns; i < end; i++) {
      const left = samples[i - 1]!
      if (first) samples[i] = left + bits.difference()
      else
        samples[i] =
          predict(predictor, left, samples[i - columns]!, samples[i - columns - 1]!) + bits.difference()
    }
  }
  bits.checkEnd()
  return samples
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

/** Entropy-coded data, one restart interval at a time. Past the end of an interval it reads zeros, and remembers. */
class BitReader {
  readonly #jpeg: Uint8Array
  readonly #table: HuffmanLookup
  #position: number
  #bits = 0
  #count = 0
  /** Bits that were made up since the data of the interval ended. */
  #invented = 0

  constructor(jpeg: Uint8Array, start: number, table: HuffmanLookup) {
    this.#jpeg = jpeg
    this.#position = start
    this.#table = table
  }

  /** The next difference (H.1.2.2, Table H.2). */
  difference(): number {
    if (this.#count < LONGEST_CODE) this.#fill()
    const entry = this.#table[(this.#bits >>> (this.#count - LONGEST_CODE)) & 0xffff]!
    if (entry === 0) throw new Error('invalid Huffman code')
    this.#count -= entry >> 8
    const category = entry & 0xff
    if (category === 0) return 0
    if (category === 16) return 32768
    if (this.#count < category) this.#fill()
    this.#count -= category
    const value = (this.#bits >>> this.#count) & ((1 << category) - 1)
    return value < 1 << (category - 1) ? value - (1 << category) + 1 : value
  }

  /** Throws if more bits were used than there were. */
  checkEnd(): void {
    if (this.#invented > this.#count) throw new Error('JPEG data end too early')
  }

  /** Goes to the data after the next restart marker (B.2.1). */
  restart(): void {
    this.checkEnd()
    this.#count = 0
    this.#invented = 0
    const jpeg = this.#jpeg
    while (this.#position + 1 < jpeg.length) {
      const marker = jpeg[this.#position] === 0xff ? jpeg[this.#position + 1]! : 0
      if (marker >= 0xd0 && marker <= 0xd7) {
        this.#position += 2
        return
      }
      this.#position++
    }
    throw new Error('JPEG restart marker missing')
  }

  #fill(): void {
    const jpeg = this.#jpeg
    while (this.#count <= 16) {
      let byte = jpeg[this.#position] ?? -1
      if (byte === 0xff && jpeg[this.#position + 1] !== 0) byte = -1 // A marker: the interval is over.
      if (byte < 0) {
        byte = 0
        this.#invented += 8
      } else this.#position += byte === 0xff ? 2 : 1 // FF is followed by a stuffed 00.
      this.#bits = (this.#bits << 8) | byte
      this.#count += 8
    }
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
