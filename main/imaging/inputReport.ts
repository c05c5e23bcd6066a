import type { Warning } from '../errors.ts'
import type { Mat3, Vec3 } from './volume.ts'

/** One volume found in an input, described without screening it. Plain data: it survives JSON unchanged. */
export interface SeriesReport {
  /** '' for NIfTI. */
  seriesInstanceUid: string
  modality: string
  patientName: string
  patientId: string
  studyInstanceUid: string
  studyDescription: string
  /** DICOM DA, YYYYMMDD. */
  studyDate: string
  seriesNumber: string
  seriesDescription: string
  convolutionKernel: string
  manufacturer: string
  manufacturerModelName: string
  /** How the images are stored: the transfer syntax's name, or the NIfTI datatype and byte order. */
  encoding: string
  transferSyntaxUid: string
  /** Images of the series, before any is set aside. */
  imageCount: number
  /** Geometry of the volume (LPS, mm); null where it cannot be stacked. */
  sliceCount: number | null
  dims: Vec3 | null
  spacingMm: Vec3 | null
  sliceThicknessMm: number | null
  originMm: Vec3 | null
  direction: Mat3 | null
  lossy: boolean
  /** Whether `screen` would accept this series. */
  canScreen: boolean
  /** Why not; null if it can. */
  reason: { code: string; message: string } | null
  warnings: Warning[]
}

/** What an input holds. */
export interface InputReport {
  /** Its path; of several inputs all, with commas between. */
  path: string
  kind: 'dicom' | 'nifti' | 'nrrd' | 'metaimage'
  series: SeriesReport[]
  /** What concerns the input as a whole: files set aside, damaged files, several series to choose from. */
  warnings: Warning[]
}
