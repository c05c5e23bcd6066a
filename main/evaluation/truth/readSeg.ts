import { WorkstationError } from '../../errors.ts'
import type { DicomHeader } from '../../imaging/dicom/header.ts'
import { framesOf } from '../../imaging/dicom/multiFrame.ts'
import type { DicomDataSet } from '../../imaging/dicom/parse.ts'
import { along, length, subtract } from '../../imaging/vector.ts'
import { type Grid, patientToIndex, type Vec3, voxelCount } from '../../imaging/volume.ts'
import type { Drawing, DrawnOver, Structure } from './drawing.ts'
import { type SegFrame, segFrames } from './segFrames.ts'

export const SEGMENTATION = '1.2.840.10008.5.1.4.1.1.66.4'

const SEGMENTS = '00620002'
const CATEGORY = '00620003'
const SEGMENT_NUMBER = '00620004'
const SEGMENT_LABEL = '00620005'
const SEGMENT_IDENTIFICATION = '0062000a'
const REFERENCED_SEGMENT = '0062000b'
const SHARED_GROUPS = '52009229'
const PER_FRAME_GROUPS = '52009230'
const CODE_VALUE = '00080100'

/** Segmented Property Category "Anatomical Structure" (PS3.16 CID 7150), in SNOMED CT and as it was before. */
const ANATOMY = new Set(['123037004', 'T-D000A'])

/** As for a mask: what single precision loses, not anything a voxel count would feel. */
const GRID_TOLERANCE_VOXELS = 0.1

/**
 * The segments of a DICOM Segmentation (PS3.3 A.51) on the grid of the CT that they were drawn on; labels are segment
 * numbers. Each frame is placed by its own Image Position and Orientation (Patient). Its pixels must fall on voxels of
 * the CT: truth on another grid is refused, not resampled, as for a mask, since how it is resampled would be in every
 * figure measured with it.
 * @throws WorkstationError 'input/truth-frame-of-reference', 'input/damaged'; drawing also 'input/mask-grid', and as
 *   `segFrames`
 */
export function readSeg(header: DicomHeader, dataSet: DicomDataSet, ct: DrawnOver): Drawing {
  const drawnOn = header.identity.frameOfReferenceUid
  if (drawnOn !== '' && ct.frameOfReferenceUid !== '' && drawnOn !== ct.frameOfReferenceUid) {
    throw new WorkstationError(
      'input/truth-frame-of-reference',
      "The segmentation was drawn on other images: its frame of reference is not the CT's.",
      `${drawnOn}, CT ${ct.frameOfReferenceUid}`,
    )
  }
  const structures = dataSet.items(SEGMENTS).map(structureOf)
  const known = new Set(structures.map(({ label }) => label))
  const frames = framesOf(header, dataSet)
  if (frames === undefined) throw damaged('it does not say where each of its frames lies')
  const perFrame = dataSet.items(PER_FRAME_GROUPS)
  const shared = segmentNumber(dataSet.items(SHARED_GROUPS)[0])
  const draw = async (chosen: ReadonlySet<number>) => {
    const labels = new Uint16Array(voxelCount(ct.grid))
    let at = 0
    for await (const frame of segFrames(header, dataSet)) {
      const label = segmentNumber(perFrame[at]) ?? shared
      if (label === undefined || !known.has(label)) throw damaged('a frame of it belongs to no segment')
      if (chosen.has(label)) drawFrame(labels, label, frame, frames[at], ct.grid)
      at++
    }
    return labels
  }
  return { structures: structures.sort((a, b) => a.label - b.label), draw }
}

function structureOf(segment: DicomDataSet): Structure {
  const code = segment.items(CATEGORY)[0]?.string(CODE_VALUE) ?? ''
  return {
    label: segment.uint(SEGMENT_NUMBER) ?? 0,
    name: segment.text(SEGMENT_LABEL).trim(),
    is: ANATOMY.has(code) ? 'other' : 'unknown',
  }
}

function segmentNumber(groups: DicomDataSet | undefined): number | undefined {
  return groups?.items(SEGMENT_IDENTIFICATION)[0]?.uint(REFERENCED_SEGMENT)
}

function drawFrame(
  labels: Uint16Array,
  label: number,
  belongs: SegFrame,
  frame: DicomHeader,
  grid: Grid,
): void {
  const { rows, columns } = frame.layout
  const { first, column, row } = placeFrame(frame, grid)
  const [nx, ny, nz] = grid.dims
  for (let y = 0, p = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, p++) {
      if (!belongs(p)) continue
      const [i, j, k] = along(along(first, column, x), row, y)
      if (i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz) {
        throw offGrid('a part of it is outside. Slices of the scan may be missing')
      }
      const offset = i + nx * (j + ny * k)
      labels[offset] = Math.max(labels[offset], label)
    }
  }
}

/** Voxel index of a frame's first pixel, and the steps to the next pixel of its row and of its column. */
function placeFrame(frame: DicomHeader, grid: Grid): { first: Vec3; column: Vec3; row: Vec3 } {
  const { imagePosition: position, imageOrientation: o, pixelSpacing: spacing, layout } = frame
  if (!position || !o || !spacing) throw damaged('it does not say where each of its frames lies')
  const index = (x: number, y: number) => {
    const mm = along(position, [o[0], o[1], o[2]], x * spacing[1])
    return patientToIndex(grid, along(mm, [o[3], o[4], o[5]], y * spacing[0]))
  }
  const start = index(0, 0)
  const rounded = (v: Vec3): Vec3 => [Math.round(v[0]), Math.round(v[1]), Math.round(v[2])]
  const first = rounded(start)
  const column = rounded(subtract(index(1, 0), start))
  const row = rounded(subtract(index(0, 1), start))
  const oneVoxel = [column, row].every((step) => length(step) === 1)
  for (const x of [0, layout.columns - 1]) {
    for (const y of [0, layout.rows - 1]) {
      const off = subtract(index(x, y), along(along(first, column, x), row, y))
      if (!oneVoxel || !off.every((d) => Math.abs(d) <= GRID_TOLERANCE_VOXELS)) {
        throw offGrid('its position, orientation, slices or pixel size differ')
      }
    }
  }
  return { first, column, row }
}

function offGrid(why: string): WorkstationError {
  return new WorkstationError('input/mask-grid', `The segmentation does not lie on the CT: ${why}.`)
}

function damaged(why: string): WorkstationError {
  return new WorkstationError('input/damaged', `The segmentation cannot be read: ${why}.`)
}
