import { inflateDataSet } from './deflated.ts'
import {
  CutShort,
  type Element,
  ElementReader,
  type Elements,
  type Encoding,
  EXPLICIT,
  EXPLICIT_BIG,
  IMPLICIT,
  Malformed,
} from './elements.ts'
import { decodeText } from './text.ts'
import {
  EXPLICIT_BIG_ENDIAN,
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
  TRANSFER_SYNTAXES,
} from './uids.ts'

const PIXEL_DATA = '7fe00010'
const PREAMBLE_BYTES = 128

/** A parsed data set or item: values by tag (eight hex digits), and where the pixel data lie in `bytes`. */
export class DicomDataSet {
  /** The bytes that offsets refer to: the file, or for a deflated file its inflated data set. */
  readonly bytes: Uint8Array
  /** The data end within an element of this data set, before Pixel Data. */
  readonly overruns: boolean
  readonly #reader: ElementReader
  readonly #elements: Elements
  readonly #encoding: Encoding
  readonly #meta: DicomDataSet | undefined
  readonly #depth: number
  readonly #characterSets: readonly string[]

  constructor(
    reader: ElementReader,
    elements: Elements,
    encoding: Encoding,
    parent: {
      meta?: DicomDataSet
      characterSets?: readonly string[]
      depth?: number
      overruns?: boolean
    } = {},
  ) {
    this.bytes = reader.bytes
    this.overruns = parent.overruns ?? false
    this.#reader = reader
    this.#elements = elements
    this.#encoding = encoding
    this.#meta = parent.meta
    this.#depth = parent.depth ?? 0
    this.#characterSets = this.has('00080005') ? this.strings('00080005') : (parent.characterSets ?? [])
  }

  has(tag: string): boolean {
    return this.#element(tag) !== undefined
  }

  /** Values of a text element, decoded by Specific Character Set. */
  text(tag: string): string {
    const value = this.#value(tag)
    return value ? decodeText(value, this.#characterSets) : ''
  }

  /** Values of an ASCII element (CS, UI, DA, TM, DS, IS …). */
  strings(tag: string): string[] {
    const value = this.#value(tag)
    if (!value || value.length === 0) return []
    return latin1(value)
      .split('\\')
      .map((s) => s.replaceAll('\0', '').trim())
  }

  string(tag: string): string {
    return this.strings(tag)[0] ?? ''
  }

  /** Values of a decimal or integer string; NaN where one is not a number. */
  numbers(tag: string): number[] {
    return this.strings(tag).map((s) => (s === '' ? Number.NaN : Number(s)))
  }

  /** The `count` numbers of a decimal string; undefined where there are more or fewer, or one is none. */
  vector<T extends readonly number[]>(tag: string, count: T['length']): T | undefined {
    const values = this.numbers(tag)
    return values.length === count && values.every(Number.isFinite) ? (values as unknown as T) : undefined
  }

  number(tag: string): number | undefined {
    const value = this.numbers(tag)[0]
    return value !== undefined && Number.isFinite(value) ? value : undefined
  }

  /** Value of a binary integer (US, or UL where it has four bytes), or of a number written out as IS or DS. */
  uint(tag: string): number | undefined {
    const value = this.#value(tag)
    if (!value || value.length < 2) return undefined
    const { vr } = this.#element(tag)!
    if (vr === 'IS' || vr === 'DS') return this.number(tag)
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
    const little = !this.#encoding.bigEndian
    return value.length === 4 && vr !== 'US' ? view.getUint32(0, little) : view.getUint16(0, little)
  }

  /** First 16-bit word of a binary element. */
  uint16(tag: string): number | undefined {
    const { vr } = this.#element(tag) ?? {}
    return vr === 'IS' || vr === 'DS' ? this.number(tag) : this.uint16s(tag)[0]
  }

  /** All 16-bit words of a binary element (US, SS, OW), in the byte order of the data set. */
  uint16s(tag: string): Uint16Array {
    const value = this.#value(tag)
    if (!value) return new Uint16Array(0)
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
    const little = !this.#encoding.bigEndian
    return Uint16Array.from({ length: value.length >> 1 }, (_, i) => view.getUint16(2 * i, little))
  }

  /**
   * Items of a sequence; none where the element is absent.
   * @throws DicomParseFailure where they are malformed
   */
  items(tag: string): DicomDataSet[] {
    const sequence = this.#element(tag)
    if (!sequence || sequence.length <= 0) return []
    const encoding = ElementReader.inside(sequence, this.#encoding)
    const depth = this.#depth + 1
    try {
      return this.#reader.items(sequence, encoding, depth).map((item) => {
        const elements: Elements = new Map()
        this.#reader.dataSet(item, encoding, depth, elements)
        return new DicomDataSet(this.#reader, elements, encoding, {
          characterSets: this.#characterSets,
          depth,
        })
      })
    } catch (error) {
      throw failure(error, this)
    }
  }

  /** Where the pixel data start; length is -1 for encapsulated (compressed) pixel data. */
  get pixelData(): { offset: number; length: number } | undefined {
    const element = this.#element(PIXEL_DATA)
    return element && { offset: element.offset, length: element.length }
  }

  /** As the file meta group states it, else as the data set was found to be encoded. */
  get transferSyntaxUid(): string {
    const stated = this.string('00020010')
    if (stated) return stated
    if (!this.#encoding.explicit) return IMPLICIT_LITTLE_ENDIAN
    return this.#encoding.bigEndian ? EXPLICIT_BIG_ENDIAN : EXPLICIT_LITTLE_ENDIAN
  }

  #element(tag: string): Element | undefined {
    return this.#elements.get(Number.parseInt(tag, 16))
  }

  #value(tag: string): Uint8Array | undefined {
    if (this.#meta && tag.startsWith('0002')) return this.#meta.#value(tag)
    const element = this.#element(tag)
    // Only Pixel Data may reach beyond the bytes; it is no value to look at.
    if (!element || element.length < 0 || element.offset + element.length > this.bytes.length)
      return undefined
    return this.bytes.subarray(element.offset, element.offset + element.length)
  }
}

/** Thrown by parseDicom: what is wrong, as the end of a sentence on the file, and what was understood before. */
export class DicomParseFailure extends Error {
  readonly partial: DicomDataSet | undefined
  constructor(reason: string, partial: DicomDataSet | undefined, cause?: unknown) {
    super(reason, { cause })
    this.partial = partial
  }
}

/**
 * Whether the first bytes of a file look like DICOM: the DICM prefix of PS3.10 7.1, or, for files written without a
 * preamble, a first element of group 0002 or 0008 with a plausible length.
 */
export function looksLikeDicom(head: Uint8Array): boolean {
  return hasPrefix(head) || beginsWithElement(head) || strayBytes(head) > 0
}

/**
 * Parses a data set up to and with the header of Pixel Data; what follows it is of no use.
 * @param options.prefix `bytes` is only the beginning of a file: of a deflated one as much is inflated as is there, and
 * a data set that ends early has `overruns` set. Without it a deflated data set is inflated to its end.
 * @throws DicomParseFailure
 */
export function parseDicom(bytes: Uint8Array, { prefix = false } = {}): DicomDataSet {
  const file = new ElementReader(bytes)
  const metaElements: Elements = new Map()
  const meta = new DicomDataSet(file, metaElements, EXPLICIT)
  const elements: Elements = new Map()
  let reader = file
  let encoding = EXPLICIT
  const found = (overruns: boolean) => new DicomDataSet(reader, elements, encoding, { meta, overruns })
  try {
    let start = file.meta(hasPrefix(bytes) ? PREAMBLE_BYTES + 4 : strayBytes(bytes), metaElements)
    const stated = meta.string('00020010')
    const syntax = TRANSFER_SYNTAXES[stated]
    if (syntax?.deflated) {
      reader = new ElementReader(inflateDataSet(bytes.subarray(start), prefix))
      start = 0
    }
    encoding = encodingAt(reader, start, stated)
    reader.dataSet({ start, end: reader.bytes.length, delimited: false }, encoding, 0, elements)
    return found(false)
  } catch (error) {
    if (error instanceof CutShort) return found(true)
    throw failure(error, found(false))
  }
}

function failure(error: unknown, partial: DicomDataSet): DicomParseFailure {
  if (error instanceof DicomParseFailure) return error
  if (error instanceof CutShort) return new DicomParseFailure('it ends within its header', partial, error)
  if (error instanceof Malformed) return new DicomParseFailure(error.message, partial, error)
  throw error
}

/** The stated encoding, unless the first element shows that the writer confused implicit and explicit. */
function encodingAt(reader: ElementReader, start: number, stated: string): Encoding {
  const explicit = reader.looksExplicit(start)
  if (TRANSFER_SYNTAXES[stated]?.bigEndian) return EXPLICIT_BIG
  if (!explicit) return IMPLICIT
  return stated === '' && reader.bytes[start] === 0x00 && reader.bytes[start + 1] === 0x08
    ? EXPLICIT_BIG
    : EXPLICIT
}

function hasPrefix(bytes: Uint8Array): boolean {
  return (
    bytes.length > PREAMBLE_BYTES + 4 && latin1(bytes.subarray(PREAMBLE_BYTES, PREAMBLE_BYTES + 4)) === 'DICM'
  )
}

/**
 * One where a single byte stands before a bare data set, left when its preamble was cut off; otherwise 0. So that no
 * other file is taken for one: two elements of group 0008 must follow it, in order and with value representations.
 */
function strayBytes(bytes: Uint8Array): number {
  if (bytes.length < 32 || beginsWithElement(bytes)) return 0
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const reader = new ElementReader(bytes)
  const identifies = (at: number) => view.getUint16(at, true) === 0x0008 && reader.looksExplicit(at)
  const second = 9 + view.getUint16(7, true)
  return identifies(1) &&
    second + 8 <= bytes.length &&
    identifies(second) &&
    view.getUint16(3, true) < view.getUint16(second + 2, true) &&
    view.getUint16(second + 2, true) <= 0x0070
    ? 1
    : 0
}

/** Whether a file without a DICM prefix begins with a meta group, or with a bare data set. */
function beginsWithElement(bytes: Uint8Array): boolean {
  if (bytes.length < 16) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [group, element] = [view.getUint16(0, true), view.getUint16(2, true)]
  const explicit = new ElementReader(bytes).looksExplicit(0)
  if (group === 0x0002) return element <= 0x0102 && explicit
  if (group === 0x0800) return explicit && view.getUint16(2, false) <= 0x0070
  if (group !== 0x0008 || element > 0x0070) return false
  return explicit || view.getUint32(4, true) <= 1024
}

/** One character a byte: the text of identifiers and numbers. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
