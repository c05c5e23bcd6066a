import type { DicomSource, SeriesIdentity, SliceReference } from '../imaging/source.ts'
import type { Grid } from '../imaging/volume.ts'
import { da, ds, lo, sh, tm, validOrEmpty } from './dicomText.ts'
import { algorithm, code, property } from './segConcepts.ts'
import type { SegFrame } from './segFrames.ts'
import type { SegPlanes } from './segPlanes.ts'

const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4'

/** What a segment says about the finding it outlines; a Finding has all of it. */
export interface SegFinding {
  /** Value of the finding's voxels in the mask. */
  number: number
  volumeMl: number
  /** Anomaly level, percentile of normal tissue. */
  peakLevel: number
  meanLevel: number
  /** Segment Label; the finding's number where absent. */
  label?: string
  /** Segmented Property Type; a lesion where absent. */
  code?: SegCode
  /** How the outline was made (PS3.3 C.8.20.2); AUTOMATIC where absent. */
  algorithm?: 'AUTOMATIC' | 'SEMIAUTOMATIC' | 'MANUAL'
  /** A sentence that begins the Segment Description. */
  remark?: string
}

/** A coded concept (PS3.3 8.8): value and scheme of at most 16 characters, meaning of at most 64. */
export interface SegCode {
  value: string
  scheme: string
  meaning: string
}

export interface SegContent {
  grid: Grid
  source: DicomSource
  planes: SegPlanes
  findings: readonly SegFinding[]
  frames: readonly SegFrame[]
  model: { name: string; version: string }
  /** Anomaly level of the run, percentile. */
  level: number
  softwareVersion: string
  now: Date
  newUid: () => string
  /** Image Comments; left out where empty. */
  comments: string
}

type Dataset = Record<string, unknown>

const RESEARCH_USE = 'Research use only - not for diagnosis.'
/** Beside the source's own series, far from the numbers a scanner gives out. */
const SERIES_NUMBER = '9001'

/**
 * The data set of a Segmentation (DICOM PS3.3 A.51) by keyword, without Pixel Data (7FE0,0010): one segment per
 * finding, each frame with the position of its own slice. Patient, study and frame of reference are the source's.
 */
export function segDataset(content: SegContent): Dataset {
  const { source, planes, frames, grid, now, newUid } = content
  const dimensionUid = newUid()
  const anyNamed = frames.some(({ slice }) => planes.slices[slice].image)
  const allNamed = frames.every(({ slice }) => planes.slices[slice].image)
  return {
    ...patientAndStudy(source.series, newUid),
    ...seriesAndEquipment(content),
    // SOP Common, General Image, Multi-frame Functional Groups
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: SEGMENTATION_STORAGE,
    SOPInstanceUID: newUid(),
    InstanceCreationDate: da(now),
    InstanceCreationTime: tm(now),
    InstanceNumber: '1',
    ContentDate: da(now),
    ContentTime: tm(now),
    ImageType: ['DERIVED', 'PRIMARY'],
    BurnedInAnnotation: 'NO',
    ...(content.comments ? { ImageComments: content.comments } : {}),
    ...lossy(content),
    NumberOfFrames: String(frames.length),
    // Image Pixel, Segmentation Image
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: grid.dims[1],
    Columns: grid.dims[0],
    BitsAllocated: 1,
    BitsStored: 1,
    HighBit: 0,
    PixelRepresentation: 0,
    SegmentationType: 'BINARY',
    SegmentsOverlap: 'NO',
    ContentLabel: 'FINDINGS',
    ContentDescription: lo(`Anomaly level ${round(content.level, 4)} or above; research use only`),
    ContentCreatorName: 'Workstation^Screener',
    SegmentSequence: content.findings.map((finding, i) => segment(finding, i, content)),
    // Multi-frame Dimension
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: dimensionUid }],
    DimensionIndexSequence: [
      {
        DimensionOrganizationUID: dimensionUid,
        DimensionIndexPointer: 0x0062000b, // Referenced Segment Number
        FunctionalGroupPointer: 0x0062000a, // Segment Identification Sequence
        DimensionDescriptionLabel: 'Segment Number',
      },
      {
        DimensionOrganizationUID: dimensionUid,
        DimensionIndexPointer: 0x00200032, // Image Position (Patient)
        FunctionalGroupPointer: 0x00209113, // Plane Position Sequence
        DimensionDescriptionLabel: 'Image Position Patient',
      },
    ],
    SharedFunctionalGroupsSequence: [sharedGroups(content)],
    PerFrameFunctionalGroupsSequence: frames.map((frame) => frameGroups(frame, planes, anyNamed)),
    // General Reference, for the frames that name no image: not Source Image, which viewers take for a list of the
    // frames' own images, in their order.
    ...(allNamed ? {} : { ReferencedImageSequence: referencedInstances(source) }),
    // Common Instance Reference: only for images that are named elsewhere in the file (PS3.3 C.12.2)
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: source.series.seriesInstanceUid,
        ReferencedInstanceSequence: referencedInstances(source),
      },
    ],
  }
}

function patientAndStudy(series: SeriesIdentity, newUid: () => string): Dataset {
  return {
    PatientName: series.patientName,
    PatientID: series.patientId,
    PatientBirthDate: validOrEmpty('DA', series.patientBirthDate),
    PatientSex: validOrEmpty('sex', series.patientSex),
    // A source without these (old, or stripped of them) still gets a valid object, in a study of its own.
    StudyInstanceUID: series.studyInstanceUid || newUid(),
    FrameOfReferenceUID: series.frameOfReferenceUid || newUid(),
    PositionReferenceIndicator: series.positionReferenceIndicator,
    StudyID: sh(series.studyId),
    StudyDate: validOrEmpty('DA', series.studyDate),
    StudyTime: validOrEmpty('TM', series.studyTime),
    ...(series.studyDescription ? { StudyDescription: lo(series.studyDescription) } : {}),
    AccessionNumber: validOrEmpty('SH', series.accessionNumber),
    ReferringPhysicianName: series.referringPhysicianName,
  }
}

function seriesAndEquipment({ model, softwareVersion, now, newUid }: SegContent): Dataset {
  return {
    Modality: 'SEG',
    SeriesInstanceUID: newUid(),
    SeriesNumber: SERIES_NUMBER,
    SeriesDate: da(now),
    SeriesTime: tm(now),
    SeriesDescription: 'Screener findings (research use only)',
    Manufacturer: 'Screener Workstation',
    ManufacturerModelName: lo(`${model.name} ${model.version}`),
    // Type 1 in Enhanced General Equipment; software has no serial number.
    DeviceSerialNumber: 'none',
    SoftwareVersions: lo(softwareVersion),
  }
}

/** "Once this value has been set to 01 it shall not be reset" (PS3.3 C.7.6.1.1.5): a derived image inherits it. */
function lossy({ source: { lossy, lossyHistory } }: SegContent): Dataset {
  if (!lossy) return { LossyImageCompression: '00' }
  return {
    LossyImageCompression: '01',
    ...(lossyHistory.ratio.length ? { LossyImageCompressionRatio: lossyHistory.ratio } : {}),
    ...(lossyHistory.method.length ? { LossyImageCompressionMethod: lossyHistory.method } : {}),
  }
}

function segment(finding: SegFinding, index: number, { model, newUid }: SegContent): Dataset {
  const uid = newUid()
  return {
    SegmentNumber: index + 1,
    SegmentLabel: lo(finding.label || `Finding ${finding.number}`),
    SegmentDescription:
      `${finding.remark ? `${finding.remark} ` : ''}${round(finding.volumeMl, 3)} mL; anomaly level peak ${round(finding.peakLevel, 4)}, ` +
      `mean ${round(finding.meanLevel, 4)} (percentile of normal tissue). ${RESEARCH_USE}`,
    ...algorithm(finding, model),
    ...property(finding),
    TrackingID: lo(`Finding ${finding.number} of ${model.name} ${uid.slice(-12)}`),
    TrackingUID: uid,
    RecommendedDisplayCIELabValue: displayColour(index),
  }
}

/**
 * Colours that stay apart however many there are: equal lightness, hues a golden angle apart. CIELab encoded as in
 * PS3.3 C.10.7.1.1: L* 0…100 and a*, b* −128…127 each to 0…65535.
 */
function displayColour(index: number): [number, number, number] {
  const lightness = 65
  const chroma = 55
  const hue = ((40 + index * 137.508) * Math.PI) / 180
  const ab = (v: number) => Math.round(((v + 128) / 255) * 0xffff)
  return [Math.round((lightness / 100) * 0xffff), ab(chroma * Math.cos(hue)), ab(chroma * Math.sin(hue))]
}

function sharedGroups({ grid, source, planes }: SegContent): Dataset {
  const { sliceThickness } = source.series
  return {
    PlaneOrientationSequence: [{ ImageOrientationPatient: planes.orientation.map(ds) }],
    PixelMeasuresSequence: [
      {
        // Pixel Spacing is row spacing (down a column, our j), then column spacing (PS3.3 10.7.1.3).
        PixelSpacing: [ds(grid.spacing[1]), ds(grid.spacing[0])],
        SliceThickness: ds(sliceThickness > 0 ? sliceThickness : grid.spacing[2]),
        SpacingBetweenSlices: ds(grid.spacing[2]),
      },
    ],
  }
}

/**
 * A frame on an interpolated slice names no image: viewers paint a frame on the one that it names, which would be half
 * a slice off. The frame's plane says where it lies, so Derivation Image is not required (PS3.3 Table A.51-2); where
 * other frames have it, it is there and empty (C.7.6.16.2.6, Type 2).
 */
function frameGroups(frame: SegFrame, planes: SegPlanes, anyNamed: boolean): Dataset {
  const { position, image } = planes.slices[frame.slice]
  return {
    ...(anyNamed ? { DerivationImageSequence: image ? derivation(image) : [] } : {}),
    FrameContentSequence: [
      {
        DimensionIndexValues: [frame.segment + 1, frame.positionIndex],
        StackID: '1',
        InStackPositionNumber: frame.positionIndex,
      },
    ],
    PlanePositionSequence: [{ ImagePositionPatient: position.map(ds) }],
    SegmentIdentificationSequence: [{ ReferencedSegmentNumber: frame.segment + 1 }],
  }
}

function derivation(image: SliceReference): Dataset[] {
  return [
    {
      DerivationCodeSequence: code('113076', 'DCM', 'Segmentation'), // CID 7203 Image Derivation
      SourceImageSequence: [
        {
          ReferencedSOPClassUID: image.sopClassUid,
          ReferencedSOPInstanceUID: image.sopInstanceUid,
          ...(image.frameNumber === undefined ? {} : { ReferencedFrameNumber: String(image.frameNumber) }),
          SpatialLocationsPreserved: 'YES',
          PurposeOfReferenceCodeSequence: code(
            '121322',
            'DCM',
            'Source image for image processing operation', // CID 7202
          ),
        },
      ],
    },
  ]
}

/** Every image of the source series once; the frames of a multi-frame image share one. */
function referencedInstances(source: DicomSource): Dataset[] {
  const classOf = new Map(source.images.map((s) => [s.sopInstanceUid, s.sopClassUid]))
  return [...classOf].map(([instance, sopClass]) => ({
    ReferencedSOPClassUID: sopClass,
    ReferencedSOPInstanceUID: instance,
  }))
}

function round(value: number, decimals: number): string {
  return String(Number(value.toFixed(decimals)))
}
