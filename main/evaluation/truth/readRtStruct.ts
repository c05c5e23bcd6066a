import { WorkstationError } from '../../errors.ts'
import type { DicomDataSet } from '../../imaging/dicom/parse.ts'
import { patientToIndex, type Vec3, voxelCount } from '../../imaging/volume.ts'
import type { Drawing, DrawnOver, Structure } from './drawing.ts'
import { fillEvenOdd, type Polygon } from './polygon.ts'

export const RT_STRUCTURE_SET = '1.2.840.10008.5.1.4.1.1.481.3'

const STRUCTURE_SET_ROIS = '30060020'
const ROI_NUMBER = '30060022'
const ROI_FRAME_OF_REFERENCE = '30060024'
const ROI_NAME = '30060026'
const ROI_CONTOURS = '30060039'
const CONTOURS = '30060040'
const GEOMETRIC_TYPE = '30060042'
const CONTOUR_DATA = '30060050'
const OBSERVATIONS = '30060080'
const REFERENCED_ROI_NUMBER = '30060084'
const INTERPRETED_TYPE = '300600a4'

/** Contours that bound an area (PS3.3 C.8.8.6.1); points and open lines have none. */
const CLOSED = new Set(['CLOSED_PLANAR', 'CLOSEDPLANAR_XOR'])

/** Of RT ROI Interpreted Type (PS3.3 C.8.8.8.1) the one that is the tumour as seen; all others but '' are not. */
const TUMOUR = 'GTV'
/** Names of what planning systems draw in every patient, with a type or without. */
const NO_LESION = /^(body|external|skin|couch|table)\b/i

/** A contour lies on a slice where it is no farther from it than this part of the way to the next. */
const SLICE_TOLERANCE = 0.25

/** A label is 16 bits wide. */
const MAX_LABEL = 65_535

/**
 * The regions of interest of an RT Structure Set (DICOM PS3.3 A.19) on the grid of the CT they were drawn on: a voxel
 * belongs to a region where its centre lies inside the contours of its slice, by the even-odd rule. Labels are ROI
 * numbers, or where one of these is not in 1 to 65,535 the places of the regions in the file.
 * Drawing throws WorkstationError 'input/truth-frame-of-reference', 'input/mask-grid' where contours lie between slices
 * or outside the scan, 'input/damaged' for contours that are no rows of points.
 */
export function readRtStruct(dataSet: DicomDataSet, ct: DrawnOver): Drawing {
  const rois = dataSet.items(STRUCTURE_SET_ROIS)
  const numbers = rois.map((roi) => roi.number(ROI_NUMBER) ?? 0)
  const usable = numbers.every((n) => Number.isInteger(n) && n >= 1 && n <= MAX_LABEL)
  const contoursOf = new Map(
    dataSet.items(ROI_CONTOURS).map((item) => [item.number(REFERENCED_ROI_NUMBER), item.items(CONTOURS)]),
  )
  const typeOf = new Map(
    dataSet
      .items(OBSERVATIONS)
      .map((item) => [item.number(REFERENCED_ROI_NUMBER), item.string(INTERPRETED_TYPE)]),
  )
  const structures: Structure[] = []
  const drawings = new Map<number, (labels: Uint16Array) => void>()
  for (const [at, roi] of rois.entries()) {
    const areas = (contoursOf.get(numbers[at]) ?? []).filter((c) => CLOSED.has(c.string(GEOMETRIC_TYPE)))
    if (areas.length === 0) continue
    const name = roi.text(ROI_NAME).trim()
    const type = typeOf.get(numbers[at]) ?? ''
    const structure = { label: usable ? numbers[at] : at + 1, name, is: roleOf(name, type) }
    structures.push(structure)
    drawings.set(structure.label, (labels) => {
      checkFrameOfReference(roi.string(ROI_FRAME_OF_REFERENCE), name, ct)
      drawAreas(labels, structure, areas, ct)
    })
  }
  return {
    structures: structures.sort((a, b) => a.label - b.label),
    draw: (chosen) => {
      const labels = new Uint16Array(voxelCount(ct.grid))
      for (const label of chosen) drawings.get(label)?.(labels)
      return labels
    },
  }
}

function roleOf(name: string, type: string): Structure['is'] {
  if (type.toUpperCase() === TUMOUR || /^gtv/i.test(name)) return 'lesion'
  return type !== '' || NO_LESION.test(name) ? 'other' : 'unknown'
}

function checkFrameOfReference(uid: string, name: string, ct: DrawnOver): void {
  if (uid === '' || ct.frameOfReferenceUid === '' || uid === ct.frameOfReferenceUid) return
  throw new WorkstationError(
    'input/truth-frame-of-reference',
    `The structure ${name} was drawn on other images: its frame of reference is not the CT's.`,
    `${uid}, CT ${ct.frameOfReferenceUid}`,
  )
}

function drawAreas(
  labels: Uint16Array,
  { label, name }: Structure,
  areas: readonly DicomDataSet[],
  { grid }: DrawnOver,
): void {
  const [nx, ny, nz] = grid.dims
  const polygons = new Map<number, Polygon[]>()
  for (const area of areas) {
    const { slice, polygon } = onSlice(area.numbers(CONTOUR_DATA), name, (mm) => patientToIndex(grid, mm))
    if (slice < 0 || slice >= nz) throw outside(name)
    polygons.set(slice, [...(polygons.get(slice) ?? []), polygon])
  }
  const inside = new Uint8Array(nx * ny)
  for (const [slice, ofSlice] of polygons) {
    inside.fill(0)
    if (!fillEvenOdd(inside, [nx, ny], ofSlice)) throw outside(name)
    const start = slice * nx * ny
    for (let i = 0; i < inside.length; i++) {
      if (inside[i] !== 0) labels[start + i] = Math.max(labels[start + i], label)
    }
  }
}

/** A contour in voxel indices, and the slice it lies on. */
function onSlice(
  data: readonly number[],
  name: string,
  toIndex: (mm: Vec3) => Vec3,
): { slice: number; polygon: Polygon } {
  if (data.length < 3 || data.length % 3 !== 0 || !data.every(Number.isFinite)) {
    throw new WorkstationError('input/damaged', `A contour of the structure ${name} is damaged.`)
  }
  const polygon = new Float64Array((data.length / 3) * 2)
  let [lowest, highest] = [Infinity, -Infinity]
  for (let p = 0; p < data.length / 3; p++) {
    const [x, y, z] = toIndex([data[3 * p], data[3 * p + 1], data[3 * p + 2]])
    polygon.set([x, y], 2 * p)
    lowest = Math.min(lowest, z)
    highest = Math.max(highest, z)
  }
  const slice = Math.round((lowest + highest) / 2)
  if (Math.max(highest - slice, slice - lowest) > SLICE_TOLERANCE) {
    throw new WorkstationError(
      'input/mask-grid',
      `The structure ${name} does not lie on the CT: a contour of it lies between slices, or across them.`,
      `slices ${lowest.toFixed(2)} to ${highest.toFixed(2)}, from 0`,
    )
  }
  return { slice, polygon }
}

function outside(name: string): WorkstationError {
  return new WorkstationError(
    'input/mask-grid',
    `The structure ${name} does not lie on the CT: a part of it is outside. Slices of the scan may be missing.`,
  )
}
