import { type Warning, WorkstationError } from '../../errors.ts'
import { directionFromColumns } from '../source.ts'
import type { Shear } from '../stackResample.ts'
import { add, cross, dot, normalise, scale, subtract } from '../vector.ts'
import type { Grid, Vec3 } from '../volume.ts'
import type { Cosines } from './header.ts'
import { type EvenSpacing, evenSpacing, mm } from './regularGrid.ts'

/**
 * Stacks slices into a regular grid (DICOM PS3.3 C.7.6.2.1.1). Pure. Tolerances, and where they come from:
 *
 * - ORIENTATION 1e-4 per cosine: 0.03 mm at 300 mm from the image's corner, below the rounding of any scanner.
 * - PIXEL_SPACING 1e-4 relative: 0.05 pixel over 512.
 * - PERPENDICULAR 1e-3: highdicom's `_DOT_PRODUCT_PERPENDICULAR_TOLERANCE`, the sine of 0.06°.
 * - SIDEWAYS 0.25 pixel: a slice this far off the line of the others is not where a straight stack would have it.
 * - TILT 0.1 pixel: a stack this far off the perpendicular, at its far end, is still straight.
 * - LARGEST_TILT 45°: gantries tilt up to 30°; slices shifted further are no stack of a CT.
 *
 * The spacing has its policy in regularGrid.ts.
 */
export const ORIENTATION_TOLERANCE = 1e-4
export const PIXEL_SPACING_TOLERANCE = 1e-4
export const PERPENDICULAR_TOLERANCE = 1e-3
export const SIDEWAYS_TOLERANCE_PIXELS = 0.25
export const TILT_TOLERANCE_PIXELS = 0.1
export const LARGEST_TILT_DEGREES = 45
/** Slices closer than this along the normal, mm, are at one position. */
export const SAME_POSITION_MM = 0.01
/** Larger than any CT matrix (4096); what is beyond it is damaged. */
export const MAX_MATRIX = 8192

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
  const x = normalise(row)
  const normal = normalise(cross(x, column))
  // Rounding of the stored cosines leaves a residual angle; take it out of the column.
  return { row: x, column: cross(normal, x), normal }
}

/** Position along the normal, mm: the key by which slices are sorted. */
export function alongNormal(plane: Pick<SlicePlane, 'imagePosition'>, axes: SliceAxes): number {
  return dot(plane.imagePosition, axes.normal)
}

/** How a stack of images becomes a regular volume. */
export interface StackGrid extends Pick<EvenSpacing, 'blends' | 'imageOf' | 'filled'> {
  grid: Grid
  /** How the slices are shifted to be upright, for a tilted stack. */
  shear?: Shear
  warnings: Warning[]
}

/**
 * The grid of slices that are sorted along the normal, all of one orientation and size and no two at one position.
 * Index k grows along row × column, so the direction matrix is right-handed. The slices of a tilted stack keep their
 * orientation, and the grid is wider than they are, so that it holds all of them.
 * @throws WorkstationError input/irregular-spacing where the slices form no regular volume
 */
export function stackGrid(slices: readonly SlicePlane[], axes: SliceAxes): StackGrid {
  const first = slices[0]!
  const drift = driftOf(slices, axes)
  const { step, blends, imageOf, filled, warnings } = evenSpacing(
    slices.map((slice) => alongNormal(slice, axes)),
    !drift,
  )
  const [dy, dx] = first.pixelSpacing
  const grid: Grid = {
    dims: [first.columns, first.rows, blends.length],
    spacing: [dx, dy, step],
    origin: first.imagePosition,
    direction: directionFromColumns(axes.row, axes.column, axes.normal),
  }
  if (!drift) return { grid, blends, imageOf, filled, warnings }

  const reach = step * (blends.length - 1)
  const [left, right] = [Math.floor(Math.min(0, drift.x * reach)), Math.ceil(Math.max(0, drift.x * reach))]
  const [top, bottomRow] = [Math.floor(Math.min(0, drift.y * reach)), Math.ceil(Math.max(0, drift.y * reach))]
  const wideColumns = first.columns + right - left
  const wideRows = first.rows + bottomRow - top
  if (drift.degrees > LARGEST_TILT_DEGREES || !(wideColumns <= MAX_MATRIX) || !(wideRows <= MAX_MATRIX)) {
    throw new WorkstationError(
      'input/irregular-spacing',
      `This series cannot be screened: each slice is shifted sideways against the one before, by ${drift.degrees.toFixed(1)} degrees in all, more than any gantry tilts.`,
    )
  }
  return {
    grid: {
      ...grid,
      dims: [wideColumns, wideRows, blends.length],
      origin: add(first.imagePosition, add(scale(axes.row, left * dx), scale(axes.column, top * dy))),
    },
    blends,
    // Shifted, and in a wider grid, no slice is an image as it was stored.
    imageOf: imageOf.map(() => null),
    filled,
    shear: {
      columns: first.columns,
      rows: first.rows,
      wideColumns,
      wideRows,
      offsets: blends.map((_, k) => [drift.x * step * k - left, drift.y * step * k - top]),
    },
    warnings: [
      {
        code: 'input/gantry-tilt',
        message: `The scan was made with a tilted gantry (${drift.degrees.toFixed(1)} degrees): its slices were shifted to an upright grid by interpolation.`,
      },
      ...warnings,
    ],
  }
}

/**
 * Gantry tilt: the slices are parallel, but each is shifted within its own plane (CT Image Module, C.8.2.1), all
 * along one line.
 * @returns the shift in pixels per mm along the normal; undefined for a straight stack
 * @throws WorkstationError input/irregular-spacing if a slice lies off the line
 */
function driftOf(
  slices: readonly SlicePlane[],
  axes: SliceAxes,
): { x: number; y: number; degrees: number } | undefined {
  const first = slices[0]!
  const [dy, dx] = first.pixelSpacing
  const place = (slice: SlicePlane): Vec3 => {
    const off = subtract(slice.imagePosition, first.imagePosition)
    return [dot(off, axes.row), dot(off, axes.column), dot(off, axes.normal)]
  }
  const [u, v, height] = place(slices.at(-1)!)
  let sideways = 0
  let worst = 0
  for (const slice of slices) {
    const [x, y, z] = place(slice)
    const off: Vec3 = [x - (u * z) / height, y - (v * z) / height, 0]
    worst = Math.max(worst, Math.hypot(off[0] / dx, off[1] / dy))
    sideways = Math.max(sideways, Math.hypot(...off))
  }
  if (!(worst <= SIDEWAYS_TOLERANCE_PIXELS)) {
    throw new WorkstationError(
      'input/irregular-spacing',
      `This series cannot be screened: some slices are shifted sideways against the others, by up to ${mm(sideways)}.`,
    )
  }
  const inPixels = (shift: number, pixel: number) =>
    Math.abs(shift) > TILT_TOLERANCE_PIXELS * pixel ? shift / pixel / height : 0
  const x = inPixels(u, dx)
  const y = inPixels(v, dy)
  const drift = Math.hypot(u, v)
  if ((x === 0 && y === 0) || drift / Math.hypot(drift, height) <= PERPENDICULAR_TOLERANCE) return undefined
  return { x, y, degrees: (Math.atan2(drift, height) * 180) / Math.PI }
}
