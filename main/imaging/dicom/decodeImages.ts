import type { DicomHeader } from './header.ts'
import { readSlice } from './pixels.ts'

export interface DecodeOptions {
  signal?: AbortSignal
  /** After each image: how many are done. */
  onImage?: (done: number, total: number) => void
}

/**
 * Reads and decodes images of one size as HU, each into its slice of `voxels`.
 * @param images headers of single images or frames
 * @param voxels rows · columns · (largest slice + 1)
 * @param sliceOf which slice of `voxels` image i fills; i itself where absent
 * @returns how many voxels were clamped at 32,767 HU
 * @throws WorkstationError as readSlice; an AbortError after the signal
 */
export async function decodeImages(
  images: readonly DicomHeader[],
  voxels: Int16Array,
  sliceOf: (image: number) => number = (image) => image,
  { signal, onImage }: DecodeOptions = {},
): Promise<number> {
  let clamped = 0
  for (const [i, image] of images.entries()) {
    signal?.throwIfAborted()
    const size = image.layout.rows * image.layout.columns
    const at = sliceOf(i) * size
    clamped += await readSlice(image, voxels.subarray(at, at + size))
    onImage?.(i + 1, images.length)
  }
  return clamped
}
