/**
 * Finds the elements of a DICOM data set (PS3.5 chapter 7) without reading their values. Written for input that cannot
 * be trusted, which dicom-parser was not: every length is checked against the bytes there are, nesting, elements,
 * items and steps are capped, and a sequence is taken apart only when it is asked for.
 */

/** Deeper than any report's content tree; each level takes a frame of the call stack. */
const MAX_NESTING = 64
/** A CT header has some hundred elements. */
const MAX_ELEMENTS = 2 ** 16
/** The longest sequences: the records of a DICOMDIR of some hundred thousand images. */
const MAX_ITEMS = 2 ** 18
/** Elements and items looked at in one file, about a second's worth; an enhanced CT of 5,000 frames takes some 10⁵. */
const MAX_STEPS = 2 ** 24

const UNDEFINED_LENGTH = 0xffffffff
const ITEM = 0xfffee000
const ITEM_DELIMITER = 0xfffee00d
const SEQUENCE_DELIMITER = 0xfffee0dd
const PIXEL_DATA = 0x7fe00010

const codeOf = (vr: string) => vr.charCodeAt(0) * 256 + vr.charCodeAt(1)
const UN = codeOf('UN')
/** PS3.5 Table 7.1-1: these have a 32-bit length after two reserved bytes. */
const LONG_VRS = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' ').map(codeOf))
const SHORT_VRS = new Set(
  'AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US'.split(' ').map(codeOf),
)

export interface Encoding {
  explicit: boolean
  bigEndian: boolean
}

export const IMPLICIT: Encoding = { explicit: false, bigEndian: false }
export const EXPLICIT: Encoding = { explicit: true, bigEndian: false }
export const EXPLICIT_BIG: Encoding = { explicit: true, bigEndian: true }

export interface Element {
  /** The value representation as written, such as 'DS'; '' where the encoding is implicit. */
  vr: string
  /** Of the value. */
  offset: number
  /** Of the value, with its delimiter if it has one; −1 for encapsulated pixel data, whose end is not looked for. */
  length: number
}

/** By tag, group · 65,536 + element. The first of two elements of one tag counts, as for DCMTK. */
export type Elements = Map<number, Element>

export interface Item {
  start: number
  end: number
  delimited: boolean
}

/** The data end within an element. */
export class CutShort extends Error {}
/** What cannot be a data set; the message says why, as the end of "cannot be read: …". */
export class Malformed extends Error {}

export class ElementReader {
  readonly bytes: Uint8Array
  readonly #view: DataView
  #steps = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /**
   * Adds the elements of the File Meta Information to `found`.
   * @returns where the data set begins. The group length is not relied on: it is often wrong or missing.
   * @throws CutShort, Malformed
   */
  meta(start: number, found: Elements): number {
    let at = start
    while (at + 8 <= this.bytes.length && this.#view.getUint16(at, true) === 0x0002) {
      at = this.#element(at, this.bytes.length, EXPLICIT, 0, found)
    }
    return at
  }

  /**
   * Adds the elements of a data set or item to `found`, up to and with Pixel Data.
   * @returns the offset after it
   * @throws CutShort, Malformed; `found` has what was understood
   */
  dataSet({ start, end, delimited }: Item, encoding: Encoding, depth: number, found?: Elements): number {
    if (depth > MAX_NESTING) throw new Malformed('its sequences are nested too deeply')
    let at = start
    while (at < end) {
      if (at + 8 > end) throw new CutShort()
      const tag = this.#tag(at, encoding)
      // Some writers pad a file with zeros.
      if (tag === 0 && !delimited) return end
      if (tag === ITEM_DELIMITER && delimited) return at + 8
      if (tag === ITEM_DELIMITER || tag === SEQUENCE_DELIMITER) {
        // Left over where a sequence states its length and is delimited as well.
        this.#step()
        at += 8
        continue
      }
      if (tag === ITEM) throw new Malformed('it has an item outside a sequence')
      at = this.#element(at, end, encoding, depth, found)
      if (tag === PIXEL_DATA && depth === 0) return at
    }
    if (delimited) throw new CutShort()
    return at
  }

  /**
   * The items of a sequence.
   * @throws CutShort, Malformed
   */
  items(sequence: Element, encoding: Encoding, depth: number): Item[] {
    const items: Item[] = []
    this.#items(sequence.offset, sequence.offset + sequence.length, encoding, depth, items)
    return items
  }

  /** PS3.5 6.2.2 note 2: what is inside a UN element is encoded as implicit VR little endian. */
  static inside(sequence: Element, encoding: Encoding): Encoding {
    return sequence.vr === 'UN' ? IMPLICIT : encoding
  }

  /** Whether an element begins at `at` with a VR, as in explicit encodings. */
  looksExplicit(at: number): boolean {
    const code = (this.bytes[at + 4] ?? 0) * 256 + (this.bytes[at + 5] ?? 0)
    return LONG_VRS.has(code) || SHORT_VRS.has(code)
  }

  #element(at: number, end: number, encoding: Encoding, depth: number, found: Elements | undefined): number {
    this.#step()
    const little = !encoding.bigEndian
    const tag = this.#tag(at, encoding)
    const vr = encoding.explicit ? this.bytes[at + 4]! * 256 + this.bytes[at + 5]! : 0
    let offset = at + 8
    let length: number
    if (SHORT_VRS.has(vr)) length = this.#view.getUint16(at + 6, little)
    else if (LONG_VRS.has(vr)) {
      if (at + 12 > end) throw new CutShort()
      length = this.#view.getUint32(at + 8, little)
      offset = at + 12
    } else length = this.#view.getUint32(at + 4, little) // Implicit, also amid explicit ones, as some writers leave them.
    const isPixelData = tag === PIXEL_DATA && depth === 0
    let next = offset + length
    if (length === UNDEFINED_LENGTH) {
      if (isPixelData) next = end
      else next = this.#items(offset, end, vr === UN ? IMPLICIT : encoding, depth + 1)
      length = isPixelData ? -1 : next - offset
    } else if (next > end && !isPixelData) throw new CutShort()
    if (found && !found.has(tag)) {
      if (found.size >= MAX_ELEMENTS) throw new Malformed('it has more elements than any image')
      found.set(tag, { vr: vr === 0 ? '' : nameOf(vr), offset, length })
    }
    return next
  }

  /** Passes over the items of a sequence, and over its delimiter where it has one. */
  #items(start: number, end: number, encoding: Encoding, depth: number, found?: Item[]): number {
    if (depth > MAX_NESTING) throw new Malformed('its sequences are nested too deeply')
    let at = start
    while (at < end) {
      this.#step()
      if (at + 8 > end) throw new CutShort()
      const tag = this.#tag(at, encoding)
      if (tag === SEQUENCE_DELIMITER) return at + 8
      if (tag !== ITEM) throw new Malformed('one of its sequences holds something else than items')
      const length = this.#view.getUint32(at + 4, !encoding.bigEndian)
      const delimited = length === UNDEFINED_LENGTH
      const item = { start: at + 8, end: delimited ? end : at + 8 + length, delimited }
      if (item.end > end) throw new CutShort()
      if (found && found.length >= MAX_ITEMS) throw new Malformed('one of its sequences has too many items')
      found?.push(item)
      at = delimited ? this.dataSet(item, encoding, depth) : item.end
    }
    return at
  }

  #tag(at: number, { bigEndian }: Encoding): number {
    return this.#view.getUint16(at, !bigEndian) * 65536 + this.#view.getUint16(at + 2, !bigEndian)
  }

  #step(): void {
    if (++this.#steps > MAX_STEPS) throw new Malformed('it has more elements than any image')
  }
}

/** Two letters, or '' for what is no VR. */
function nameOf(vr: number): string {
  return SHORT_VRS.has(vr) || LONG_VRS.has(vr) ? String.fromCharCode(vr >> 8, vr & 255) : ''
}
