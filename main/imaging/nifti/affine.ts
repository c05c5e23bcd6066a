import { type Warning, WorkstationError } from '../../errors.ts'
import type { NiftiSource } from '../source.ts'
import type { Grid, Vec3 } from '../volume.ts'
import { perpendicularGrid, type Steps, spanSpace } from '../volumeFile/axes.ts'
import type { NiftiHeader } from './header.ts'

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
  const grid = perpendicularGrid(lpsSteps(affine), lps([affine[3]!, affine[7]!, affine[11]!]), dims, name)

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
  return affine.every(Number.isFinite) && spanSpace(lpsSteps(affine)) ? affine : undefined
}

function lpsSteps(affine: Affine): Steps {
  return [0, 1, 2].map((c) => lps([affine[c]!, affine[c + 4]!, affine[c + 8]!])) as unknown as Steps
}

function lps(ras: Vec3): Vec3 {
  return [-ras[0], -ras[1], ras[2]]
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
