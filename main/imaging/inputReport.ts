import type { Warning } from '../errors.ts'
import type { Mat3, Vec3 } from './volume.ts'

/** What a series, or an object that is not a CT slice, is to someone who looks for a CT to screen. */
export type SeriesKind =
  /** Enough CT images to be meant as a volume, whether it can be screened or not. */
  | 'ct-volume'
  /** CT slices too few for a volume: a single image, bolus tracking. */
  | 'ct-images'
  /** Scout images, which the scan was planned on. */
  | 'localizer'
  | 'dose-report'
  /** Structured reports, key objects, encapsulated documents. */
  | 'report'
  /** Pictures made from a scan, such as screenshots; also those that name CT as their modality. */
  | 'secondary-capture'
  | 'other-modality'
  /** Segmentations, contours, registrations, presentation states, plans. */
  | 'non-image'

/** One volume found in an input, described without screening it. Plain data: it survives JSON unchanged. */
export interface SeriesReport {
  /** What `openCt` takes to open this one: the Series Instance UID, with '#1', '#2' … where it holds several volumes. */
  id: string
  /** '' for what is not DICOM, as is `id`. */
  seriesInstanceUid: string
  kind: SeriesKind
  /** DICOM's name of what the objects are (storage class, PS3.6 Annex A), such as "CT Image"; '' where unknown. */
  className: string
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
