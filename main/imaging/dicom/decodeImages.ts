import { WorkstationError } from '../../errors.ts'
import type { DecodePool } from './decodePool.ts'
import type { DicomHeader } from './header.ts'
import { gigabytes, MAX_VOXELS } from './memory.ts'
import { readSlice } from './pixels.ts'
import { TRANSFER_SYNTAXES } from './uids.ts'

export interface DecodeOptions {
  signal?: AbortSignal
  /** After each image: how many are done. */
  onImage?: (done: number, total: number) => void
}

/**
 * Images stored as they are, read at a time in this thread: one is turned into HU while others are read. With 1,000
 * images on a local disk 8 took 1.2 s, 4 1.3 s and 2 1.5 s; decoding threads take as long, and longer for 300.
 */
const PARALLEL_READS = 8

/** Shared by all openings of this process; its threads are started when first needed and end when idle. */
let pool: DecodePool | undefined

async function threads(): Promise<DecodePool> {
  const { DecodePool } = await import('./decodePool.ts')
  pool ??= new DecodePool()
  return pool
}

/**
 * Memory for `count` Int16 voxels that the decoding threads can write to; zero. Ask `checkMemory` first.
 * @throws WorkstationError input/too-large beyond the number of voxels that any volume may have
 */
export function allocateVoxels(count: number): Int16Array {
  if (count > MAX_VOXELS) {
    const [needed, most] = [count, MAX_VOXELS].map((n) => gigabytes(n * Int16Array.BYTES_PER_ELEMENT))
    throw new WorkstationError(
      'input/too-large',
      `The volume is too large: its voxels take ${needed}, and no more than ${most} can be handled.`,
    )
  }
  return new Int16Array(new SharedArrayBuffer(count * Int16Array.BYTES_PER_ELEMENT))
}

/**
 * Reads and decodes images of one size as HU, each into its slice of `voxels`. Compressed images are decoded by
 * threads that are ended if they hang; those stored as they are need no more than copying, and are read right here.
 * @param images headers of single images or frames
 * @param voxels rows · columns · (largest slice + 1); from `allocateVoxels`, or slices are copied between threads
 * @param sliceOf which slice of `voxels` image i fills; i itself where absent
 * @returns how many voxels were clamped at 32,767 HU
 * @throws WorkstationError as readSlice, for the first of the images that cannot be decoded; the signal's reason (an
 *   AbortError) after the signal
 */
export async function decodeImages(
  images: readonly DicomHeader[],
  voxels: Int16Array,
  sliceOf: (image: number) => number = (image) => image,
  { signal, onImage }: DecodeOptions = {},
): Promise<number> {
  let clamped = 0
  let done = 0
  const one = async (index: number) => {
    const image = images[index]!
    const size = image.layout.rows * image.layout.columns
    const at = sliceOf(index) * size
    const out = voxels.subarray(at, at + size)
    // Not `clamped += await …`: that would add to what `clamped` was before the wait.
    const clampedHere = isCompressed(image)
      ? await decodeInThread(image, out, signal)
      : await readSlice(image, out)
    clamped += clampedHere
    signal?.throwIfAborted()
    onImage?.(++done, images.length)
  }
  await inOrder(
    images.length,
    images.some(isCompressed) ? (await threads()).size : PARALLEL_READS,
    one,
    signal,
  )
  return clamped
}

async function decodeInThread(
  image: DicomHeader,
  out: Int16Array,
  signal: AbortSignal | undefined,
): Promise<number> {
  const shared = out.buffer instanceof SharedArrayBuffer
  const reply = await (await threads()).run(
    { image: withoutFrames(image), ...(shared ? { out } : {}) },
    signal,
  )
  if (reply.slice) out.set(reply.slice)
  return reply.clamped
}

/** Deflated data sets count as compressed too: what inflates may take its time. */
function isCompressed(image: DicomHeader): boolean {
  const syntax = TRANSFER_SYNTAXES[image.transferSyntaxUid]
  return syntax?.decoder !== 'native' || syntax.deflated === true
}

/** The headers of all other frames would be copied to the thread with each frame. */
function withoutFrames({ frames: _, ...image }: DicomHeader): DicomHeader {
  return image
}

/**
 * Does `work` for 0 … count − 1, started in this order, at most `limit` at a time. After a failure no more is started,
 * and what was started is waited for, so that of several failures the first in order is thrown, run after run.
 */
async function inOrder(
  count: number,
  limit: number,
  work: (index: number) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const failures = new Map<number, unknown>()
  let next = 0
  const lane = async () => {
    while (next < count && failures.size === 0) {
      const index = next++
      try {
        signal?.throwIfAborted()
        await work(index)
      } catch (error) {
        failures.set(index, error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, count) }, lane))
  if (failures.size === 0) return
  throw failures.get(Math.min(...failures.keys()))
}
