import type { PixelLayout } from './header.ts'

/** What a compressed picture says about itself. */
export interface CodestreamImage {
  rows: number
  columns: number
  components: number
  /** Bits per sample. */
  precision: number
  signed: boolean
}

/** Markers (ISO/IEC 10918-1 B.1, 14495-1 C.1, 15444-1 A.2). */
const SOI = 0xffd8
const EOI = 0xffd9
const SOS = 0xffda
/** Start of frame: JPEG-LS. */
export const SOF_JPEG_LS = 0xfff7
const SOC = 0xff4f
const SIZ = 0xff51
const SOT = 0xff90
const EOC = 0xffd9

/**
 * Reads the frame header of a JPEG or JPEG-LS picture (ISO/IEC 10918-1 B.2.2, 14495-1 C.2.2).
 * @param startOfFrame the markers that are acceptable
 * @throws Error (also RangeError) if there is none
 */
export function jpegImage(frame: Uint8Array, startOfFrame: readonly number[]): CodestreamImage {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (view.getUint16(0) !== SOI) throw new Error('not a JPEG picture')
  for (let offset = 2; ; ) {
    const marker = view.getUint16(offset)
    if (marker === 0xffff) {
      offset++ // Any marker may be preceded by fill bytes.
      continue
    }
    if (marker >> 8 !== 0xff || marker === SOS || marker === EOI)
      throw new Error('JPEG without a frame header')
    if (startOfFrame.includes(marker)) {
      return {
        precision: view.getUint8(offset + 4),
        rows: view.getUint16(offset + 5),
        columns: view.getUint16(offset + 7),
        components: view.getUint8(offset + 9),
        signed: false,
      }
    }
    offset += 2 + view.getUint16(offset + 2)
  }
}

/**
 * Checks that a JPEG-LS picture ends with its end-of-image marker: CharLS needs seconds to find out that data are missing.
 * @throws Error if not
 */
export function checkEndOfImage(frame: Uint8Array): void {
  // A byte of padding, of any value, makes the length even; some writers add more zeros.
  const tail = Buffer.from(frame.subarray(-16))
  const marker = tail.lastIndexOf(Buffer.from([EOI >> 8, EOI & 0xff]))
  if (marker < 0 || tail.subarray(marker + 3).some((byte) => byte !== 0)) {
    throw new Error('the end of the picture is missing')
  }
}

/**
 * Reads the image and tile size (SIZ) of a JPEG 2000 or HTJ2K codestream, which is its first marker segment
 * (ISO/IEC 15444-1 A.5.1).
 * @throws Error (also RangeError) if it is not there
 */
export function jpeg2000Image(frame: Uint8Array): CodestreamImage & { tiles: number } {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (view.getUint16(0) !== SOC || view.getUint16(2) !== SIZ) throw new Error('not a JPEG 2000 codestream')
  const [xSize, ySize, xOffset, yOffset, xTile, yTile, xTileOffset, yTileOffset] = Array.from(
    { length: 8 },
    (_, i) => view.getUint32(8 + 4 * i),
  ) as [number, number, number, number, number, number, number, number]
  const depth = view.getUint8(42)
  return {
    columns: xSize - xOffset,
    rows: ySize - yOffset,
    components: view.getUint16(40),
    precision: (depth & 0x7f) + 1,
    signed: depth > 0x7f,
    tiles: Math.ceil((xSize - xTileOffset) / xTile) * Math.ceil((ySize - yTileOffset) / yTile),
  }
}

/**
 * Checks that every tile of a JPEG 2000 codestream is there and every tile-part as long as it says (ISO/IEC 15444-1
 * A.4.2). Decoders are lenient here: they fill what is missing with something.
 * @throws Error (also RangeError) if not
 */
export function checkTileParts(frame: Uint8Array): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const { tiles } = jpeg2000Image(frame)
  let offset = 2
  while (view.getUint16(offset) !== SOT) offset += 2 + view.getUint16(offset + 2)
  const seen = new Set<number>()
  // At most a byte of padding remains where the end-of-codestream marker was left out.
  while (offset + 2 <= frame.length && view.getUint16(offset) !== EOC) {
    if (view.getUint16(offset) !== SOT) throw new Error(`no tile-part at byte ${offset}`)
    seen.add(view.getUint16(offset + 4))
    const length = view.getUint32(offset + 6)
    if (length === 0) {
      // The last tile-part may leave its length open: it reaches to the end-of-codestream marker.
      const end = frame.at(-1) === 0 ? frame.length - 3 : frame.length - 2
      if (view.getUint16(end) !== EOC) throw new Error('the end of the codestream is missing')
      break
    }
    if (length < 14) throw new Error(`tile-part of ${length} bytes`)
    offset += length
    if (offset > frame.length) throw new Error('a tile-part is cut short')
  }
  if (seen.size !== tiles) throw new Error(`${seen.size} of ${tiles} tiles`)
}

/**
 * How a compressed picture contradicts the DICOM header, as the end of a sentence that begins with the picture;
 * undefined where it does not.
 */
export function disagreement(image: CodestreamImage, layout: PixelLayout): string | undefined {
  const { rows, columns, bitsAllocated, bitsStored, highBit } = layout
  if (image.rows !== rows || image.columns !== columns) {
    return `is ${image.columns} × ${image.rows} pixels and its header says ${columns} × ${rows}`
  }
  if (image.components !== 1) return `has ${image.components} colours and its header says one`
  if (image.precision < 1 || image.precision > bitsAllocated) {
    return `has ${image.precision} bits per pixel and its header says ${bitsStored} of ${bitsAllocated}`
  }
  if (highBit !== bitsStored - 1 && image.precision <= highBit) {
    return `has ${image.precision} bits per pixel and its header says that bit ${highBit} is the highest`
  }
  if (image.signed && !layout.signed) return 'has signed values and its header says unsigned ones'
  return undefined
}
