import { readFileSync } from 'node:fs'
import type { SegRequest } from '../../../main/exporting/seg.ts'
import {
  type DicomSource,
  directionFromColumns,
  type SeriesIdentity,
  type SliceReference,
} from '../../../main/imaging/source.ts'
import type { Vec3 } from '../../../main/imaging/volume.ts'

/** One synthetic series of test/golden/exports/seg-cases.json, whose comment says what the numbers are. */
export interface SegCase {
  name: string
  dims: [number, number, number]
  /** Row spacing, then column spacing, mm (DICOM Pixel Spacing). */
  pixelSpacing: [number, number]
  iop: [number, number, number, number, number, number]
  first: [number, number, number]
  step: [number, number, number]
  multiFrame?: boolean
  /** Slices that no stored image shows. */
  interpolated?: number[]
  /** Where the stored images lie; where absent, on the slices that are not interpolated. */
  images?: [number, number, number][]
  boxes: [number, number, number, number, number, number, number][]
}

const file = new URL('../../golden/exports/seg-cases.json', import.meta.url)
export const SEG_CASES: SegCase[] = JSON.parse(readFileSync(file, 'utf8')).cases

/** File name of a case's segmentation: its place in the list. */
export const segFileName = (index: number) => `seg-${String(index).padStart(2, '0')}.dcm`

export const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2'
export const ENHANCED_CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2.1'

export const slicePosition = (c: SegCase, k: number): Vec3 => [
  c.first[0] + k * c.step[0],
  c.first[1] + k * c.step[1],
  c.first[2] + k * c.step[2],
]

/** Positions of the stored images; image n has a UID that ends in n + 1, or is frame n + 1. */
export function imagePositions(c: SegCase): Vec3[] {
  if (c.images) return c.images
  const slices = Array.from({ length: c.dims[2] }, (_, k) => k)
  return slices.filter((k) => !c.interpolated?.includes(k)).map((k) => slicePosition(c, k))
}

export function caseSource(c: SegCase, index: number): DicomSource {
  const images = imagePositions(c).map((imagePosition, k): SliceReference => {
    const reference = { file: `slice${k}.dcm`, imagePosition }
    return c.multiFrame
      ? {
          ...reference,
          sopClassUid: ENHANCED_CT_IMAGE,
          sopInstanceUid: `1.2.3.4.${index + 1}.0`,
          frameNumber: k + 1,
        }
      : { ...reference, sopClassUid: CT_IMAGE, sopInstanceUid: `1.2.3.4.${index + 1}.${k + 1}` }
  })
  const slices = Array.from({ length: c.dims[2] }, (_, k) => {
    if (c.interpolated?.includes(k)) return null
    const [x, y, z] = slicePosition(c, k)
    const near = (p: Vec3) => Math.hypot(p[0] - x, p[1] - y, p[2] - z) < 1e-9
    return images.find((image) => near(image.imagePosition))!
  })
  const series: SeriesIdentity = {
    patientName: 'Müller^Jörg',
    patientId: 'PHANTOM-1',
    patientBirthDate: '19500101',
    patientSex: 'O',
    studyInstanceUid: `1.2.3.5.${index + 1}`,
    studyId: 'S1',
    studyDate: '20260102',
    studyTime: '030405',
    studyDescription: 'Synthetic series',
    accessionNumber: '',
    referringPhysicianName: '',
    seriesInstanceUid: `1.2.3.6.${index + 1}`,
    seriesNumber: '2',
    seriesDescription: c.name,
    modality: 'CT',
    frameOfReferenceUid: `1.2.3.7.${index + 1}`,
    positionReferenceIndicator: '',
    manufacturer: 'None',
    manufacturerModelName: 'Synthetic',
    convolutionKernel: '',
    sliceThickness: Number.NaN,
  }
  return {
    kind: 'dicom',
    path: '/nowhere',
    series,
    images,
    slices,
    imageOrientation: c.iop,
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    lossy: false,
    lossyHistory: { ratio: [], method: [] },
  }
}

export function caseMask(c: SegCase): Uint16Array {
  const [nx, ny, nz] = c.dims
  const mask = new Uint16Array(nx * ny * nz)
  for (const [number, i0, i1, j0, j1, k0, k1] of c.boxes) {
    for (let k = k0; k < k1; k++) {
      for (let j = j0; j < j1; j++) mask.fill(number, i0 + nx * (j + ny * k), i1 + nx * (j + ny * k))
    }
  }
  return mask
}

/** The request for a case with clock and UIDs fixed, so that its file is the same, byte for byte, every time. */
export function segRequest(c: SegCase, index: number): SegRequest {
  const length = Math.hypot(...c.step)
  const [rx, ry, rz, cx, cy, cz] = c.iop
  const numbers = [...new Set(c.boxes.map((b) => b[0]))].sort((a, b) => a - b)
  let uids = 0
  return {
    opened: {
      volume: {
        dims: c.dims,
        spacing: [c.pixelSpacing[1], c.pixelSpacing[0], length],
        origin: c.first,
        direction: directionFromColumns(
          [rx, ry, rz],
          [cx, cy, cz],
          [c.step[0] / length, c.step[1] / length, c.step[2] / length],
        ),
      },
      source: caseSource(c, index),
      warnings: c.interpolated ? [{ code: 'input/geometry', message: `Case ${index}: − 1 slice.` }] : [],
    },
    findings: numbers.map((number) => ({
      number,
      volumeMl: 1.25 * number,
      peakLevel: 99.99 - 0.01 * number,
      meanLevel: 99.9,
    })),
    mask: caseMask(c),
    model: { name: 'tiny', version: '1.2.3' },
    level: 99.9,
    softwareVersion: '9.9.9',
    now: new Date(2026, 0, 2, 3, 4, 5),
    newUid: () => `1.2.3.9.${index + 1}.${++uids}`,
  }
}
