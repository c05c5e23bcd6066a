import type { SeriesIdentity } from '../source.ts'
import type { Vec3 } from '../volume.ts'
import type { Cosines, DicomHeader } from './header.ts'
import type { DicomDataSet } from './parse.ts'

const SHARED_GROUPS = '52009229'
const PER_FRAME_GROUPS = '52009230'

const FRAME_CONTENT = '00209111'
const PLANE_POSITION = '00209113'
const PLANE_ORIENTATION = '00209116'
const PIXEL_MEASURES = '00289110'
const PIXEL_VALUE_TRANSFORMATION = '00289145'
const CT_FRAME_TYPE = '00189329'
const CT_RECONSTRUCTION = '00189314'
/** Legacy Converted Enhanced CT: attributes of the slices it was made of that have no functional group. */
const UNASSIGNED_SHARED = '00209170'
const UNASSIGNED_PER_FRAME = '00209171'

/**
 * A header for each frame of an enhanced CT (DICOM PS3.3 C.7.6.16), in stored order: the functional groups of the
 * frame, and where it has none of a kind, the shared ones.
 * @param header what the object says of itself, outside its functional groups
 * @returns undefined where the groups do not describe each frame: there are none, or not one for every frame
 * @throws DicomParseFailure where the sequences are malformed
 */
export function framesOf(header: DicomHeader, dataSet: DicomDataSet): DicomHeader[] | undefined {
  const perFrame = dataSet.items(PER_FRAME_GROUPS)
  if (perFrame.length === 0 || perFrame.length !== header.numberOfFrames) return undefined
  const shared = new Groups(dataSet.items(SHARED_GROUPS)[0])
  const { rows, columns, samplesPerPixel, bitsAllocated } = header.layout
  const needed = Math.ceil((header.numberOfFrames * rows * columns * samplesPerPixel * bitsAllocated) / 8)
  const stored = dataSet.pixelData?.length ?? -1
  const ofFile = { ...header, truncated: header.truncated || (stored >= 0 && stored < needed) }
  const identities = new Map<string, SeriesIdentity>()
  return perFrame.map((item, i) => frameHeader(ofFile, i + 1, new Groups(item, shared), identities))
}

/** The functional groups of a frame, each by its sequence, opened once. */
class Groups {
  readonly #item: DicomDataSet | undefined
  readonly #shared: Groups | undefined
  readonly #opened = new Map<string, DicomDataSet | undefined>()

  constructor(item: DicomDataSet | undefined, shared?: Groups) {
    this.#item = item
    this.#shared = shared
  }

  group(sequence: string): DicomDataSet | undefined {
    if (!this.#opened.has(sequence)) {
      this.#opened.set(sequence, this.#item?.items(sequence)[0] ?? this.#shared?.group(sequence))
    }
    return this.#opened.get(sequence)
  }
}

function frameHeader(
  file: DicomHeader,
  frameNumber: number,
  groups: Groups,
  identities: Map<string, SeriesIdentity>,
): DicomHeader {
  const content = groups.group(FRAME_CONTENT)
  const measures = groups.group(PIXEL_MEASURES)
  const values = groups.group(PIXEL_VALUE_TRANSFORMATION)
  const unassigned = groups.group(UNASSIGNED_PER_FRAME)
  const frameType = groups.group(CT_FRAME_TYPE)?.strings('00089007') ?? []
  const acquisitionNumber =
    content?.uint('00209156') ?? unassigned?.number('00200012') ?? file.acquisitionNumber
  const temporalPosition =
    content?.uint('00209128') ?? unassigned?.number('00200100') ?? file.temporalPosition
  const stackId = content?.string('00209056')
  return {
    ...file,
    frameNumber,
    identity: frameIdentity(file.identity, groups, identities),
    imageType: frameType.length > 0 ? frameType.map((s) => s.toUpperCase()) : file.imageType,
    imagePosition: groups.group(PLANE_POSITION)?.vector<Vec3>('00200032', 3),
    imageOrientation: groups.group(PLANE_ORIENTATION)?.vector<Cosines>('00200037', 6),
    pixelSpacing: measures?.vector<readonly [number, number]>('00280030', 2),
    rescaleSlope: values?.number('00281053'),
    rescaleIntercept: values?.number('00281052'),
    rescaleType: values?.string('00281054') ?? '',
    ...(acquisitionNumber === undefined ? {} : { acquisitionNumber }),
    ...(temporalPosition === undefined ? {} : { temporalPosition }),
    ...(stackId ? { stackId } : {}),
  }
}

/** The file's identity with the frame's kernel and thickness. Frames that agree share one: there may be thousands. */
function frameIdentity(
  ofFile: SeriesIdentity,
  groups: Groups,
  identities: Map<string, SeriesIdentity>,
): SeriesIdentity {
  const kernel =
    groups.group(CT_RECONSTRUCTION)?.strings('00181210') ??
    groups.group(UNASSIGNED_PER_FRAME)?.strings('00181210') ??
    []
  const sharedKernel = groups.group(UNASSIGNED_SHARED)?.strings('00181210') ?? []
  const convolutionKernel = (kernel.length > 0 ? kernel : sharedKernel).join('\\') || ofFile.convolutionKernel
  const sliceThickness = groups.group(PIXEL_MEASURES)?.number('00180050') ?? ofFile.sliceThickness
  const key = `${convolutionKernel}\0${sliceThickness}`
  const identity = identities.get(key) ?? { ...ofFile, convolutionKernel, sliceThickness }
  identities.set(key, identity)
  return identity
}
