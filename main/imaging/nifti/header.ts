import { WorkstationError } from '../../errors.ts'
import { SCALARS, type ScalarType } from '../volumeFile/scalars.ts'

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

/** Datatypes with one real number per voxel, by their NIfTI code. Anything else (colour, complex) is no CT. */
export const NIFTI_DATATYPES: Readonly<Record<number, ScalarType>> = {
  2: SCALARS.uint8,
  4: SCALARS.int16,
  8: SCALARS.int32,
  16: SCALARS.float32,
  64: SCALARS.float64,
  256: SCALARS.int8,
  512: SCALARS.uint16,
  768: SCALARS.uint32,
  1024: SCALARS.int64,
  1280: SCALARS.uint64,
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
  /** The 348 bytes as stored; of a NIfTI-2 file those of a NIfTI-1 header of equal geometry. */
  bytes: Uint8Array
  version: 1 | 2
  /** Whether the voxels follow in a file of their own (.hdr with .img). */
  pair: boolean
  littleEndian: boolean
  /** dim[1..7] up to dim[0]. */
  dims: number[]
  datatype: ScalarType
  /** pixdim[0..7]; [0] is qfac. */
  pixdim: number[]
  /** Byte offset of the first voxel in the (unpacked) file that holds them. */
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
 * Parses the first bytes of a NIfTI-1 header.
 * @throws WorkstationError input/not-nifti, input/nifti-header, input/nifti-datatype, input/truncated
 */
export function parseNifti1(head: Uint8Array, littleEndian: boolean, name: string): NiftiHeader {
  const bytes = head.slice(0, NIFTI1_HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  const i16 = (offset: number) => view.getInt16(offset, littleEndian)
  const f32 = (offset: number) => view.getFloat32(offset, littleEndian)
  const f32s = (offset: number, n: number) => Array.from({ length: n }, (_, i) => f32(offset + 4 * i))

  const magic = String.fromCharCode(...bytes.subarray(NIFTI1.magic, NIFTI1.magic + 3))
  if (magic !== 'n+1' && magic !== 'ni1') {
    throw new WorkstationError(
      'input/not-nifti',
      `${name} is not a NIfTI-1 file: its signature is missing (an ANALYZE 7.5 file carries no orientation and is not accepted).`,
    )
  }
  const pair = magic === 'ni1'
  return {
    bytes,
    version: 1,
    pair,
    littleEndian,
    dims: niftiDims(i16(NIFTI1.dim), (i) => i16(NIFTI1.dim + 2 * i), name),
    datatype: niftiDatatype(i16(NIFTI1.datatype), name),
    pixdim: f32s(NIFTI1.pixdim, 8),
    voxOffset: niftiVoxOffset(f32(NIFTI1.voxOffset), pair ? 0 : NIFTI1_DATA_OFFSET, pair, name),
    ...niftiScaling(f32(NIFTI1.sclSlope), f32(NIFTI1.sclInter)),
    mmPerUnit: mmPerUnit(view.getUint8(NIFTI1.xyztUnits)),
    qformCode: i16(NIFTI1.qformCode),
    sformCode: i16(NIFTI1.sformCode),
    quaternion: f32s(NIFTI1.quatern, 3) as [number, number, number],
    qoffset: f32s(NIFTI1.qoffset, 3) as [number, number, number],
    srow: f32s(NIFTI1.srow, 12),
  }
}

/** dim[1..dim[0]]. */
export function niftiDims(dimCount: number, dim: (i: number) => number, name: string): number[] {
  const dims = Array.from({ length: Math.max(0, Math.min(dimCount, 7)) }, (_, i) => dim(i + 1))
  if (dimCount < 1 || dimCount > 7 || dims.some((d) => d < 1)) {
    throw new WorkstationError(
      'input/nifti-header',
      `${name} has a damaged NIfTI header: its dimensions are not positive numbers.`,
      `dim = ${dimCount}; ${dims.join(', ')}`,
    )
  }
  return dims
}

export function niftiDatatype(code: number, name: string): ScalarType {
  const datatype = NIFTI_DATATYPES[code]
  if (datatype) return datatype
  const what = OTHER_DATATYPES[code] ?? `of unknown type ${code}`
  throw new WorkstationError(
    'input/nifti-datatype',
    `${name} cannot be screened: its voxels are ${what}, not one HU value each.`,
  )
}

/** Where the voxels start: `usual` where the header says 0, never inside the header that shares their file. */
export function niftiVoxOffset(stored: number, usual: number, pair: boolean, name: string): number {
  const offset = stored === 0 ? usual : stored
  if (Number.isSafeInteger(offset) && offset >= (pair ? 0 : NIFTI1_HEADER_BYTES)) return offset
  throw new WorkstationError(
    'input/nifti-header',
    `${name} has a damaged NIfTI header: it does not say where the voxels start.`,
    `vox_offset = ${stored}`,
  )
}

/** "If the scl_slope field is nonzero, then each voxel value should be scaled" (nifti1.h). */
export function niftiScaling(slope: number, intercept: number): { slope: number; intercept: number } {
  const scaled = Number.isFinite(slope) && slope !== 0 && Number.isFinite(intercept)
  return scaled ? { slope, intercept } : { slope: 1, intercept: 0 }
}

export function mmPerUnit(xyztUnits: number): number {
  return MM_PER_UNIT[xyztUnits & 7] ?? 1
}

/** Version and byte order, told by the header's length in the file's own byte order: 348 (NIfTI-1) or 540 (NIfTI-2). */
export function niftiForm(head: Uint8Array): { version: 1 | 2; littleEndian: boolean } | undefined {
  if (head.length < 4) return undefined
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  for (const littleEndian of [true, false]) {
    const size = view.getInt32(NIFTI1.sizeofHdr, littleEndian)
    if (size === NIFTI1_HEADER_BYTES) return { version: 1, littleEndian }
    if (size === NIFTI2_HEADER_BYTES) return { version: 2, littleEndian }
  }
  return undefined
}

/** Whether a file starts like a NIfTI: packed with gzip, or with the length of a NIfTI header. */
export function looksLikeNifti(head: Uint8Array): boolean {
  return (head[0] === 0x1f && head[1] === 0x8b) || niftiForm(head) !== undefined
}
