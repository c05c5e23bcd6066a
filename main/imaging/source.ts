import type { Warning } from '../errors.ts'
import type { CtVolume, Mat3, Vec3 } from './volume.ts'

/** DICOM identity of the series, as needed by exports that refer to it. Empty string where the source has none. */
export interface SeriesIdentity {
  patientName: string
  patientId: string
  patientBirthDate: string
  patientSex: string
  studyInstanceUid: string
  studyId: string
  studyDate: string
  studyTime: string
  studyDescription: string
  accessionNumber: string
  referringPhysicianName: string
  seriesInstanceUid: string
  seriesNumber: string
  seriesDescription: string
  modality: string
  frameOfReferenceUid: string
  positionReferenceIndicator: string
  manufacturer: string
  manufacturerModelName: string
  convolutionKernel: string
  /** mm; NaN where the source does not say. */
  sliceThickness: number
}

/** The stored image that became slice k of the volume. */
export interface SliceReference {
  file: string
  sopClassUid: string
  sopInstanceUid: string
  /** 1-based frame of a multi-frame source. */
  frameNumber?: number
  /** Image Position (Patient), LPS mm, as stored. */
  imagePosition: Vec3
}

export interface DicomSource {
  kind: 'dicom'
  /** The folder or file that was opened. */
  path: string
  series: SeriesIdentity
  /** Every stored image (or frame) that the volume was made of, sorted along the slice normal. */
  images: SliceReference[]
  /** For each slice k of the volume the stored image that it shows; null where it was interpolated from others. */
  slices: (SliceReference | null)[]
  /** Image Orientation (Patient): row direction then column direction, unit vectors, LPS. */
  imageOrientation: readonly [number, number, number, number, number, number]
  transferSyntaxUid: string
  /** True where the pixel data went through a lossy compression. */
  lossy: boolean
  /** Lossy Image Compression Ratio (0028,2112) and Method (0028,2114) of the first image, as stored. */
  lossyHistory: { ratio: string[]; method: string[] }
}

export interface NiftiSource {
  kind: 'nifti'
  path: string
  /** The header of the source (348 bytes, as stored): exports copy its geometry so that the affine stays exact. */
  header: Uint8Array
  /** Which of the header's transforms was used (NIfTI-1 standard, methods 1, 2 and 3). */
  affineFrom: 'sform' | 'qform' | 'pixdim'
  littleEndian: boolean
}

/** A volume file of another format. Its geometry is all in the volume's grid. */
export interface ImageFileSource {
  kind: 'nrrd' | 'metaimage'
  path: string
}

export type Source = DicomSource | NiftiSource | ImageFileSource

/** What a reader hands to the pipeline: voxels on the source's own grid, where they came from, what to warn of. */
export interface OpenedCt {
  volume: CtVolume
  source: Source
  /**
   * Indices k of slices that fill a gap in the acquisition: no image shows them, they were interpolated so that the
   * grid is regular. The network sees them, but they get no score and no finding. Empty for nearly every scan.
   */
  filledSlices: readonly number[]
  warnings: Warning[]
}

/** Direction matrix of a DICOM slice stack: columns are row cosine, column cosine and the slice step's direction. */
export function directionFromColumns(x: Vec3, y: Vec3, z: Vec3): Mat3 {
  return [x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2]]
}
