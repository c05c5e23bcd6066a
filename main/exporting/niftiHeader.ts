import { NIFTI1, NIFTI1_DATA_OFFSET, NIFTI1_HEADER_BYTES } from '../imaging/nifti/header.ts'
import type { NiftiSource, Source } from '../imaging/source.ts'
import { determinant, type Grid, type Mat3, type VoxelArray } from '../imaging/volume.ts'
import { sourceNote } from './scanNotes.ts'

/** NIFTI_INTENT_NONE etc. are all 0; these are the codes that are not (nifti1.h). */
const XFORM_SCANNER_ANATOMICAL = 1
const UNITS_MILLIMETRE = 2
const DESCRIPTION = 'Screener Workstation - research use only'
/** Before a note: `descrip` holds 80 bytes, and its readers expect the last to be 0. */
const DESCRIPTION_BEFORE_NOTE = 'Screener - research use only'
/** Largest deviation of DᵀD from the identity that a quaternion may stand for: a rotation, as rounded in DICOM. */
const ORTHONORMAL_TOLERANCE = 1e-4

/** NIfTI-1 datatype code and bits of each kind of array (nifti1.h, NIFTI_TYPE_*). */
function datatypeOf(voxels: VoxelArray): { code: number; bits: number } {
  if (voxels instanceof Uint8Array) return { code: 2, bits: 8 }
  if (voxels instanceof Int16Array) return { code: 4, bits: 16 }
  if (voxels instanceof Int32Array) return { code: 8, bits: 32 }
  if (voxels instanceof Float32Array) return { code: 16, bits: 32 }
  return { code: 512, bits: 16 }
}

/**
 * The header of a single-file NIfTI-1 (348 bytes, little-endian, then the 4 bytes that say "no extension") for voxels
 * of `sample`'s type on `grid`. The affine is the source's own: a NIfTI source's geometry fields are copied bit by
 * bit; the grid of any other source becomes sform and qform with code 1 (scanner), LPS turned into RAS. `descrip` says
 * where the source is lossy or slices were interpolated.
 * @throws RangeError where the grid is not the grid of the source's header
 */
export function niftiHeader(grid: Grid, sample: VoxelArray, source: Source): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(NIFTI1_DATA_OFFSET)
  const view = new DataView(bytes.buffer)
  const { code, bits } = datatypeOf(sample)
  view.setInt32(NIFTI1.sizeofHdr, NIFTI1_HEADER_BYTES, true)
  // dim[4..7] of a 3-D image are 1, which is what readers that ignore dim[0] need.
  const dim = [3, ...grid.dims, 1, 1, 1, 1]
  dim.forEach((n, i) => {
    if (n > 0x7fff) throw new RangeError(`NIfTI-1 holds at most 32,767 voxels per axis, not ${n}`)
    view.setInt16(NIFTI1.dim + 2 * i, n, true)
  })
  view.setInt16(NIFTI1.datatype, code, true)
  view.setInt16(NIFTI1.bitpix, bits, true)
  view.setFloat32(NIFTI1.voxOffset, NIFTI1_DATA_OFFSET, true)
  view.setFloat32(NIFTI1.sclSlope, 1, true)
  view.setFloat32(NIFTI1.sclInter, 0, true)
  const note = sourceNote(source)
  const description = note ? `${DESCRIPTION_BEFORE_NOTE}; ${note}` : DESCRIPTION
  setText(bytes, NIFTI1.descrip, 79, description)
  setText(bytes, NIFTI1.magic, 4, 'n+1')
  if (source.kind === 'nifti') copyGeometry(view, grid, source)
  else setGeometry(view, grid)
  return bytes
}

/** Field by field in 2- and 4-byte units, so that a big-endian source gives the same numbers, bit for bit. */
function copyGeometry(view: DataView, grid: Grid, source: NiftiSource): void {
  const from = new DataView(source.header.buffer, source.header.byteOffset, source.header.byteLength)
  const le = source.littleEndian
  for (let axis = 0; axis < 3; axis++) {
    const n = from.getInt16(NIFTI1.dim + 2 * (axis + 1), le)
    if (Math.max(n, 1) !== grid.dims[axis]) {
      throw new RangeError(`The source's axis ${axis} has ${n} voxels, the exported grid ${grid.dims[axis]}`)
    }
  }
  const words = (offset: number, count: number) => {
    for (let o = offset; o < offset + 4 * count; o += 4) view.setUint32(o, from.getUint32(o, le), true)
  }
  words(NIFTI1.pixdim, 8)
  view.setUint8(NIFTI1.xyztUnits, from.getUint8(NIFTI1.xyztUnits))
  view.setInt16(NIFTI1.qformCode, from.getInt16(NIFTI1.qformCode, le), true)
  view.setInt16(NIFTI1.sformCode, from.getInt16(NIFTI1.sformCode, le), true)
  words(NIFTI1.quatern, 3)
  words(NIFTI1.qoffset, 3)
  words(NIFTI1.srow, 12)
}

function setGeometry(view: DataView, grid: Grid): void {
  // LPS → RAS: the first two patient axes change sign.
  const ras = grid.direction.map((v, i) => (i < 6 ? -v : v)) as unknown as Mat3
  const offset = [-grid.origin[0], -grid.origin[1], grid.origin[2]]
  for (let r = 0; r < 3; r++) {
    for (let c = 0; c < 3; c++) {
      view.setFloat32(NIFTI1.srow + 16 * r + 4 * c, noNegativeZero(ras[3 * r + c] * grid.spacing[c]), true)
    }
    view.setFloat32(NIFTI1.srow + 16 * r + 12, noNegativeZero(offset[r]), true)
    view.setFloat32(NIFTI1.pixdim + 4 * (r + 1), grid.spacing[r], true)
    view.setFloat32(NIFTI1.qoffset + 4 * r, noNegativeZero(offset[r]), true)
  }
  view.setUint8(NIFTI1.xyztUnits, UNITS_MILLIMETRE)
  view.setInt16(NIFTI1.sformCode, XFORM_SCANNER_ANATOMICAL, true)
  view.setFloat32(NIFTI1.pixdim, 1, true)
  // A quaternion cannot hold a sheared grid (gantry tilt): such a file has the sform alone.
  if (!isOrthonormal(ras)) return
  const { quaternion, qfac } = toQuaternion(ras)
  view.setInt16(NIFTI1.qformCode, XFORM_SCANNER_ANATOMICAL, true)
  view.setFloat32(NIFTI1.pixdim, qfac, true)
  quaternion.forEach((q, i) => {
    view.setFloat32(NIFTI1.quatern + 4 * i, noNegativeZero(q), true)
  })
}

function isOrthonormal(m: Mat3): boolean {
  for (let a = 0; a < 3; a++) {
    for (let b = a; b < 3; b++) {
      const dot = m[a] * m[b] + m[3 + a] * m[3 + b] + m[6 + a] * m[6 + b]
      if (Math.abs(dot - (a === b ? 1 : 0)) > ORTHONORMAL_TOLERANCE) return false
    }
  }
  return true
}

/**
 * quatern_b, c, d and qfac of an orthonormal matrix (nifti1.h, method 2; a = √(1 − b² − c² − d²) ≥ 0 is implied).
 * A left-handed grid has its third axis turned round, which qfac = −1 undoes. The branch with the largest divisor
 * is taken (Shepperd 1978), so that half-turns stay accurate.
 */
function toQuaternion(m: Mat3): { quaternion: [number, number, number]; qfac: 1 | -1 } {
  const qfac = determinant(m) < 0 ? -1 : 1
  const [r11, r12, r21, r22, r31, r32] = [m[0], m[1], m[3], m[4], m[6], m[7]]
  const [r13, r23, r33] = [qfac * m[2], qfac * m[5], qfac * m[8]]
  const squares = [1 + r11 + r22 + r33, 1 + r11 - r22 - r33, 1 - r11 + r22 - r33, 1 - r11 - r22 + r33]
  const largest = squares.indexOf(Math.max(...squares))
  const s = 2 * Math.sqrt(squares[largest])
  let q: [number, number, number, number]
  if (largest === 0) q = [s / 4, (r32 - r23) / s, (r13 - r31) / s, (r21 - r12) / s]
  else if (largest === 1) q = [(r32 - r23) / s, s / 4, (r12 + r21) / s, (r13 + r31) / s]
  else if (largest === 2) q = [(r13 - r31) / s, (r12 + r21) / s, s / 4, (r23 + r32) / s]
  else q = [(r21 - r12) / s, (r13 + r31) / s, (r23 + r32) / s, s / 4]
  const sign = q[0] < 0 ? -1 : 1
  const norm = sign * Math.hypot(...q)
  return { quaternion: [q[1] / norm, q[2] / norm, q[3] / norm], qfac }
}

/** −0 is a legal float that prints as "-0.0" in every header viewer. */
function noNegativeZero(value: number): number {
  return value === 0 ? 0 : value
}

function setText(bytes: Uint8Array, offset: number, length: number, text: string): void {
  bytes.set(new TextEncoder().encode(text).subarray(0, length), offset)
}
