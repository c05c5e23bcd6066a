import type { SeriesIdentity } from '../source.ts'
import type { Vec3 } from '../volume.ts'
import { MAX_DEFLATE_RATIO } from './deflated.ts'
import { framesOf } from './multiFrame.ts'
import { readFully, statOf, withFile } from './openFile.ts'
import { type DicomDataSet, DicomParseFailure, looksLikeDicom, parseDicom } from './parse.ts'
import { MULTI_FRAME_CT, TRANSFER_SYNTAXES } from './uids.ts'

/**
 * How much of a file is read first, and how many times more until its header ends. Of the CT headers at hand half end
 * within 3 KB, nine in ten within 8 KB, the longest at 850 KB.
 */
const FIRST_BYTES = 16 * 1024
const GROWTH = 8
/** No image's header and no report is this large; reading more only to find no pixel data would stall on a stray file. */
const MAX_HEADER_BYTES = 2 ** 28

export type Cosines = readonly [number, number, number, number, number, number]

/** How one stored value sits in memory (DICOM PS3.5 8.1.1). */
export interface PixelLayout {
  rows: number
  columns: number
  samplesPerPixel: number
  bitsAllocated: number
  bitsStored: number
  highBit: number
  signed: boolean
}

/** What is needed of one DICOM file to place it in a volume and to decode it. */
export interface DicomHeader {
  file: string
  transferSyntaxUid: string
  sopClassUid: string
  sopInstanceUid: string
  identity: SeriesIdentity
  imageType: string[]
  numberOfFrames: number
  layout: PixelLayout
  /** Undefined where absent or malformed. */
  imagePosition: Vec3 | undefined
  imageOrientation: Cosines | undefined
  /** [between rows (y), between columns (x)], mm, as stored. */
  pixelSpacing: readonly [number, number] | undefined
  rescaleSlope: number | undefined
  rescaleIntercept: number | undefined
  rescaleType: string
  hasModalityLut: boolean
  /** Modality LUT Type (0028,3004) in capitals, '' where it is not stated; only with a Modality LUT. */
  modalityLutType?: string
  lossyImageCompression: boolean
  /** Lossy Image Compression Ratio (0028,2112) and Method (0028,2114), as stored; empty where absent. */
  lossyHistory: { ratio: string[]; method: string[] }
  hasPixelData: boolean
  /** Values as Float or Double Float Pixel Data (7FE0,0008), (7FE0,0009), which take the place of Pixel Data. */
  hasFloatPixelData?: boolean
  /** Where the pixel data lie in the file (not of a deflated data set); length −1 for encapsulated ones. */
  pixelData?: { offset: number; length: number }
  /** 1-based frame that this header describes, in a multi-frame file; absent for a file of one image. */
  frameNumber?: number
  /** Of a multi-frame CT: a header for each frame, with its own position, orientation, spacing and rescale. */
  frames?: DicomHeader[]
  /** Acquisition Number (0020,0012), of a frame its Frame Acquisition Number (0020,9156): tells phases apart. */
  acquisitionNumber?: number
  /** Temporal Position Identifier (0020,0100), of a frame its Temporal Position Index (0020,9128). */
  temporalPosition?: number
  /** Stack ID (0020,9056): the frames of one stack are meant as one volume. Only of frames. */
  stackId?: string
  /** The file ends before its pixel data do. */
  truncated: boolean
}

export type HeaderResult =
  | { kind: 'header'; header: DicomHeader }
  /** Not a DICOM file at all. */
  | { kind: 'other' }
  /** A DICOM file that cannot be understood; `modality` as far as it could be read, else ''. */
  | {
      kind: 'damaged'
      file: string
      modality: string
      /** Media Storage SOP Class of the file meta group. */
      sopClassUid: string
      seriesInstanceUid: string
      transferSyntaxUid: string
      reason: string
    }

/** Reads the header of one file. Input/output errors are thrown as they come. */
export function readHeader(file: string): Promise<HeaderResult> {
  return withFile(file, async (opened) => {
    const { size } = await statOf(opened)
    let bytes = new Uint8Array(0)
    for (let wanted = FIRST_BYTES; ; wanted *= GROWTH) {
      const length = Math.min(wanted, size, MAX_HEADER_BYTES)
      const longer = new Uint8Array(length)
      longer.set(bytes)
      const had = bytes.length
      const more = length > had ? await readFully(opened, longer, had, length - had, had) : 0
      bytes = longer.subarray(0, had + more)
      const whole = bytes.length === size || bytes.length < length
      if (!looksLikeDicom(bytes)) return { kind: 'other' }
      const result = tryHeader(file, bytes, size, whole)
      if (result) return result
      if (length === MAX_HEADER_BYTES) return damaged(file, undefined, 'its header does not end')
    }
  })
}

/** The header, or undefined where it does not end within `bytes` and there are more. */
function tryHeader(
  file: string,
  bytes: Uint8Array,
  fileBytes: number,
  whole: boolean,
): HeaderResult | undefined {
  let dataSet: DicomDataSet | undefined
  try {
    dataSet = parseDicom(bytes, { prefix: true })
    const ends = dataSet.pixelData !== undefined || whole
    if (!ends) return undefined
    if (dataSet.overruns && !dataSet.has('0020000e')) {
      // Nothing tells what it belongs to: as part of a series it would go unmissed.
      return damaged(file, dataSet, 'it ends within its header')
    }
    const native = TRANSFER_SYNTAXES[dataSet.transferSyntaxUid]?.decoder === 'native'
    if (native && (dataSet.pixelData?.length ?? 0) < 0) {
      return damaged(file, dataSet, 'its picture is compressed, but does not say how')
    }
    return { kind: 'header', header: headerOf(file, dataSet, bytes, fileBytes) }
  } catch (error) {
    if (!(error instanceof DicomParseFailure)) throw error
    return damaged(file, error.partial ?? dataSet, error.message)
  }
}

function damaged(file: string, partial: DicomDataSet | undefined, reason: string): HeaderResult {
  return {
    kind: 'damaged',
    file,
    modality: partial?.string('00080060') ?? '',
    seriesInstanceUid: partial?.string('0020000e') ?? '',
    sopClassUid: partial?.string('00020002') ?? '',
    transferSyntaxUid: partial?.string('00020010') ?? '',
    reason,
  }
}

function headerOf(file: string, ds: DicomDataSet, bytes: Uint8Array, fileBytes: number): DicomHeader {
  const pixels = ds.pixelData
  const { transferSyntaxUid } = ds
  const deflated = ds.bytes !== bytes
  const lossy = ds.string('00282110')
  const acquisitionNumber = ds.number('00200012')
  const temporalPosition = ds.number('00200100')
  const header: DicomHeader = {
    file,
    transferSyntaxUid,
    sopClassUid: ds.string('00080016') || ds.string('00020002'),
    sopInstanceUid: ds.string('00080018') || ds.string('00020003'),
    identity: identityOf(ds),
    imageType: ds.strings('00080008').map((s) => s.toUpperCase()),
    numberOfFrames: ds.number('00280008') ?? 1,
    layout: layoutOf(ds),
    imagePosition: ds.vector<Vec3>('00200032', 3),
    imageOrientation: ds.vector<Cosines>('00200037', 6),
    pixelSpacing: ds.vector<readonly [number, number]>('00280030', 2),
    rescaleSlope: ds.number('00281053'),
    rescaleIntercept: ds.number('00281052'),
    rescaleType: ds.string('00281054'),
    hasModalityLut: ds.has('00283000'),
    ...(ds.has('00283000')
      ? { modalityLutType: (ds.items('00283000')[0]?.string('00283004') ?? '').toUpperCase() }
      : {}),
    lossyHistory: { ratio: ds.strings('00282112'), method: ds.strings('00282114') },
    lossyImageCompression:
      lossy === '01' || (lossy !== '00' && TRANSFER_SYNTAXES[transferSyntaxUid]?.perhapsLossy === true),
    hasPixelData: pixels !== undefined,
    ...(ds.has('7fe00008') || ds.has('7fe00009') ? { hasFloatPixelData: true } : {}),
    ...(pixels && !deflated ? { pixelData: pixels } : {}),
    ...(acquisitionNumber === undefined ? {} : { acquisitionNumber }),
    ...(temporalPosition === undefined ? {} : { temporalPosition }),
    // What a deflated file inflates to is known only when it is read; here, that it cannot be enough.
    truncated: pixels
      ? pixels.offset + Math.max(0, pixels.length) > (deflated ? MAX_DEFLATE_RATIO : 1) * fileBytes
      : ds.overruns,
  }
  return MULTI_FRAME_CT.has(header.sopClassUid) ? withFrames(header, ds) : header
}

/** The object itself is described as its first frame is: a list of series has one line for it. */
function withFrames(header: DicomHeader, ds: DicomDataSet): DicomHeader {
  const frames = framesOf(header, ds)
  const first = frames?.[0]
  return first ? { ...header, frames: frames!, identity: first.identity } : header
}

function layoutOf(ds: DicomDataSet): PixelLayout {
  const bitsAllocated = ds.uint16('00280100') ?? 0
  const bitsStored = ds.uint16('00280101') ?? bitsAllocated
  return {
    rows: ds.uint16('00280010') ?? 0,
    columns: ds.uint16('00280011') ?? 0,
    samplesPerPixel: ds.uint16('00280002') ?? 1,
    bitsAllocated,
    bitsStored,
    highBit: ds.uint16('00280102') ?? bitsStored - 1,
    signed: ds.uint16('00280103') === 1,
  }
}

function identityOf(ds: DicomDataSet): SeriesIdentity {
  return {
    patientName: ds.text('00100010'),
    patientId: ds.text('00100020'),
    patientBirthDate: ds.string('00100030'),
    patientSex: ds.string('00100040'),
    studyInstanceUid: ds.string('0020000d'),
    studyId: ds.text('00200010'),
    studyDate: ds.string('00080020'),
    studyTime: ds.string('00080030'),
    studyDescription: ds.text('00081030'),
    accessionNumber: ds.text('00080050'),
    referringPhysicianName: ds.text('00080090'),
    seriesInstanceUid: ds.string('0020000e'),
    seriesNumber: ds.string('00200011'),
    seriesDescription: ds.text('0008103e'),
    modality: ds.string('00080060'),
    frameOfReferenceUid: ds.string('00200052'),
    positionReferenceIndicator: ds.text('00201040'),
    manufacturer: ds.text('00080070'),
    manufacturerModelName: ds.text('00081090'),
    convolutionKernel: ds.strings('00181210').join('\\'),
    sliceThickness: ds.number('00180050') ?? Number.NaN,
  }
}
