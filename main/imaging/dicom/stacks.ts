import { alongNormal, SAME_POSITION_MM } from './geometry.ts'
import type { DicomHeader } from './header.ts'
import { axesOf, differenceBetween, type PlacedSlice, placeIfStated } from './placed.ts'
import { liesEvenly } from './regularGrid.ts'

/** A volume needs at least this many slices. */
export const MIN_SLICES = 3

/**
 * Images that fit in no stack are left aside if they are few beside the largest one: a scout or two, or up to this
 * share of it. Were there more, a part of the patient would be left aside with them.
 */
const LARGEST_ORPHAN_SHARE = 0.25

/** No series is made of more kinds of image than this; more are damage, and comparing each with each takes long. */
const MAX_KINDS = 100

/**
 * What tells volumes of one series apart that cover the same part of the patient, most telling first: time points of
 * a perfusion or dynamic scan, acquisitions (phases of contrast under one Series Instance UID), stacks of a
 * multi-frame object (PS3.3 C.7.6.16.2.2), kinds of image (virtual monoenergetic beside original), reconstructions.
 */
const APART: readonly ((image: DicomHeader) => string)[] = [
  (image) => numbered(image.temporalPosition),
  (image) => numbered(image.acquisitionNumber),
  stackOf,
  (image) => image.imageType.join('\\'),
  (image) => image.identity.convolutionKernel,
  (image) => String(image.identity.sliceThickness),
]

function stackOf(image: DicomHeader): string {
  return image.stackId ?? ''
}

/** The volumes of one series, and the images that belong to none of them. */
export interface Stacks {
  stacks: DicomHeader[][]
  orphans: DicomHeader[]
}

/**
 * Splits the CT images of one series into stacks, each to become one volume: by size, orientation, pixel spacing and
 * frame of reference, and where images lie over each other by what tells them apart. A series that cannot be split
 * so that every stack makes sense is returned whole: planning it says what is wrong.
 */
export function splitIntoStacks(images: readonly DicomHeader[]): Stacks {
  const whole: Stacks = { stacks: [[...images]], orphans: [] }
  const placed: PlacedSlice[] = []
  for (const image of images) {
    const slice = placeIfStated(image)
    // One that cannot be a picture is damaged, not another kind of image.
    if (!slice || slice.rows < 1 || slice.columns < 1) return whole
    placed.push(slice)
  }
  const kinds = byKind(placed)
  if (!kinds) return whole
  const groups = kinds.flatMap(separated)
  const stacks = groups.filter((group) => group.length >= MIN_SLICES)
  const orphans = groups.filter((group) => group.length < MIN_SLICES).flat()
  if (stacks.length === 0 || orphans.length > orphansBeside(stacks)) return whole
  return { stacks, orphans }
}

function orphansBeside(stacks: readonly (readonly DicomHeader[])[]): number {
  const largest = Math.max(...stacks.map((stack) => stack.length))
  return Math.max(MIN_SLICES - 1, Math.floor(largest * LARGEST_ORPHAN_SHARE))
}

/** Images that may form one volume, in the order in which the first of each kind comes. */
function byKind(images: readonly PlacedSlice[]): PlacedSlice[][] | undefined {
  const kinds: PlacedSlice[][] = []
  for (const image of images) {
    const kind = kinds.find(([first]) => differenceBetween(first!, image) === undefined)
    if (kind) kind.push(image)
    else if (kinds.push([image]) > MAX_KINDS) return undefined
  }
  return kinds
}

/** The volumes that lie over each other in images of one kind; the images themselves where nothing tells any apart. */
function separated(images: PlacedSlice[]): PlacedSlice[][] {
  const overlapping = heightsOf(images) === undefined
  if (!overlapping && isEven(images)) return [images]
  for (const key of APART) {
    const groups = groupsBy(images, key)
    const volumes = groups.filter((group) => group.length >= MIN_SLICES)
    if (groups.length < 2 || volumes.length === 0) continue
    const sound = overlapping
      ? groups.every((group) => heightsOf(group) !== undefined)
      : // Interleaved volumes, or stacks declared as such: none is regular with the others, each is on its own.
        volumes.length > 1 && volumes.every(isEven) && (key === stackOf || anyInterleaved(volumes))
    const left = images.length - volumes.reduce((sum, volume) => sum + volume.length, 0)
    if (sound && left <= orphansBeside(volumes)) return groups
  }
  return [images]
}

function groupsBy(images: readonly PlacedSlice[], key: (image: DicomHeader) => string): PlacedSlice[][] {
  const groups = new Map<string, PlacedSlice[]>()
  for (const image of images) {
    const group = groups.get(key(image))
    if (group) group.push(image)
    else groups.set(key(image), [image])
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
}

/** Heights along the normal, sorted; undefined if two different objects lie at one height. */
function heightsOf(images: readonly PlacedSlice[]): number[] | undefined {
  const axes = axesOf(images[0]!)
  const sorted = images
    .map((image) => ({ height: alongNormal(image, axes), image }))
    .sort((a, b) => a.height - b.height)
  const heights: number[] = []
  let previous: PlacedSlice | undefined
  for (const { height, image } of sorted) {
    if (previous && height - heights.at(-1)! <= SAME_POSITION_MM) {
      if (!sameObject(previous, image)) return undefined
    } else {
      heights.push(height)
      previous = image
    }
  }
  return heights
}

function isEven(images: readonly PlacedSlice[]): boolean {
  const heights = heightsOf(images)
  return heights !== undefined && heights.length >= MIN_SLICES && liesEvenly(heights)
}

function anyInterleaved(volumes: readonly (readonly PlacedSlice[])[]): boolean {
  const axes = axesOf(volumes[0]![0]!)
  const ranges = volumes
    .map((volume) => volume.map((image) => alongNormal(image, axes)))
    .map((heights) => ({
      from: heights.reduce((a, b) => Math.min(a, b)),
      to: heights.reduce((a, b) => Math.max(a, b)),
    }))
    .sort((a, b) => a.from - b.from)
  return ranges.slice(1).some((range, i) => range.from < ranges[i]!.to)
}

/** Whether two files (or frames) hold one and the same image, by its identity. */
export function sameObject(a: DicomHeader, b: DicomHeader): boolean {
  return a.sopInstanceUid !== '' && a.sopInstanceUid === b.sopInstanceUid && a.frameNumber === b.frameNumber
}

/** Sorts as text as it does as a number. */
function numbered(value: number | undefined): string {
  return value === undefined ? '' : String(value).padStart(12, '0')
}
