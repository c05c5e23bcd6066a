import type { ByteSource } from './byteSource.ts'

const ITEM = 0xfffee000
const SEQUENCE_DELIMITER = 0xfffee0dd
const ITEM_HEADER_BYTES = 8

/** Many times the fragments of any CT object; more of them are damage, and would take memory. */
const MAX_FRAGMENTS = 2 ** 18

/** JPEG and JPEG-LS: start of image, then a marker. JPEG 2000: start of codestream, then the image and tile size. */
const JPEG_START = 0xffd8ff
const JPEG_2000_START = 0xff4fff51

export interface Fragment {
  offset: number
  length: number
}

/** The frames of encapsulated pixel data (PS3.5 A.4), in order: the fragments of each. */
export type FrameIndex = Fragment[][]

/** Thrown where the file ends within the pixel data. */
export class FragmentsCutShort extends Error {}

/**
 * Finds the frames of encapsulated pixel data: by the Basic Offset Table; where it is empty or wrong, one fragment is
 * one frame if their numbers agree (as an Extended Offset Table demands, PS3.3 C.7.6.3.1.8); else a frame begins with
 * each fragment that begins a JPEG or JPEG 2000 picture.
 * @param start offset of the first item, the Basic Offset Table
 * @param frames how many frames the header announces
 * @throws FragmentsCutShort; Error if the frames cannot be told apart
 */
export async function indexFrames(source: ByteSource, start: number, frames: number): Promise<FrameIndex> {
  const { table, fragments, begins } = await readItems(source, start)
  if (fragments.length === 0) throw new FragmentsCutShort('pixel data without fragments')
  if (frames === 1) return [fragments]
  const all = fragments.map((_, i) => i)
  const starts =
    startsByTable(table, fragments, frames) ??
    (fragments.length === frames ? all : all.filter((i) => begins[i]))
  if (starts.length !== frames || starts[0] !== 0) {
    throw new Error(
      `${fragments.length} fragments, ${starts.length} of them beginnings, for ${frames} frames`,
    )
  }
  return starts.map((first, k) => fragments.slice(first, starts[k + 1] ?? fragments.length))
}

/** The bytes of one frame, its fragments joined. */
export async function readFrame(source: ByteSource, fragments: readonly Fragment[]): Promise<Uint8Array> {
  const [only] = fragments
  if (only && fragments.length === 1) return source.read(only.offset, only.length)
  const frame = new Uint8Array(fragments.reduce((sum, f) => sum + f.length, 0))
  let at = 0
  for (const { offset, length } of fragments) {
    frame.set(await source.read(offset, length), at)
    at += length
  }
  return frame
}

interface Items {
  /** Of the Basic Offset Table, relative to the first fragment's item. */
  table: number[]
  fragments: Fragment[]
  /** Which fragments begin a picture. */
  begins: boolean[]
}

async function readItems(source: ByteSource, start: number): Promise<Items> {
  const items: Fragment[] = []
  const begins: boolean[] = []
  // Some writers leave the sequence delimiter out: the end of the file does as well.
  for (let at = start; at + ITEM_HEADER_BYTES <= source.size; ) {
    const head = await source.read(at, Math.min(ITEM_HEADER_BYTES + 4, source.size - at))
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
    const tag = view.getUint16(0, true) * 65536 + view.getUint16(2, true)
    if (tag === SEQUENCE_DELIMITER) break
    if (tag !== ITEM) throw new Error(`no fragment at byte ${at}`)
    const length = view.getUint32(4, true)
    const offset = at + ITEM_HEADER_BYTES
    if (offset + length > source.size)
      throw new FragmentsCutShort(`fragment of ${length} bytes at byte ${at}`)
    if (items.length > MAX_FRAGMENTS) throw new Error('too many fragments')
    const first = head.length >= ITEM_HEADER_BYTES + 4 && length >= 4 ? view.getUint32(ITEM_HEADER_BYTES) : 0
    begins.push(first >>> 8 === JPEG_START || first === JPEG_2000_START)
    items.push({ offset, length })
    at = offset + length
  }
  const [offsets, ...fragments] = items
  return { table: offsets ? await readTable(source, offsets) : [], fragments, begins: begins.slice(1) }
}

async function readTable(source: ByteSource, { offset, length }: Fragment): Promise<number[]> {
  if (length > 4 * MAX_FRAGMENTS) throw new Error('too many fragments')
  const bytes = await source.read(offset, length)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: Math.floor(length / 4) }, (_, i) => view.getUint32(4 * i, true))
}

/** The first fragment of each frame as the table has it; undefined where the table does not fit the fragments. */
function startsByTable(
  table: readonly number[],
  fragments: readonly Fragment[],
  frames: number,
): number[] | undefined {
  if (table.length !== frames) return undefined
  const origin = fragments[0]!.offset
  const byOffset = new Map(fragments.map(({ offset }, i) => [offset - origin, i]))
  const starts = table.map((offset) => byOffset.get(offset) ?? -1)
  return starts.every((start, k) => (k === 0 ? start === 0 : start > starts[k - 1]!)) ? starts : undefined
}
