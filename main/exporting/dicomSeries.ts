import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { endianness } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { WorkstationError } from '../errors.ts'
import { CT_IMAGE_STORAGE } from '../imaging/dicom/uids.ts'
import { type CtVolume, indexToPatient } from '../imaging/volume.ts'
import { encodeDicomHead, pixelDataHeader } from './dicomFile.ts'
import { da, ds, lo, sh, tm } from './dicomText.ts'
import { makeFolder } from './makeFolder.ts'
import { asOutputError } from './outputError.ts'
import { uidOfName } from './uid.ts'

/** Who and what the series is of. */
export interface CtSeriesIdentity {
  /** PN: family name, caret, given name. */
  patientName: string
  patientId: string
  patientSex?: 'M' | 'F' | 'O'
  /** DA, YYYYMMDD. */
  patientBirthDate?: string
  /** Also tells studies of a patient apart: the study's UID is made of it. Default 1. */
  studyId?: string
  studyDescription?: string
  seriesDescription?: string
  seriesNumber?: number
  /** When the study was made, written as local date and time; unknown where not given. */
  acquired?: Date
  /** Body Part Examined (0018,0015), PS3.16 Annex L. Default CHESTABDOMEN. */
  bodyPart?: string
  /** Patient Position (0018,5100). */
  patientPosition?: 'HFS' | 'HFP' | 'FFS' | 'FFP'
}

const FILE_NAME = /^IM\d{5}\.dcm$/

/**
 * Writes a volume as a series of CT Image Storage files (DICOM PS3.3 A.3, Explicit VR Little Endian), slice k as
 * `IM<k + 1>.dcm` with Instance Number k + 1: 16-bit signed voxels as they are, rescale slope 1 and intercept 0, so that
 * they read as HU. Any direction matrix: every image has its own position (PS3.3 C.7.6.2.1.1). The same volume and
 * identity give the same bytes: UIDs are made of them.
 *
 * The folder appears complete or not at all, and replaces one that holds nothing but an earlier series of this writer.
 * @returns the files, slice by slice
 * @throws WorkstationError output/not-empty where the folder holds anything else, and those of asOutputError
 */
export async function writeCtSeries(
  dir: string,
  volume: CtVolume,
  identity: CtSeriesIdentity,
): Promise<string[]> {
  const target = resolve(dir)
  const token = randomBytes(4).toString('hex')
  const partial = join(dirname(target), `.${basename(target)}-${token}.partial`)
  const names = Array.from({ length: volume.dims[2] }, (_, k) => `IM${String(k + 1).padStart(5, '0')}.dcm`)
  try {
    await mustBeReplaceable(target, dir)
    await makeFolder(dirname(target))
    await mkdir(partial)
    const uids = seriesUids(volume, identity)
    for (const [k, name] of names.entries()) await writeSlice(join(partial, name), volume, k, identity, uids)
    await putInPlace(partial, target, token)
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined)
    throw asOutputError(error, dir)
  }
  return names.map((name) => join(target, name))
}

async function mustBeReplaceable(target: string, dir: string): Promise<void> {
  const present = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  if (present.every((name) => FILE_NAME.test(name))) return
  throw new WorkstationError(
    'output/not-empty',
    `The folder ${dir} holds other files; name a new or empty folder for the CT series.`,
  )
}

/** An earlier series steps aside under a temporary name until the new one stands in its place. */
async function putInPlace(partial: string, target: string, token: string): Promise<void> {
  const aside = join(dirname(target), `.${basename(target)}-${token}-old.partial`)
  const replaced = await rename(target, aside).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
  try {
    await rename(partial, target)
  } catch (error) {
    if (replaced) await rename(aside, target)
    throw error
  }
  if (replaced) await rm(aside, { recursive: true, force: true }).catch(() => undefined)
}

interface SeriesUids {
  study: string
  frameOfReference: string
  series: string
}

/** Study and frame of reference are the patient's and the study's; the series is also told apart by its content. */
function seriesUids(volume: CtVolume, identity: CtSeriesIdentity): SeriesUids {
  const study = `${identity.patientId}/${identity.studyId ?? '1'}`
  const { dims, spacing, origin, direction, voxels } = volume
  const content = createHash('sha256')
    .update(
      JSON.stringify([dims, spacing, origin, direction, identity.seriesDescription, identity.seriesNumber]),
    )
    .update(littleEndianBytes(voxels))
    .digest('hex')
  return {
    study: uidOfName(`study/${study}`),
    frameOfReference: uidOfName(`frame of reference/${study}`),
    series: uidOfName(`series/${study}/${content}`),
  }
}

async function writeSlice(
  path: string,
  volume: CtVolume,
  k: number,
  identity: CtSeriesIdentity,
  uids: SeriesUids,
): Promise<void> {
  const [nx, ny] = volume.dims
  const head = encodeDicomHead(sliceDataset(volume, k, identity, uids), packageJson.version)
  const pixels = littleEndianBytes(volume.voxels.subarray(nx * ny * k, nx * ny * (k + 1)))
  const file = await open(path, 'wx')
  try {
    await file.writeFile([head, pixelDataHeader('OW', pixels.length), pixels])
    await file.sync()
  } finally {
    await file.close()
  }
}

/** The data set of one slice by keyword, without Pixel Data; module by module as in PS3.3 Table A.3-1. */
function sliceDataset(
  volume: CtVolume,
  k: number,
  identity: CtSeriesIdentity,
  uids: SeriesUids,
): Record<string, unknown> {
  const { dims, spacing, direction: d } = volume
  const { acquired } = identity
  const [date, time] = acquired ? [da(acquired), tm(acquired)] : ['', '']
  return {
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: CT_IMAGE_STORAGE,
    SOPInstanceUID: uidOfName(`instance/${uids.series}/${k}`),
    // Patient
    PatientName: identity.patientName,
    PatientID: lo(identity.patientId),
    PatientBirthDate: identity.patientBirthDate ?? '',
    PatientSex: identity.patientSex ?? '',
    // General Study
    StudyInstanceUID: uids.study,
    StudyID: sh(identity.studyId ?? '1'),
    StudyDate: date,
    StudyTime: time,
    StudyDescription: lo(identity.studyDescription ?? 'CT'),
    ReferringPhysicianName: '',
    AccessionNumber: '',
    // General Series
    Modality: 'CT',
    SeriesInstanceUID: uids.series,
    SeriesNumber: String(identity.seriesNumber ?? 1),
    SeriesDate: date,
    SeriesTime: time,
    SeriesDescription: lo(identity.seriesDescription ?? 'CT'),
    BodyPartExamined: identity.bodyPart ?? 'CHESTABDOMEN',
    PatientPosition: identity.patientPosition ?? 'HFS',
    // Frame of Reference, General Equipment
    FrameOfReferenceUID: uids.frameOfReference,
    PositionReferenceIndicator: '',
    Manufacturer: 'Screener Workstation',
    ManufacturerModelName: 'CT series writer',
    SoftwareVersions: lo(packageJson.version),
    // General Image
    InstanceNumber: String(k + 1),
    ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    AcquisitionNumber: '1',
    AcquisitionDate: date,
    AcquisitionTime: time,
    ContentDate: date,
    ContentTime: time,
    BurnedInAnnotation: 'NO',
    LossyImageCompression: '00',
    // Image Plane. Pixel Spacing is row spacing (down a column, our j), then column spacing (PS3.3 10.7.1.3).
    PixelSpacing: [ds(spacing[1]), ds(spacing[0])],
    ImageOrientationPatient: [d[0], d[3], d[6], d[1], d[4], d[7]].map(ds),
    ImagePositionPatient: indexToPatient(volume, [0, 0, k]).map(ds),
    SliceThickness: ds(spacing[2]),
    // Image Pixel, CT Image
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: dims[1],
    Columns: dims[0],
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 1,
    RescaleIntercept: '0',
    RescaleSlope: '1',
    RescaleType: 'HU',
    KVP: '',
    // VOI LUT: soft tissue and lung
    WindowCenter: ['40', '-600'],
    WindowWidth: ['400', '1500'],
    WindowCenterWidthExplanation: ['SOFT TISSUE', 'LUNG'],
  }
}

function littleEndianBytes(voxels: Int16Array): Buffer {
  const bytes = Buffer.from(voxels.buffer, voxels.byteOffset, voxels.byteLength)
  return endianness() === 'LE' ? bytes : Buffer.from(bytes).swap16()
}
