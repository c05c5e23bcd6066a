import { basename } from 'node:path'
import { WorkstationError } from '../../errors.ts'
import type { Vec3 } from '../volume.ts'
import { ORIENTATION_TOLERANCE, PIXEL_SPACING_TOLERANCE, type SliceAxes, sliceAxes } from './geometry.ts'
import type { Cosines, DicomHeader } from './header.ts'

/** No patient lies further than this from the scanner's origin, mm; a number beyond it is damaged. */
const LARGEST_POSITION_MM = 1e5

/** A slice whose place in the patient is known. */
export type PlacedSlice = DicomHeader & {
  imagePosition: Vec3
  imageOrientation: Cosines
  pixelSpacing: readonly [number, number]
  rows: number
  columns: number
}

/**
 * @throws WorkstationError input/no-geometry where the image does not say where it lies
 */
export function place(header: DicomHeader): PlacedSlice {
  const { imagePosition, imageOrientation, pixelSpacing, layout } = header
  const missing = [
    inReach(imagePosition) ? '' : 'position (Image Position (Patient))',
    imageOrientation ? '' : 'orientation (Image Orientation (Patient))',
    pixelSpacing?.every((mm) => mm > 0) ? '' : 'pixel size (Pixel Spacing)',
  ].filter(Boolean)
  if (missing.length > 0 || !imagePosition || !imageOrientation || !pixelSpacing) {
    throw new WorkstationError(
      'input/no-geometry',
      `The image ${basename(header.file)} does not say where it lies in the patient: its ${missing.join(' and its ')} is missing or malformed.`,
      header.file,
    )
  }
  const slice = {
    ...header,
    imagePosition,
    imageOrientation,
    pixelSpacing,
    rows: layout.rows,
    columns: layout.columns,
  }
  axesOf(slice) // Throws if the orientation is none.
  return slice
}

function inReach(position: Vec3 | undefined): boolean {
  return position?.every((mm) => Math.abs(mm) <= LARGEST_POSITION_MM) === true
}

/** @throws WorkstationError input/no-geometry */
export function axesOf(slice: PlacedSlice): SliceAxes {
  const axes = sliceAxes(slice.imageOrientation)
  if (axes) return axes
  throw new WorkstationError(
    'input/no-geometry',
    `The image ${basename(slice.file)} has an invalid orientation: its row and column directions are not perpendicular unit vectors.`,
    slice.imageOrientation.join(', '),
  )
}

/** The same, or undefined for an image that does not say where it lies. */
export function placeIfStated(header: DicomHeader): PlacedSlice | undefined {
  try {
    return place(header)
  } catch (error) {
    if (error instanceof WorkstationError) return undefined
    throw error
  }
}

/** Why two images cannot be slices of one volume; undefined if they can. */
export function differenceBetween(a: PlacedSlice, b: PlacedSlice): string | undefined {
  if (a.rows !== b.rows || a.columns !== b.columns) {
    return `they are of different size, ${a.columns} × ${a.rows} and ${b.columns} × ${b.rows} pixels`
  }
  if (a.imageOrientation.some((c, i) => Math.abs(c - b.imageOrientation[i]!) > ORIENTATION_TOLERANCE)) {
    return 'they have different orientations'
  }
  if (a.pixelSpacing.some((mm, i) => Math.abs(mm - b.pixelSpacing[i]!) > PIXEL_SPACING_TOLERANCE * mm)) {
    return `they have different pixel sizes, ${a.pixelSpacing[1]} and ${b.pixelSpacing[1]} mm`
  }
  if (a.identity.frameOfReferenceUid !== b.identity.frameOfReferenceUid) {
    return 'their positions refer to different frames of reference'
  }
  return undefined
}
