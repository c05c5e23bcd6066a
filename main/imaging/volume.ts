import { column, cross, dot } from './vector.ts'

/** Three numbers in index order (x, y, z) or in patient space (L, P, S). */
export type Vec3 = readonly [number, number, number]

/**
 * 3×3 matrix, row-major: element (r, c) at `3 * r + c`. As a direction matrix (ITK's convention) column c is the
 * unit vector, in LPS, along which voxel index c grows. May be left-handed: a flipped source stays as it was stored.
 */
export type Mat3 = readonly [number, number, number, number, number, number, number, number, number]

export type VoxelArray = Int16Array | Uint8Array | Uint16Array | Int32Array | Float32Array

/**
 * A sampling grid in DICOM patient coordinates (LPS, mm; DICOM PS3.3 C.7.6.2.1.1). The voxel with index (i, j, k)
 * has its centre at `origin + direction · (spacing ∘ (i, j, k))`.
 */
export interface Grid {
  /** Number of voxels [nx, ny, nz]; x is fastest in memory: offset = i + nx · (j + ny · k). */
  readonly dims: Vec3
  /** Distance between voxel centres along each index axis, mm, all > 0. */
  readonly spacing: Vec3
  /** Centre of voxel (0, 0, 0), LPS mm. */
  readonly origin: Vec3
  readonly direction: Mat3
}

export interface Volume<T extends VoxelArray = VoxelArray> extends Grid {
  readonly voxels: T
}

/** CT voxels are Int16 HU. */
export type CtVolume = Volume<Int16Array>

export const IDENTITY: Mat3 = [1, 0, 0, 0, 1, 0, 0, 0, 1]

export function voxelCount(grid: Pick<Grid, 'dims'>): number {
  return grid.dims[0] * grid.dims[1] * grid.dims[2]
}

/** Volume of one voxel in millilitres (1 mL = 1000 mm³). */
export function voxelVolumeMl(grid: Pick<Grid, 'spacing'>): number {
  return (grid.spacing[0] * grid.spacing[1] * grid.spacing[2]) / 1000
}

/** Patient position (LPS mm) of a continuous voxel index. */
export function indexToPatient(grid: Grid, index: Vec3): Vec3 {
  const { direction: d, spacing: s, origin: o } = grid
  const x = s[0] * index[0]
  const y = s[1] * index[1]
  const z = s[2] * index[2]
  return [
    o[0] + d[0] * x + d[1] * y + d[2] * z,
    o[1] + d[3] * x + d[4] * y + d[5] * z,
    o[2] + d[6] * x + d[7] * y + d[8] * z,
  ]
}

/** Continuous voxel index of a patient position; the inverse of indexToPatient. */
export function patientToIndex(grid: Grid, positionMm: Vec3): Vec3 {
  const { direction: d, spacing, origin } = grid
  const v: Vec3 = [positionMm[0] - origin[0], positionMm[1] - origin[1], positionMm[2] - origin[2]]
  // Cramer's rule rather than the transpose: a source's axes are at right angles only up to rounding.
  const [a, b, c] = [column(d, 0), column(d, 1), column(d, 2)]
  const det = dot(a, cross(b, c))
  return [
    dot(v, cross(b, c)) / det / spacing[0],
    dot(v, cross(c, a)) / det / spacing[1],
    dot(v, cross(a, b)) / det / spacing[2],
  ]
}

export function determinant(m: Mat3): number {
  return (
    m[0] * (m[4] * m[8] - m[5] * m[7]) -
    m[1] * (m[3] * m[8] - m[5] * m[6]) +
    m[2] * (m[3] * m[7] - m[4] * m[6])
  )
}
