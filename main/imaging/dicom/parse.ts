import { inflateRawSync } from 'node:zlib'
import dicomParser from 'dicom-parser'
import { decodeText } from './text.ts'
import { EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN } from './uids.ts'

type RawDataSet = ReturnType<typeof dicomParser.parseDicom>
type RawElement = RawDataSet['elements'][string]

/** A deflated data set larger than this is no single CT slice. */
const MAX_INFLATED_BYTES = 512 * 2 ** 20

const PIXEL_DATA = 'x7fe00010'
const PREAMBLE_BYTES = 128

export interface Fragment {
  offset: number
  length: number
}

/** A parsed data set: values by tag, and where the pixel data lie in `bytes`. */
export class DicomDataSet {
  /** The bytes that offsets refer to: the file, or for a deflated file its inflated form. */
  readonly bytes: Uint8Array
  readonly #raw: RawDataSet
  readonly #characterSets: readonly string[]

  constructor(raw: RawDataSet) {
    this.#raw = raw
    this.bytes = raw.byteArray as Uint8Array
    this.#characterSets = this.strings('00080005')
  }

  has(tag: string): boolean {
    return this.#raw.elements[`x${tag}`] !== undefined
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
    return new TextDecoder('latin1')
      .decode(value)
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

  number(tag: string): number | undefined {
    const value = this.numbers(tag)[0]
    return value !== undefined && Number.isFinite(value) ? value : undefined
  }

  uint16(tag: string): number | undefined {
    return this.#value(tag) ? this.#raw.uint16(`x${tag}`) : undefined
  }

  /** All 16-bit words of a binary element (US, SS, OW), in the byte order of the data set. */
  uint16s(tag: string): Uint16Array {
    const count = (this.#value(tag)?.length ?? 0) >> 1
    return Uint16Array.from({ length: count }, (_, i) => this.#raw.uint16(`x${tag}`, i) ?? 0)
  }

  /** Items of a sequence, each with the elements at its top level. */
  items(tag: string): DicomDataSet[] {
    const items = this.#raw.elements[`x${tag}`]?.items ?? []
    return items.flatMap(({ dataSet }) => (dataSet ? [new DicomDataSet(dataSet)] : []))
  }

  /** Where the pixel data start; length is -1 for encapsulated (compressed) pixel data. */
  get pixelData(): { offset: number; length: number } | undefined {
    const element = this.#raw.elements[PIXEL_DATA]
    if (!element) return undefined
    const undefinedLength = element.hadUndefinedLength || element.length === 0xffffffff
    return { offset: element.dataOffset, length: undefinedLength ? -1 : element.length }
  }

  /** Fragments of encapsulated pixel data (DICOM PS3.5 A.4), without the Basic Offset Table. */
  get fragments(): Fragment[] {
    const element = this.#raw.elements[PIXEL_DATA]
    return (element?.fragments ?? []).map(({ position, length }) => ({ offset: position, length }))
  }

  /** True if an element claims more bytes than there are: the file ends too early. */
  get overruns(): boolean {
    return Object.values(this.#raw.elements).some(
      (e: RawElement) => e.length !== 0xffffffff && e.dataOffset + e.length > this.bytes.length,
    )
  }

  #value(tag: string): Uint8Array | undefined {
    const element = this.#raw.elements[`x${tag}`]
    if (!element || element.dataOffset + element.length > this.bytes.length) return undefined
    return this.bytes.subarray(element.dataOffset, element.dataOffset + element.length)
  }
}

/** Thrown by parseDicom: what went wrong and what was understood before. */
export class DicomParseFailure extends Error {
  readonly partial: DicomDataSet | undefined
  constructor(reason: string, partial: DicomDataSet | undefined) {
    super(reason)
    this.partial = partial
  }
}

/**
 * Whether the first bytes of a file look like DICOM: the DICM prefix of PS3.10 7.1, or, for files written without a
 * preamble, a first element of group 0002 or 0008 with a plausible length.
 */
export function looksLikeDicom(head: Uint8Array): boolean {
  return hasPrefix(head) || bareSyntax(head) !== undefined
}

/**
 * Parses a data set. With `headerOnly` it stops at Pixel Data, so that a prefix of the file will do.
 * @throws DicomParseFailure
 */
export function parseDicom(bytes: Uint8Array, { headerOnly = false } = {}): DicomDataSet {
  const bare = hasPrefix(bytes) ? undefined : bareSyntax(bytes)
  // Without a preamble, but with a meta group: give the parser the preamble it wants.
  const input = bare === 'meta' ? withPreamble(bytes) : bytes
  try {
    const raw = dicomParser.parseDicom(input, {
      ...(headerOnly ? { untilTag: PIXEL_DATA } : {}),
      ...(bare && bare !== 'meta' ? { TransferSyntaxUID: bare } : {}),
      inflater: inflate,
    })
    return new DicomDataSet(raw)
  } catch (error) {
    const failure = error as { exception?: unknown; dataSet?: RawDataSet }
    const partial = failure?.dataSet ? new DicomDataSet(failure.dataSet) : undefined
    throw new DicomParseFailure(String(failure?.exception ?? error), partial)
  }
}

/** Transfer Syntax UID of the file meta group, or what a file without one was taken for. */
export function transferSyntaxOf(bytes: Uint8Array, dataSet: DicomDataSet | undefined): string {
  const stated = dataSet?.string('00020010')
  if (stated) return stated
  const bare = hasPrefix(bytes) ? undefined : bareSyntax(bytes)
  if (bare && bare !== 'meta') return bare
  return metaString(bytes, '00020010')
}

/** A value of the file meta group (PS3.10 7.1), which is readable even where the data set after it is not. */
export function metaString(bytes: Uint8Array, tag: string): string {
  try {
    const input = hasPrefix(bytes) ? bytes : withPreamble(bytes)
    const raw = (dicomParser.readPart10Header as (b: Uint8Array) => RawDataSet)(input)
    return raw.string(`x${tag}`) ?? ''
  } catch {
    return ''
  }
}

function hasPrefix(bytes: Uint8Array): boolean {
  return (
    bytes.length > PREAMBLE_BYTES + 4 &&
    String.fromCharCode(...bytes.subarray(PREAMBLE_BYTES, PREAMBLE_BYTES + 4)) === 'DICM'
  )
}

/** What a file without a DICM prefix begins with: a meta group, or a bare data set in one of two encodings. */
function bareSyntax(bytes: Uint8Array): 'meta' | string | undefined {
  if (bytes.length < 16) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const group = view.getUint16(0, true)
  const element = view.getUint16(2, true)
  const explicit = /^[A-Z]{2}$/.test(String.fromCharCode(bytes[4]!, bytes[5]!))
  if (group === 0x0002 && element <= 0x0102 && explicit) return 'meta'
  if (group !== 0x0008 || element > 0x0070) return undefined
  if (explicit) return EXPLICIT_LITTLE_ENDIAN
  return view.getUint32(4, true) <= 1024 ? IMPLICIT_LITTLE_ENDIAN : undefined
}

function withPreamble(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(PREAMBLE_BYTES + 4 + bytes.length)
  out.set([0x44, 0x49, 0x43, 0x4d], PREAMBLE_BYTES)
  out.set(bytes, PREAMBLE_BYTES + 4)
  return out
}

/** PS3.5 A.5: what follows the meta group is a raw deflate stream. */
function inflate(bytes: Uint8Array, position: number): Uint8Array {
  const inflated = inflateRawSync(bytes.subarray(position), { maxOutputLength: MAX_INFLATED_BYTES })
  const out = new Uint8Array(position + inflated.length)
  out.set(bytes.subarray(0, position))
  out.set(inflated, position)
  return out
}
