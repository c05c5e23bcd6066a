import { WorkstationError } from '../../errors.ts'
import {
  mmPerUnit,
  NIFTI1,
  NIFTI1_DATA_OFFSET,
  NIFTI1_HEADER_BYTES,
  NIFTI2_HEADER_BYTES,
  type NiftiHeader,
  niftiDatatype,
  niftiDims,
  niftiScaling,
  niftiVoxOffset,
} from './header.ts'

/** Byte offset of each field of the NIfTI-2 header that this product reads (nifti2.h, 2011; 540 bytes). */
const NIFTI2 = {
  magic: 4,
  datatype: 12,
  dim: 16,
  pixdim: 104,
  voxOffset: 168,
  sclSlope: 176,
  sclInter: 184,
  qformCode: 344,
  sformCode: 348,
  quatern: 352,
  qoffset: 376,
  srow: 400,
  xyztUnits: 500,
} as const

/** The largest dimension that a NIfTI-1 header, and with it an export, can hold. */
const MAX_DIM = 32767

/**
 * Parses a NIfTI-2 header. Its `bytes` are those of a NIfTI-1 header with the same geometry, rounded from double to
 * single precision, for the exports, which are NIfTI-1.
 * @throws WorkstationError input/not-nifti, input/nifti-header, input/nifti-datatype, input/too-large
 */
export function parseNifti2(head: Uint8Array, littleEndian: boolean, name: string): NiftiHeader {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const i32 = (offset: number) => view.getInt32(offset, littleEndian)
  // A dimension or offset beyond 2⁵³ is rounded here and refused below.
  const i64 = (offset: number) => Number(view.getBigInt64(offset, littleEndian))
  const f64 = (offset: number) => view.getFloat64(offset, littleEndian)
  const f64s = (offset: number, n: number) => Array.from({ length: n }, (_, i) => f64(offset + 8 * i))

  const magic = String.fromCharCode(...head.subarray(NIFTI2.magic, NIFTI2.magic + 3))
  if (magic !== 'n+2' && magic !== 'ni2') {
    throw new WorkstationError('input/not-nifti', `${name} is not a NIfTI-2 file: its signature is missing.`)
  }
  const dims = niftiDims(i64(NIFTI2.dim), (i) => i64(NIFTI2.dim + 8 * i), name)
  if (dims.some((d) => d > MAX_DIM)) {
    throw new WorkstationError(
      'input/too-large',
      `${name} is ${dims.join(' × ')} voxels, more than can be screened.`,
    )
  }
  const pair = magic === 'ni2'
  const header = {
    version: 2 as const,
    pair,
    littleEndian,
    dims,
    datatype: niftiDatatype(view.getInt16(NIFTI2.datatype, littleEndian), name),
    pixdim: f64s(NIFTI2.pixdim, 8),
    voxOffset: niftiVoxOffset(i64(NIFTI2.voxOffset), pair ? 0 : NIFTI2_HEADER_BYTES + 4, pair, name),
    ...niftiScaling(f64(NIFTI2.sclSlope), f64(NIFTI2.sclInter)),
    mmPerUnit: mmPerUnit(i32(NIFTI2.xyztUnits)),
    qformCode: i32(NIFTI2.qformCode),
    sformCode: i32(NIFTI2.sformCode),
    quaternion: f64s(NIFTI2.quatern, 3) as [number, number, number],
    qoffset: f64s(NIFTI2.qoffset, 3) as [number, number, number],
    srow: f64s(NIFTI2.srow, 12),
  }
  const units = i32(NIFTI2.xyztUnits) & 0xff
  return { ...header, bytes: asNifti1(header, view.getInt16(NIFTI2.datatype, littleEndian), units) }
}

/** A NIfTI-1 header with the geometry of another, in the same byte order. */
function asNifti1(header: Omit<NiftiHeader, 'bytes'>, datatypeCode: number, units: number): Uint8Array {
  const bytes = new Uint8Array(NIFTI1_HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  const le = header.littleEndian
  const f32s = (offset: number, values: readonly number[]) => {
    values.forEach((v, i) => {
      view.setFloat32(offset + 4 * i, v, le)
    })
  }
  view.setInt32(NIFTI1.sizeofHdr, NIFTI1_HEADER_BYTES, le)
  view.setInt16(NIFTI1.dim, header.dims.length, le)
  for (let i = 0; i < 7; i++) view.setInt16(NIFTI1.dim + 2 * (i + 1), header.dims[i] ?? 1, le)
  view.setInt16(NIFTI1.datatype, datatypeCode, le)
  view.setInt16(NIFTI1.bitpix, 8 * header.datatype.bytes, le)
  f32s(NIFTI1.pixdim, header.pixdim)
  f32s(NIFTI1.voxOffset, [NIFTI1_DATA_OFFSET])
  f32s(NIFTI1.sclSlope, [header.slope, header.intercept])
  view.setUint8(NIFTI1.xyztUnits, units)
  view.setInt16(NIFTI1.qformCode, header.qformCode, le)
  view.setInt16(NIFTI1.sformCode, header.sformCode, le)
  f32s(NIFTI1.quatern, header.quaternion)
  f32s(NIFTI1.qoffset, header.qoffset)
  f32s(NIFTI1.srow, header.srow)
  bytes.set(new TextEncoder().encode('n+1'), NIFTI1.magic)
  return bytes
}
