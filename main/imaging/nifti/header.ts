import { WorkstationError } from '../../errors.ts'

/**
 * The NIfTI-1 header, field by field (nifti1.h, Data Format Working Group, 2007; 348 bytes, then 4 bytes that say
 * whether extensions follow). Pure: bytes in, numbers out.
 */
export const NIFTI1_HEADER_BYTES = 348
/** First voxel of a single-file NIfTI without extensions. */
export const NIFTI1_DATA_OFFSET = 352
export const NIFTI2_HEADER_BYTES = 540

/** Byte offset of each header field that this product reads or writes. */
export const NIFTI1 = {
  sizeofHdr: 0,
  dim: 40,
  intentCode: 68,
  datatype: 70,
  bitpix: 72,
  pixdim: 76,
  voxOffset: 108,
  sclSlope: 112,
  sclInter: 116,
  xyztUnits: 123,
  calMax: 124,
  calMin: 128,
  descrip: 148,
  auxFile: 228,
  qformCode: 252,
  sformCode: 254,
  quatern: 256,
  qoffset: 268,
  srow: 280,
  intentName: 328,
  magic: 344,
} as const

/** How one voxel of a NIfTI datatype is stored. */
export interface NiftiDatatype {
  name: string
  bytes: 1 | 2 | 4 | 8
  read: (view: DataView, offset: number, littleEndian: boolean) => number
}

/** Datatypes with one real number per voxel, by their NIfTI-1 code. Anything else (colour, complex) is no CT. */
export const NIFTI_DATATYPES: Readonly<Record<number, NiftiDatatype>> = {
  2: { name: 'uint8', bytes: 1, read: (v, o) => v.getUint8(o) },
  4: { name: 'int16', bytes: 2, read: (v, o, le) => v.getInt16(o, le) },
  8: { name: 'int32', bytes: 4, read: (v, o, le) => v.getInt32(o, le) },
  16: { name: 'float32', bytes: 4, read: (v, o, le) => v.getFloat32(o, le) },
  64: { name: 'float64', bytes: 8, read: (v, o, le) => v.getFloat64(o, le) },
  256: { name: 'int8', bytes: 1, read: (v, o) => v.getInt8(o) },
  512: { name: 'uint16', bytes: 2, read: (v, o, le) => v.getUint16(o, le) },
  768: { name: 'uint32', bytes: 4, read: (v, o, le) => v.getUint32(o, le) },
  1024: { name: 'int64', bytes: 8, read: (v, o, le) => Number(v.getBigInt64(o, le)) },
  1280: { name: 'uint64', bytes: 8, read: (v, o, le) => Number(v.getBigUint64(o, le)) },
}

const OTHER_DATATYPES: Readonly<Record<number, string>> = {
  1: '1-bit',
  32: 'complex',
  128: 'RGB colour',
  1536: '128-bit float',
  1792: 'complex',
  2048: 'complex',
  2304: 'RGBA colour',
}

export interface NiftiHeader {
  /** The 348 bytes as stored. */
  bytes: Uint8Array
  littleEndian: boolean
  /** dim[1..7] up to dim[0]. */
  dims: number[]
  datatype: NiftiDatatype
  /** pixdim[0..7]; [0] is qfac. */
  pixdim: number[]
  /** Byte offset of the first voxel in the (inflated) file. */
  voxOffset: number
  /** Value = stored · slope + intercept; 1 and 0 where the header asks for no scaling. */
  slope: number
  intercept: number
  /** Millimetres per unit of the header's lengths (xyzt_units). */
  mmPerUnit: number
  qformCode: number
  sformCode: number
  /** quatern_b, quatern_c, quatern_d. */
  quaternion: [number, number, number]
  qoffset: [number, number, number]
  /** srow_x, srow_y, srow_z, row-major 3×4. */
  srow: number[]
}

/** xyzt_units & 7: 1 metre, 2 millimetre, 3 micrometre; 0 (unknown) is taken for millimetre as every reader does. */
const MM_PER_UNIT: Readonly<Record<number, number>> = { 0: 1, 1: 1000, 2: 1, 3: 0.001 }

/**
 * Parses the first bytes of a single-file NIfTI-1.
 * @throws WorkstationError input/not-nifti, input/nifti-pair, input/nifti-2, input/nifti-header, input/nifti-datatype
 */
export function parseNiftiHeader(head: Uint8Array, name: string): NiftiHeader {
  if (head.length < NIFTI1_HEADER_BYTES) {
    throw new WorkstationError(
      'input/truncated',
      `${name} is too short to be a NIfTI file: ${head.length} bytes, and its header alone takes ${NIFTI1_HEADER_BYTES}.`,
    )
  }
  const bytes = head.slice(0, NIFTI1_HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  const littleEndian = endianness(view, name)
  const i16 = (offset: number) => view.getInt16(offset, littleEndian)
  const f32 = (offset: number) => view.getFloat32(offset, littleEndian)
  const f32s = (offset: number, n: number) => Array.from({ length: n }, (_, i) => f32(offset + 4 * i))

  const magic = String.fromCharCode(...bytes.subarray(NIFTI1.magic, NIFTI1.magic + 3))
  if (magic === 'ni1') {
    throw new WorkstationError(
      'input/nifti-pair',
      `${name} is one half of a .hdr/.img pair; convert it to a single .nii or .nii.gz file first.`,
    )
  }
  if (magic !== 'n+1') {
    throw new WorkstationError(
      'input/not-nifti',
      `${name} is not a NIfTI-1 file: its signature is missing (an ANALYZE 7.5 file carries no orientation and is not accepted).`,
    )
  }

  const dimCount = i16(NIFTI1.dim)
  const dims = Array.from({ length: Math.max(0, Math.min(dimCount, 7)) }, (_, i) =>
    i16(NIFTI1.dim + 2 * (i + 1)),
  )
  if (dimCount < 1 || dimCount > 7 || dims.some((d) => d < 1)) {
    throw new WorkstationError(
      'input/nifti-header',
      `${name} has a damaged NIfTI header: its dimensions are not positive numbers.`,
      `dim = ${dimCount}; ${dims.join(', ')}`,
    )
  }

  const datatypeCode = i16(NIFTI1.datatype)
  const datatype = NIFTI_DATATYPES[datatypeCode]
  if (!datatype) {
    const what = OTHER_DATATYPES[datatypeCode] ?? `of unknown type ${datatypeCode}`
    throw new WorkstationError(
      'input/nifti-datatype',
      `${name} cannot be screened: its voxels are ${what}, not one HU value each.`,
    )
  }

  const storedOffset = f32(NIFTI1.voxOffset)
  const voxOffset = storedOffset === 0 ? NIFTI1_DATA_OFFSET : storedOffset
  if (!Number.isInteger(voxOffset) || voxOffset < NIFTI1_HEADER_BYTES) {
    throw new WorkstationError(
      'input/nifti-header',
      `${name} has a damaged NIfTI header: it does not say where the voxels start.`,
      `vox_offset = ${storedOffset}`,
    )
  }

  // "If the scl_slope field is nonzero, then each voxel value should be scaled" (nifti1.h).
  const slope = f32(NIFTI1.sclSlope)
  const intercept = f32(NIFTI1.sclInter)
  const scaled = Number.isFinite(slope) && slope !== 0 && Number.isFinite(intercept)
  return {
    bytes,
    littleEndian,
    dims,
    datatype,
    pixdim: f32s(NIFTI1.pixdim, 8),
    voxOffset,
    slope: scaled ? slope : 1,
    intercept: scaled ? intercept : 0,
    mmPerUnit: MM_PER_UNIT[view.getUint8(NIFTI1.xyztUnits) & 7] ?? 1,
    qformCode: i16(NIFTI1.qformCode),
    sformCode: i16(NIFTI1.sformCode),
    quaternion: f32s(NIFTI1.quatern, 3) as [number, number, number],
    qoffset: f32s(NIFTI1.qoffset, 3) as [number, number, number],
    srow: f32s(NIFTI1.srow, 12),
  }
}

/** sizeof_hdr, 348 in the file's own byte order, tells the order. */
function endianness(view: DataView, name: string): boolean {
  for (const littleEndian of [true, false]) {
    const size = view.getInt32(NIFTI1.sizeofHdr, littleEndian)
    if (size === NIFTI1_HEADER_BYTES) return littleEndian
    if (size === NIFTI2_HEADER_BYTES) {
      throw new WorkstationError(
        'input/nifti-2',
        `${name} is a NIfTI-2 file, which is not supported yet; save it as NIfTI-1.`,
      )
    }
  }
  throw new WorkstationError(
    'input/not-nifti',
    `${name} is not a NIfTI file: its header is not 348 bytes long.`,
  )
}

/** Whether a file starts like a NIfTI: gzip, or a header length of 348 (NIfTI-1) or 540 (NIfTI-2) bytes. */
export function looksLikeNifti(head: Uint8Array): boolean {
  if (head[0] === 0x1f && head[1] === 0x8b) return true
  if (head.length < 4) return false
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  return [true, false].some((le) => [NIFTI1_HEADER_BYTES, NIFTI2_HEADER_BYTES].includes(view.getInt32(0, le)))
}
