import { basename } from 'node:path'
import { type Warning, WorkstationError } from '../../errors.ts'
import type { Grid } from '../volume.ts'
import { allocateVoxels, decodeImages } from './decodeImages.ts'
import {
  alongNormal,
  MAX_MATRIX,
  SAME_POSITION_MM,
  type SliceAxes,
  type StackGrid,
  stackGrid,
} from './geometry.ts'
import type { DicomHeader } from './header.ts'
import { axesOf, differenceBetween, type PlacedSlice, place } from './placed.ts'
import { truncatedSlice, unsupportedSyntax } from './refusals.ts'
import type { ScannedSeries } from './series.ts'
import { MIN_SLICES, sameObject } from './stacks.ts'
import { TRANSFER_SYNTAXES } from './uids.ts'

/** Rescale Type of a CT: the defined term HU, or the unit written out, as some reformatting stations do. */
const HOUNSFIELD = /^(HU$|Houn)/i

/** How the images of a series become a volume. Nothing is decoded yet. */
export interface SeriesPlan extends Pick<StackGrid, 'grid' | 'blends' | 'imageOf' | 'filled' | 'shear'> {
  /** The images to decode, sorted along the normal. */
  slices: PlacedSlice[]
  axes: SliceAxes
  lossy: boolean
  warnings: Warning[]
}

/**
 * Judges from the headers whether a series can be screened, and how.
 * @throws WorkstationError input/… with the reason why not
 */
export async function planSeries(series: ScannedSeries): Promise<SeriesPlan> {
  if (series.multiFrame.length > 0) {
    throw new WorkstationError(
      'input/multi-frame',
      'This series cannot be screened: it is a multi-frame (enhanced) CT object that does not say what its frames are.',
    )
  }
  const { slices: headers } = series
  // Said first: of a file that is not whole, how many more are needed is not what is to be known.
  const cut = headers.length < MIN_SLICES && headers.find(({ truncated }) => truncated)
  if (cut) throw truncatedSlice(cut)
  checkCount(headers.length)
  const warnings: Warning[] = []
  for (const header of headers) checkDecodable(header)
  const placed = headers.map(place)
  checkConsistent(placed)
  const axes = axesOf(placed[0]!)

  const sorted = placed.sort((a, b) => alongNormal(a, axes) - alongNormal(b, axes))
  const slices = await withoutDuplicates(sorted, axes)
  if (slices.length < sorted.length) {
    const dropped = sorted.length - slices.length
    warnings.push({
      code: 'input/duplicates',
      message: `${dropped === 1 ? '1 image was' : `${dropped} images were`} there twice and used once.`,
    })
  }
  checkCount(slices.length)
  const { warnings: gridWarnings, ...stack } = stackGrid(slices, axes)
  const lossy = slices.some((s) => s.lossyImageCompression || TRANSFER_SYNTAXES[s.transferSyntaxUid]?.lossy)
  warnings.push(...gridWarnings, ...valueWarnings(slices, lossy), ...thicknessWarnings(slices, stack.grid))
  return { ...stack, slices, axes, lossy, warnings }
}

function checkCount(count: number): void {
  if (count >= MIN_SLICES) return
  throw new WorkstationError(
    'input/too-few-slices',
    count === 1
      ? `This is a single two-dimensional CT image; screening takes a series of at least ${MIN_SLICES} slices.`
      : `This series has only ${count} CT slices; screening takes at least ${MIN_SLICES}.`,
  )
}

function checkDecodable(header: DicomHeader): void {
  const decoder = TRANSFER_SYNTAXES[header.transferSyntaxUid]?.decoder
  if (!decoder) {
    throw new WorkstationError(
      'input/transfer-syntax',
      unsupportedSyntax(header.transferSyntaxUid),
      `${header.file}: ${header.transferSyntaxUid}`,
    )
  }
  if (header.truncated) throw truncatedSlice(header)
  const name = basename(header.file)
  if (header.hasFloatPixelData) {
    throw new WorkstationError(
      'input/pixel-format',
      `The image ${name} cannot be read: its values are stored as floating-point numbers, which is not supported.`,
      header.file,
    )
  }
  if (!header.hasPixelData) {
    throw new WorkstationError('input/no-pixels', `The image ${name} has no picture in it.`, header.file)
  }
  const { rows, columns, samplesPerPixel, bitsAllocated, bitsStored, highBit } = header.layout
  const validBits =
    (bitsAllocated === 8 || bitsAllocated === 16 || (bitsAllocated === 32 && decoder === 'native')) &&
    bitsStored >= 1 &&
    highBit < bitsAllocated &&
    highBit + 1 >= bitsStored
  if (samplesPerPixel !== 1 || !validBits || !inMatrix(rows) || !inMatrix(columns)) {
    throw new WorkstationError(
      'input/pixel-format',
      samplesPerPixel === 1
        ? `The image ${name} cannot be read: its pixel format (${columns} × ${rows}, ${bitsStored} of ${bitsAllocated} bits) is not that of a CT.`
        : `The image ${name} is a colour picture, not a CT slice.`,
      header.file,
    )
  }
}

function inMatrix(n: number): boolean {
  return n >= 1 && n <= MAX_MATRIX
}

function checkConsistent(slices: readonly PlacedSlice[]): void {
  const first = slices[0]!
  for (const slice of slices) {
    const difference = differenceBetween(first, slice)
    if (difference) {
      throw new WorkstationError(
        'input/inconsistent-series',
        `The images of this series do not form one volume: ${difference} (${basename(first.file)} and ${basename(slice.file)}).`,
      )
    }
  }
}

/** Keeps the first of identical images; two different images at one place are no volume. */
async function withoutDuplicates(sorted: readonly PlacedSlice[], axes: SliceAxes): Promise<PlacedSlice[]> {
  const kept: PlacedSlice[] = []
  for (const slice of sorted) {
    const previous = kept.at(-1)
    if (!previous || alongNormal(slice, axes) - alongNormal(previous, axes) > SAME_POSITION_MM) {
      kept.push(slice)
    } else if (
      !samePlace(previous, slice) ||
      !(sameObject(previous, slice) || (await sameImage(previous, slice)))
    ) {
      throw new WorkstationError(
        'input/overlapping-slices',
        `This series holds different images of the same position (${basename(previous.file)} and ${basename(slice.file)}), such as several phases or time points; export the one to screen as a series of its own.`,
      )
    }
  }
  return kept
}

function samePlace(a: PlacedSlice, b: PlacedSlice): boolean {
  return a.imagePosition.every((mm, i) => Math.abs(mm - b.imagePosition[i]!) <= 2 * SAME_POSITION_MM)
}

async function sameImage(a: PlacedSlice, b: PlacedSlice): Promise<boolean> {
  const size = a.rows * a.columns
  const both = allocateVoxels(2 * size)
  await decodeImages([a, b], both)
  for (let i = 0; i < size; i++) if (both[i] !== both[size + i]) return false
  return true
}

function valueWarnings(slices: readonly PlacedSlice[], lossy: boolean): Warning[] {
  const warnings: Warning[] = []
  if (lossy) {
    warnings.push({
      code: 'input/lossy',
      message: 'The images went through a lossy compression: fine structure may be lost or false.',
    })
  }
  if (
    slices.some(
      (s) => !s.hasModalityLut && (s.rescaleSlope === undefined || s.rescaleIntercept === undefined),
    )
  ) {
    warnings.push({
      code: 'input/no-rescale',
      message:
        'The images do not say how their values become HU (no rescale slope and intercept); they were used as stored.',
    })
  }
  const other = slices.find((s) => !isHounsfield(s))
  if (other) {
    const stated = other.hasModalityLut
      ? `modality lookup table of type ${other.modalityLutType || 'unknown'}`
      : `rescale type ${other.rescaleType}`
    warnings.push({
      code: 'input/not-hu',
      message: `The images state a unit other than HU (${stated}).`,
    })
  }
  return warnings
}

/** A Modality LUT takes the place of the rescale, and must state its type (PS3.3 C.11.1); a rescale need not. */
function isHounsfield({ hasModalityLut, modalityLutType, rescaleType }: PlacedSlice): boolean {
  return hasModalityLut
    ? HOUNSFIELD.test(modalityLutType ?? '')
    : !rescaleType || HOUNSFIELD.test(rescaleType)
}

/** Slices thinner than two thirds of their distance leave tissue that no slice shows. */
function thicknessWarnings(slices: readonly PlacedSlice[], grid: Grid): Warning[] {
  const thickness = slices[0]!.identity.sliceThickness
  if (!(thickness > 0) || grid.spacing[2] <= 1.5 * thickness) return []
  return [
    {
      code: 'input/gaps',
      message: `The slices are ${thickness} mm thick and ${Number(grid.spacing[2].toFixed(2))} mm apart: the tissue between them was not imaged.`,
    },
  ]
}
