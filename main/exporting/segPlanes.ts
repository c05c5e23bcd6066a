import { WorkstationError } from '../errors.ts'
import type { DicomSource, SliceReference } from '../imaging/source.ts'
import { dot } from '../imaging/vector.ts'
import { type Grid, indexToPatient, type Vec3 } from '../imaging/volume.ts'

/** Directions written in DICOM are rounded; these two readings of one direction agree far better than this. */
const DIRECTION_TOLERANCE = 1e-3

/** Where slice k of the volume lies, and the stored image that shows it. */
export interface SegPlane {
  /** Centre of voxel (0, 0, k), LPS mm: as stored where an image shows the slice, else worked out from the grid. */
  position: Vec3
  /** Null where no stored image has these pixels: the slice was interpolated from others. */
  image: SliceReference | null
}

export interface SegPlanes {
  /** Row direction then column direction of every slice, unit vectors, LPS (Image Orientation (Patient)). */
  orientation: readonly [number, number, number, number, number, number]
  /** One per slice of the volume, in its order. */
  slices: SegPlane[]
}

/**
 * The planes of a volume's slices. Where a slice shows a stored image, frames name that image and take its position,
 * so the slice must be the image it is said to be: same directions in the plane, same place. A segmentation in the
 * wrong place is worse than none. Interpolated slices lie where the grid has them (DICOM PS3.3 C.7.6.2.1.1).
 * @throws WorkstationError output/seg-geometry where slices and images do not agree
 */
export function segPlanes(grid: Grid, source: DicomSource): SegPlanes {
  const { direction: d, dims, spacing } = grid
  if (source.slices.length !== dims[2]) fail(`${source.slices.length} images for ${dims[2]} slices`)
  const inPlane = [d[0], d[3], d[6], d[1], d[4], d[7]] as const
  const shown = source.slices.some((image) => image !== null)
  source.imageOrientation.forEach((cosine, i) => {
    if (shown && !(Math.abs(cosine - inPlane[i]) <= DIRECTION_TOLERANCE)) {
      fail(`image orientation ${source.imageOrientation.join(', ')}; volume directions ${d.join(', ')}`)
    }
  })
  const normal = normalOf(source.imageOrientation)
  const slices = source.slices.map((image, k): SegPlane => {
    const q = indexToPatient(grid, [0, 0, k])
    if (!image) return { position: q, image }
    const p = image.imagePosition
    const off = [p[0] - q[0], p[1] - q[1], p[2] - q[2]] as const
    const along = Math.abs(dot(off, normal))
    const aside = Math.sqrt(Math.max(0, dot(off, off) - along * along))
    // Uneven slice distances may drift a little from an even grid; half a slice on, the image is another one, and half
    // a pixel aside, a pixel is.
    if (!(along <= spacing[2] / 2 && aside <= Math.min(spacing[0], spacing[1]) / 2)) {
      fail(`slice ${k} is ${along.toFixed(3)} mm and, in its plane, ${aside.toFixed(3)} mm from its image`)
    }
    return { position: p, image }
  })
  return { orientation: shown ? source.imageOrientation : inPlane, slices }
}

/** Distance of each slice along the slice normal, mm (DICOM PS3.3 C.7.6.2.1.1). */
export function positionAlongNormal({ orientation, slices }: SegPlanes): number[] {
  const normal = normalOf(orientation)
  return slices.map(({ position }) => dot(position, normal))
}

function normalOf([rx, ry, rz, cx, cy, cz]: SegPlanes['orientation']): Vec3 {
  return [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx]
}

function fail(detail: string): never {
  throw new WorkstationError(
    'output/seg-geometry',
    'A DICOM segmentation cannot be written for this scan: its slices do not lie where its images do.',
    detail,
  )
}
