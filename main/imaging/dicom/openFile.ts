import { closeSync, fstat, open, read, type Stats } from 'node:fs'

/**
 * A file that is open for reading, by its descriptor. A series has thousands of files of which two pieces are read:
 * the handles of node:fs/promises take twice as long to come and go as these.
 */
export type OpenFile = number

/** Opens a file, hands it to `work` and closes it. @throws what the system says; what `work` throws */
export async function withFile<T>(path: string, work: (file: OpenFile) => Promise<T>): Promise<T> {
  const file = await new Promise<OpenFile>((resolve, reject) =>
    open(path, 'r', (error, opened) => (error ? reject(error) : resolve(opened))),
  )
  try {
    return await work(file)
  } finally {
    // Nothing was written that closing would have to wait for; it takes less than handing it to another thread.
    closeSync(file)
  }
}

export function statOf(file: OpenFile): Promise<Stats> {
  return new Promise((resolve, reject) =>
    fstat(file, (error, stats) => (error ? reject(error) : resolve(stats))),
  )
}

/**
 * Reads `length` bytes from `position` of the file to `start` of `into`.
 * @returns how many there were: fewer than `length` only at the end of the file
 */
export function readFully(
  file: OpenFile,
  into: Uint8Array,
  start: number,
  length: number,
  position: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const next = (filled: number) =>
      read(file, into, start + filled, length - filled, position + filled, (error, count) => {
        if (error) reject(error)
        else if (count === 0 || filled + count === length) resolve(filled + count)
        else next(filled + count)
      })
    next(0)
  })
}
