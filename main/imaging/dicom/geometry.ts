import { type Warning, WorkstationError } from '../../errors.ts'
import { directionFromColumns } from '../source.ts'
import type { Grid, Vec3 } from '../volume.ts'
import type { Cosines } from './header.ts'

/**
 * Stacks slices into a regular grid (DICOM PS3.3 C.7.6.2.1.1). Pure. Tolerances, and where they come from:
 *
 * - ORIENTATION 1e-4 per cosine: 0.03 mm at 300 mm from the image's corner, below the rounding of any scanner.
 * - PIXEL_SPACING 1e-4 relative: 0.05 pixel over 512.
 * - PERPENDICULAR 1e-3: highdicom's `_DOT_PRODUCT_PERPENDICULAR_TOLERANCE`, the sine of 0.06°.
 * - SPACING 1e-2 of the slice distance: highdicom's `_DEFAULT_SPACING_RELATIVE_TOLERANCE`; beyond it a warning.
 * - Beyond 5e-2 (a twentieth of a slice) a slice is not where a regular grid would have it: refused.
 * - SIDEWAYS 0.25 pixel: the same for a slice that lies off the line of the others.
 */
export const ORIENTATION_TOLERANCE = 1e-4
export const PIXEL_SPACING_TOLERANCE = 1e-4
export const PERPENDICULAR_TOLERANCE = 1e-3
export const SPACING_TOLERANCE = 1e-2
export const LARGEST_SPACING_DEVIATION = 5e-2
export const SIDEWAYS_TOLERANCE_PIXELS = 0.25
/** A slice stack this far off the perpendicular, at its far end, is still straight: a tenth of a pixel. */
export const TILT_TOLERANCE_PIXELS = 0.1
/** Slices closer than this along the normal, mm, are at one position. */
export const SAME_POSITION_MM = 0.01

export interface SlicePlane {
  imagePosition: Vec3
  imageOrientation: Cosines
  /** [between rows (y), between columns (x)], mm. */
  pixelSpacing: readonly [number, number]
  rows: number
  columns: number
}

/** Row and column direction as orthogonal unit vectors, and their cross product, the slice normal. */
export interface SliceAxes {
  row: Vec3
  column: Vec3
  normal: Vec3
}

/**
 * Unit axes of an Image Orientation (Patient).
 * @returns undefined unless both vectors are of unit length and perpendicular within PERPENDICULAR_TOLERANCE
 */
export function sliceAxes(cosines: Cosines): SliceAxes | undefined {
  const row: Vec3 = [cosines[0], cosines[1], cosines[2]]
  const column: Vec3 = [cosines[3], cosines[4], cosines[5]]
  const isUnit = (v: Vec3) => Math.abs(Math.hypot(...v) - 1) <= PERPENDICULAR_TOLERANCE
  if (!isUnit(row) || !isUnit(column) || Math.abs(dot(row, column)) > PERPENDICULAR_TOLERANCE)
    return undefined
  const x = unit(row)
  const normal = unit(cross(x, column))
  // Rounding of the stored cosines leaves a residual angle; take it out of the column.
  return { row: x, column: cross(normal, x), normal }
}

/** Position along the normal, mm: the key by which slices are sorted. */
export function alongNormal(plane: Pick<SlicePlane, 'imagePosition'>, axes: SliceAxes): number {
  return dot(plane.imagePosition, axes.normal)
}

/**
 * The grid of slices that are sorted along the normal, all of one orientation and size and no two at one position.
 * Index k grows along row × column, so the direction matrix is right-handed.
 * @throws WorkstationError input/gantry-tilt, input/irregular-spacing
 */
export function stackGrid(
  slices: readonly SlicePlane[],
  axes: SliceAxes,
): { grid: Grid; warnings: Warning[] } {
  const first = slices[0]!
  const last = slices.at(-1)!
  const steps = slices.length - 1
  const span = subtract(last.imagePosition, first.imagePosition)
  const [dy, dx] = first.pixelSpacing
  const height = dot(span, axes.normal)
  const spacing = height / steps
  const pixel = Math.min(dx, dy)

  checkTilt(slices, axes, pixel)
  checkRegular(slices, axes, spacing)

  // Sideways: distance from the straight line between the first and the last slice.
  let sideways = 0
  let uneven = 0
  slices.forEach((slice, k) => {
    const off = subtract(subtract(slice.imagePosition, first.imagePosition), scale(span, k / steps))
    const along = dot(off, axes.normal)
    uneven = Math.max(uneven, Math.abs(along))
    sideways = Math.max(sideways, Math.hypot(...subtract(off, scale(axes.normal, along))))
  })
  if (sideways > SIDEWAYS_TOLERANCE_PIXELS * pixel) {
    throw new WorkstationError(
      'input/irregular-spacing',
      `This series cannot be screened yet: some slices are shifted sideways against the others, by up to ${mm(sideways)}.`,
    )
  }

  const warnings: Warning[] = []
  if (uneven > SPACING_TOLERANCE * spacing) {
    warnings.push({
      code: 'input/uneven-spacing',
      message: `The distance between slices varies a little: slices lie up to ${mm(uneven)} from where an even distance of ${mm(spacing)} puts them.`,
    })
  }
  return {
    grid: {
      dims: [first.columns, first.rows, slices.length],
      spacing: [dx, dy, spacing],
      origin: first.imagePosition,
      direction: directionFromColumns(axes.row, axes.column, axes.normal),
    },
    warnings,
  }
}

/** Gantry tilt: the slices are parallel, but each is shifted within its own plane (CT Image Module, C.8.2.1). */
function checkTilt(slices: readonly SlicePlane[], axes: SliceAxes, pixel: number): void {
  const span = subtract(slices.at(-1)!.imagePosition, slices[0]!.imagePosition)
  const height = dot(span, axes.normal)
  const drift = Math.hypot(...subtract(span, scale(axes.normal, height)))
  if (drift <= TILT_TOLERANCE_PIXELS * pixel || drift / Math.hypot(...span) <= PERPENDICULAR_TOLERANCE) return
  const degrees = (Math.atan2(drift, height) * 180) / Math.PI
  throw new WorkstationError(
    'input/gantry-tilt',
    `This series cannot be screened yet: it was acquired with a tilted gantry (${degrees.toFixed(1)} degrees), so its slices are shifted against each other.`,
    `drift ${drift} mm over ${height} mm`,
  )
}

function checkRegular(slices: readonly SlicePlane[], axes: SliceAxes, spacing: number): void {
  const start = alongNormal(slices[0]!, axes)
  const worst = Math.max(...slices.map((s, k) => Math.abs(alongNormal(s, axes) - start - k * spacing)))
  if (worst <= LARGEST_SPACING_DEVIATION * spacing) return
  const gaps = slices.slice(1).map((s, k) => alongNormal(s, axes) - alongNormal(slices[k]!, axes))
  const usual = [...gaps].sort((a, b) => a - b)[gaps.length >> 1]!
  const missing = gaps.map((gap) => gap / usual)
  const wholeSteps = missing.every((n) => Math.abs(n - Math.round(n)) <= LARGEST_SPACING_DEVIATION)
  const count = missing.reduce((sum, n) => sum + Math.round(n) - 1, 0)
  if (wholeSteps && count > 0) {
    throw new WorkstationError(
      'input/irregular-spacing',
      `This series cannot be screened yet: ${count === 1 ? 'a slice is' : `${count} slices are`} missing between the first and the last (${slices.length} are there, ${mm(usual)} apart).`,
    )
  }
  throw new WorkstationError(
    'input/irregular-spacing',
    `This series cannot be screened yet: the distance between its slices varies from ${mm(Math.min(...gaps))} to ${mm(Math.max(...gaps))}.`,
  )
}

function mm(value: number): string {
  return `${Number(value.toFixed(2))} mm`
}

function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

function cross(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

function subtract(a: Vec3, b: Vec3): Vec3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

function scale(v: Vec3, factor: number): Vec3 {
  return [v[0] * factor, v[1] * factor, v[2] * factor]
}

function unit(v: Vec3): Vec3 {
  return scale(v, 1 / Math.hypot(...v))
}
