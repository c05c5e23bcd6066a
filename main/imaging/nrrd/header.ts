import { basename } from 'node:path'
import { WorkstationError } from '../../errors.ts'
import { printable } from '../volumeFile/bytes.ts'
import { SCALARS, type ScalarType } from '../volumeFile/scalars.ts'

/**
 * The NRRD header, versions NRRD0001 to NRRD0005 ("Definition of NRRD File Format", teem.sourceforge.net/nrrd): lines
 * "field: value" up to an empty line, after which the voxels of an attached file start.
 */
export interface NrrdHeader {
  /** Fields by name, in lower case and without blanks ("data file" and "datafile" are one). */
  fields: ReadonlyMap<string, string>
  /** Where in the file the header, with its empty line, ends. */
  bytes: number
}

/** "key:=value" pairs of an exported DICOM header fit well into this. */
export const MAX_NRRD_HEADER_BYTES = 1 << 20

const MAGIC = /^NRRD000[1-5]$/

/** Names of each scalar type, as the specification lists them. */
const TYPE_NAMES: readonly (readonly [ScalarType, readonly string[]])[] = [
  [SCALARS.int8, ['signed char', 'int8', 'int8_t']],
  [SCALARS.uint8, ['uchar', 'unsigned char', 'uint8', 'uint8_t']],
  [SCALARS.int16, ['short', 'short int', 'signed short', 'signed short int', 'int16', 'int16_t']],
  [SCALARS.uint16, ['ushort', 'unsigned short', 'unsigned short int', 'uint16', 'uint16_t']],
  [SCALARS.int32, ['int', 'signed int', 'int32', 'int32_t']],
  [SCALARS.uint32, ['uint', 'unsigned int', 'uint32', 'uint32_t']],
  [
    SCALARS.int64,
    [
      'longlong',
      'long long',
      'long long int',
      'signed long long',
      'signed long long int',
      'int64',
      'int64_t',
    ],
  ],
  [SCALARS.uint64, ['ulonglong', 'unsigned long long', 'unsigned long long int', 'uint64', 'uint64_t']],
  [SCALARS.float32, ['float']],
  [SCALARS.float64, ['double']],
]
const TYPES = new Map(TYPE_NAMES.flatMap(([scalar, names]) => names.map((name) => [name, scalar] as const)))

export function looksLikeNrrd(head: Uint8Array): boolean {
  return /^NRRD00\d\d\r?\n/.test(Buffer.from(head.subarray(0, 10)).toString('latin1'))
}

/**
 * Splits a header into its fields.
 * @param head the start of the file, at most MAX_NRRD_HEADER_BYTES
 * @throws WorkstationError input/not-nrrd, input/nrrd-header
 */
export function parseNrrdHeader(head: Uint8Array, path: string): NrrdHeader {
  const name = basename(path)
  // Latin-1 keeps one character per byte, so that positions in the text are positions in the file.
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1')
  const end = /\r?\n\r?\n/.exec(text)
  const body = end ? text.slice(0, end.index) : text
  if (!end && (head.length >= MAX_NRRD_HEADER_BYTES || !/\bdata ?file:/i.test(text))) {
    throw damaged(name, 'the empty line that ends it is missing')
  }
  const lines = body.split(/\r?\n/)
  const magic = lines.shift()!
  if (!MAGIC.test(magic)) {
    throw new WorkstationError(
      'input/not-nrrd',
      `${name} is not an NRRD file of version 1 to 5: it starts with "${printable(magic)}".`,
    )
  }
  const fields = new Map<string, string>()
  for (const line of lines) {
    if (line.startsWith('#')) continue
    const match = /^([^:]{1,40}):( |$)(.*)$/.exec(line)
    // Anything else is "key:=value", or the list of files after "data file: LIST".
    if (!match) continue
    const field = match[1]!.toLowerCase().replace(/\s/g, '')
    if (fields.has(field)) throw damaged(name, `"${printable(match[1]!)}" is there twice`)
    fields.set(field, match[3]!.trim())
  }
  return { fields, bytes: end ? end.index + end[0].length : head.length }
}

/** The stored type and byte order. @throws WorkstationError input/nrrd-type, input/nrrd-header */
export function nrrdType(
  { fields }: NrrdHeader,
  name: string,
): { scalar: ScalarType; littleEndian: boolean } {
  const type = fields.get('type') ?? ''
  const scalar = TYPES.get(type.toLowerCase().replace(/\s+/g, ' '))
  if (!scalar) {
    throw new WorkstationError(
      'input/nrrd-type',
      `${name} cannot be screened: its voxels are of type "${printable(type)}", not one HU value each.`,
    )
  }
  const endian = (fields.get('endian') ?? '').toLowerCase()
  if (scalar.bytes > 1 && endian !== 'little' && endian !== 'big') {
    throw damaged(name, 'it does not say in which order the bytes of a voxel are stored (endian)')
  }
  return { scalar, littleEndian: endian !== 'big' }
}

/** @throws WorkstationError input/nrrd-encoding */
export function nrrdPacking({ fields }: NrrdHeader, name: string): 'none' | 'gzip' {
  const encoding = (fields.get('encoding') ?? '').toLowerCase()
  if (encoding === 'raw') return 'none'
  if (encoding === 'gzip' || encoding === 'gz') return 'gzip'
  throw new WorkstationError(
    'input/nrrd-encoding',
    `${name} stores its voxels as "${printable(encoding)}", which is not supported; save it with the encoding raw or gzip.`,
  )
}

export function damaged(name: string, why: string): WorkstationError {
  return new WorkstationError('input/nrrd-header', `${name} has a damaged NRRD header: ${why}.`)
}
