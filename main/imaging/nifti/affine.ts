import { type Warning, WorkstationError } from '../../errors.ts'
import { directionFromColumns, type NiftiSource } from '../source.ts'
import type { Grid, Vec3 } from '../volume.ts'
import type { NiftiHeader } from './header.ts'

/**
 * Largest |cosine| between two voxel axes that still counts as perpendicular. highdicom's
 * `_DOT_PRODUCT_PERPENDICULAR_TOLERANCE`; float32 rounding of an sform stays below 1e-6.
 */
const PERPENDICULAR_TOLERANCE = 1e-3

/** sform and qform disagree if a corner of the volume moves by more than this share of the smallest voxel edge. */
const TRANSFORM_DISAGREEMENT_VOXELS = 0.5

/** Relative difference between pixdim and the length of the affine's columns that is worth a warning. */
const PIXDIM_TOLERANCE = 1e-3

/** 3×4, row-major, index → patient, in the header's own RAS axes, mm. */
type Affine = readonly number[]

export interface NiftiGeometry {
  grid: Grid
  affineFrom: NiftiSource['affineFrom']
  warnings: Warning[]
}

/**
 * Where the voxels lie, in LPS mm. sform is preferred (method 3 of the NIfTI-1 standard), then qform (method 2), then
 * pixdim alone (method 1). NIfTI's world is RAS; LPS negates x and y. The voxel order, and with it a left-handed
 * matrix, stays as stored.
 * @throws WorkstationError input/nifti-affine if no transform is usable, input/sheared if the axes are not perpendicular
 */
export function niftiGeometry(header: NiftiHeader, dims: Vec3, name: string): NiftiGeometry {
  const warnings: Warning[] = []
  const sform = header.sformCode > 0 ? usable(sformAffine(header)) : undefined
  const qform = header.qformCode > 0 ? usable(qformAffine(header)) : undefined
  if (header.sformCode > 0 && !sform && qform) {
    warnings.push({
      code: 'input/nifti-sform',
      message:
        'The sform in the NIfTI header is not a valid transform; the position was taken from the qform.',
    })
  }

  const affine = sform ?? qform ?? usable(pixdimAffine(header))
  if (!affine) {
    throw new WorkstationError(
      'input/nifti-affine',
      `${name} cannot be screened: its header does not say how large the voxels are or where they lie.`,
      `sform code ${header.sformCode}: ${header.srow.join(', ')}; pixdim ${header.pixdim.join(', ')}`,
    )
  }
  const affineFrom = sform ? 'sform' : qform ? 'qform' : 'pixdim'
  const grid = gridOf(affine, dims, name)

  if (affineFrom === 'pixdim') {
    warnings.push({
      code: 'input/nifti-no-orientation',
      message:
        'The NIfTI header has no orientation: left and right, front and back, head and foot are assumed, not known.',
    })
  }
  if (sform && qform) {
    const apart = largestCornerDistance(sform, qform, dims)
    if (apart > TRANSFORM_DISAGREEMENT_VOXELS * Math.min(...grid.spacing)) {
      warnings.push({
        code: 'input/nifti-transforms-disagree',
        message: `The two positions in the NIfTI header (sform and qform) differ by up to ${apart.toFixed(1)} mm; the sform was used, other software may use the qform.`,
      })
    }
  }
  const stored = [1, 2, 3].map((i) => Math.abs(header.pixdim[i]!) * header.mmPerUnit)
  if (
    affineFrom === 'sform' &&
    stored.some((mm, i) => Math.abs(mm - grid.spacing[i]!) > PIXDIM_TOLERANCE * grid.spacing[i]!)
  ) {
    warnings.push({
      code: 'input/nifti-pixdim',
      message: `The voxel size in the NIfTI header (${millimetres(stored)}) differs from that of its sform (${millimetres(grid.spacing)}), which was used.`,
    })
  }
  return { grid, affineFrom, warnings }
}

function sformAffine(header: NiftiHeader): Affine {
  return header.srow.map((v) => v * header.mmPerUnit)
}

/** nifti1.h, method 2: rotation from the unit quaternion (a, b, c, d), third column times qfac. */
function qformAffine(header: NiftiHeader): Affine {
  let [b, c, d] = header.quaternion
  let a = 1 - (b * b + c * c + d * d)
  if (a < 1e-7) {
    // Rounded past a half turn: normalise b, c, d, as the reference implementation does.
    const norm = 1 / Math.sqrt(b * b + c * c + d * d)
    b *= norm
    c *= norm
    d *= norm
    a = 0
  } else {
    a = Math.sqrt(a)
  }
  const qfac = header.pixdim[0]! < 0 ? -1 : 1
  const unit = header.mmPerUnit
  const sx = header.pixdim[1]! * unit
  const sy = header.pixdim[2]! * unit
  const sz = header.pixdim[3]! * unit * qfac
  const [ox, oy, oz] = header.qoffset
  return [
    (a * a + b * b - c * c - d * d) * sx,
    2 * (b * c - a * d) * sy,
    2 * (b * d + a * c) * sz,
    ox * unit,
    2 * (b * c + a * d) * sx,
    (a * a + c * c - b * b - d * d) * sy,
    2 * (c * d - a * b) * sz,
    oy * unit,
    2 * (b * d - a * c) * sx,
    2 * (c * d + a * b) * sy,
    (a * a + d * d - b * b - c * c) * sz,
    oz * unit,
  ]
}

/** nifti1.h, method 1: a scaling only. */
function pixdimAffine(header: NiftiHeader): Affine {
  const [x, y, z] = [1, 2, 3].map((i) => Math.abs(header.pixdim[i]!) * header.mmPerUnit) as [
    number,
    number,
    number,
  ]
  return [x, 0, 0, 0, 0, y, 0, 0, 0, 0, z, 0]
}

function usable(affine: Affine): Affine | undefined {
  if (!affine.every(Number.isFinite)) return undefined
  const [x, y, z] = [0, 1, 2].map((c) => columnLength(affine, c)) as [number, number, number]
  if (!(x > 0 && y > 0 && z > 0)) return undefined
  const [a, b, c] = [unitColumn(affine, 0), unitColumn(affine, 1), unitColumn(affine, 2)]
  const volume =
    a[0] * (b[1] * c[2] - b[2] * c[1]) -
    a[1] * (b[0] * c[2] - b[2] * c[0]) +
    a[2] * (b[0] * c[1] - b[1] * c[0])
  return Math.abs(volume) > 1e-6 ? affine : undefined
}

function gridOf(affine: Affine, dims: Vec3, name: string): Grid {
  const [x, y, z] = [unitColumn(affine, 0), unitColumn(affine, 1), unitColumn(affine, 2)]
  const skew = Math.max(Math.abs(dot(x, y)), Math.abs(dot(x, z)), Math.abs(dot(y, z)))
  if (skew > PERPENDICULAR_TOLERANCE) {
    const degrees = ((Math.asin(Math.min(1, skew)) * 180) / Math.PI).toFixed(1)
    throw new WorkstationError(
      'input/sheared',
      `${name} cannot be screened: its voxel axes are not perpendicular (off by ${degrees} degrees, as after an uncorrected gantry tilt).`,
      `affine (RAS, mm): ${affine.join(', ')}`,
    )
  }
  const lps = (v: Vec3): Vec3 => [-v[0] + 0, -v[1] + 0, v[2] + 0]
  return {
    dims,
    spacing: [columnLength(affine, 0), columnLength(affine, 1), columnLength(affine, 2)],
    origin: lps([affine[3]!, affine[7]!, affine[11]!]),
    direction: directionFromColumns(lps(x), lps(y), lps(z)),
  }
}

function column(affine: Affine, c: number): Vec3 {
  return [affine[c]!, affine[c + 4]!, affine[c + 8]!]
}

function columnLength(affine: Affine, c: number): number {
  return Math.hypot(...column(affine, c))
}

function unitColumn(affine: Affine, c: number): Vec3 {
  const length = columnLength(affine, c)
  const [x, y, z] = column(affine, c)
  return [x / length, y / length, z / length]
}

function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/** The difference of two affine maps is itself affine, so it is largest at a corner. */
function largestCornerDistance(a: Affine, b: Affine, dims: Vec3): number {
  let largest = 0
  for (let corner = 0; corner < 8; corner++) {
    const index = [0, 1, 2].map((axis) => ((corner >> axis) & 1) * (dims[axis]! - 1))
    const delta = [0, 4, 8].map((row) =>
      [0, 1, 2].reduce((sum, c) => sum + (a[row + c]! - b[row + c]!) * index[c]!, a[row + 3]! - b[row + 3]!),
    )
    largest = Math.max(largest, Math.hypot(...delta))
  }
  return largest
}

function millimetres(spacing: readonly number[]): string {
  return `${spacing.map((mm) => Number(mm.toFixed(3))).join(' × ')} mm`
}
