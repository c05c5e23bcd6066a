import { WorkstationError } from '../../errors.ts'

/** Left for headers, decoders and the rest of the system when a volume has been read. */
export const RESERVE_BYTES = 300 * 2 ** 20

/** As far as voxels can be counted in 32-bit integers. A 1024 × 1024 CT reaches it at 2,048 slices. */
export const MAX_VOXELS = 2 ** 31

/**
 * Refuses what would not fit into memory, before anything is allocated: a process that takes more
 * than there is may be ended without a word.
 * @param bytes everything that will be held at the same time
 * @param what subject of the sentence, such as 'This series (1,200 slices of 512 × 512)'
 * @param available bytes that this process may still take, by the system and by the limit it runs under
 * @throws WorkstationError input/too-large
 */
export function checkMemory(
  bytes: number,
  what: string,
  available: number = process.availableMemory(),
): void {
  if (bytes + RESERVE_BYTES <= available) return
  throw new WorkstationError(
    'input/too-large',
    `${what} does not fit into memory: it takes ${gigabytes(bytes + RESERVE_BYTES)}, and ${gigabytes(Math.max(0, available))} are free. Close other programs, or use a computer with more memory.`,
    `${bytes} bytes and a reserve of ${RESERVE_BYTES}; ${available} available`,
  )
}

export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}
