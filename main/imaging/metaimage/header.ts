import { basename } from 'node:path'
import { WorkstationError } from '../../errors.ts'
import { printable } from '../volumeFile/bytes.ts'
import { SCALARS, type ScalarType } from '../volumeFile/scalars.ts'

/**
 * The MetaImage header (MetaIO, Kitware): lines "Key = Value", the last of which is ElementDataFile; the voxels of an
 * .mha file start on the next byte.
 */
export interface MetaHeader {
  /** Values by key, in lower case. */
  fields: ReadonlyMap<string, string>
  /** Where in the file the header ends. */
  bytes: number
}

export const MAX_META_HEADER_BYTES = 1 << 20

/** Type names of metaTypes.h. A MET_LONG has 4 bytes on every machine. */
const TYPES: Readonly<Record<string, ScalarType>> = {
  MET_CHAR: SCALARS.int8,
  MET_ASCII_CHAR: SCALARS.int8,
  MET_UCHAR: SCALARS.uint8,
  MET_SHORT: SCALARS.int16,
  MET_USHORT: SCALARS.uint16,
  MET_INT: SCALARS.int32,
  MET_UINT: SCALARS.uint32,
  MET_LONG: SCALARS.int32,
  MET_ULONG: SCALARS.uint32,
  MET_LONG_LONG: SCALARS.int64,
  MET_ULONG_LONG: SCALARS.uint64,
  MET_FLOAT: SCALARS.float32,
  MET_DOUBLE: SCALARS.float64,
}

/** Keys with which a MetaImage header may start; two of them tell it from other text. */
const FIRST_KEYS = /^(ObjectType|ObjectSubType|NDims|Comment|TransformType|BinaryData|DimSize|Name|ID)\s*=/

export function looksLikeMetaImage(head: Uint8Array): boolean {
  const text = Buffer.from(head.subarray(0, 512)).toString('latin1')
  return FIRST_KEYS.test(text) && /^(ObjectType\s*=\s*Image\b|NDims\s*=\s*\d)/m.test(text)
}

/**
 * Splits a header into its fields.
 * @param head the start of the file, at most MAX_META_HEADER_BYTES
 * @throws WorkstationError input/not-metaimage, input/metaimage-header
 */
export function parseMetaHeader(head: Uint8Array, path: string): MetaHeader {
  const name = basename(path)
  // Latin-1 keeps one character per byte, so that positions in the text are positions in the file.
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1')
  const last = /^ElementDataFile[ \t]*=[^\n]*(\n|$)/im.exec(text)
  if (!last) {
    if (looksLikeMetaImage(head))
      throw damaged(name, 'it does not say where the voxels are (ElementDataFile)')
    throw new WorkstationError('input/not-metaimage', `${name} is not a MetaImage file.`)
  }
  const bytes = last.index + last[0].length
  const fields = new Map<string, string>()
  for (const line of text.slice(0, bytes).split(/\r?\n/)) {
    const at = line.indexOf('=')
    if (at < 0) continue
    const key = line.slice(0, at).trim().toLowerCase()
    if (fields.has(key)) throw damaged(name, `"${printable(line.slice(0, at).trim())}" is there twice`)
    fields.set(key, line.slice(at + 1).trim())
  }
  const type = fields.get('objecttype')
  if (type !== undefined && type.toLowerCase() !== 'image') {
    throw new WorkstationError(
      'input/not-metaimage',
      `${name} cannot be screened: it holds an object of type "${printable(type)}", not an image.`,
    )
  }
  return { fields, bytes }
}

/**
 * The stored type and byte order.
 * @throws WorkstationError input/metaimage-type, input/channels
 */
export function metaType(header: MetaHeader, name: string): { scalar: ScalarType; littleEndian: boolean } {
  const type = header.fields.get('elementtype') ?? ''
  const scalar = Object.hasOwn(TYPES, type.toUpperCase()) ? TYPES[type.toUpperCase()] : undefined
  if (!scalar) {
    throw new WorkstationError(
      'input/metaimage-type',
      `${name} cannot be screened: its voxels are of type "${printable(type)}", not one HU value each.`,
    )
  }
  const channels = header.fields.get('elementnumberofchannels') ?? '1'
  if (Number(channels) !== 1) {
    throw new WorkstationError(
      'input/channels',
      `${name} cannot be screened: it holds ${printable(channels)} values for each voxel, not one HU value.`,
    )
  }
  if (flag(header, 'binarydata') === false) {
    throw new WorkstationError(
      'input/metaimage-text',
      `${name} stores its voxels as text, which is not supported; save it as binary.`,
    )
  }
  const bigEndian = flag(header, 'elementbyteordermsb') ?? flag(header, 'binarydatabyteordermsb') ?? false
  return { scalar, littleEndian: !bigEndian }
}

/** True or False; undefined where the header does not say. MetaIO looks at the first letter. */
export function flag({ fields }: MetaHeader, key: string): boolean | undefined {
  const value = fields.get(key)
  return value === undefined ? undefined : /^[ty1]/i.test(value)
}

/** The numbers of a field, `count` of them; undefined where the field is not there. */
export function numbers(
  { fields }: MetaHeader,
  key: string,
  count: number,
  name: string,
): number[] | undefined {
  const text = fields.get(key)
  if (text === undefined) return undefined
  const values = text.split(/[\s,]+/).map(Number)
  if (values.length >= count && values.every(Number.isFinite)) return values.slice(0, count)
  throw damaged(name, `"${key}" is not ${count} numbers`)
}

export function damaged(name: string, why: string): WorkstationError {
  return new WorkstationError('input/metaimage-header', `${name} has a damaged MetaImage header: ${why}.`)
}
