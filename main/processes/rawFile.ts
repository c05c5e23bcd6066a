import { closeSync, openSync, readSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { WorkstationError } from '../errors.ts'
import type { VoxelArray } from '../imaging/volume.ts'

/**
 * Voxels between processes: a file of the array's own bytes, x fastest, no header. Both processes run on one machine,
 * so the byte order is the machine's (little-endian on every platform Node runs the product on).
 */

/** One read or write call handles less than 2 GiB on every platform. */
const CHUNK_BYTES = 64 * 1024 * 1024

/** @throws WorkstationError `output/disk-full` or `output/write-failed`. */
export async function writeRaw(path: string, voxels: VoxelArray): Promise<void> {
  const bytes = new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength)
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, at, Math.min(CHUNK_BYTES, bytes.length - at))
        at += bytesWritten
      }
    } finally {
      await file.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') {
      const sentence = `The disk with the temporary folder is full: ${Math.ceil(bytes.length / 1e6)} MB are needed for one file.`
      throw new WorkstationError('output/disk-full', sentence, error)
    }
    throw new WorkstationError('output/write-failed', `The temporary file ${path} cannot be written.`, error)
  }
}

/** Fills the array from a file of exactly its size. @throws Error when the file is missing or of another size. */
export async function readRaw<T extends VoxelArray>(path: string, into: T): Promise<T> {
  const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength)
  const { size } = await stat(path)
  if (size !== bytes.length) throw new Error(`${path} has ${size} bytes, expected ${bytes.length}`)
  const file = await open(path, 'r')
  try {
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, at, Math.min(CHUNK_BYTES, bytes.length - at))
      if (bytesRead === 0) throw new Error(`${path} ended after ${at} bytes`)
      at += bytesRead
    }
  } finally {
    await file.close()
  }
  return into
}

/** A raw file read slice by slice, for what is too large to be held whole. */
export interface RawSlabs<T extends VoxelArray> {
  /** The nx · ny voxels of slice k, x fastest. The array is used again for the next slice. */
  slab(k: number): T
  close(): void
}

/** @param slice an array of one slice's length, which every call fills */
export function openSlabs<T extends VoxelArray>(path: string, slice: T): RawSlabs<T> {
  const bytes = new Uint8Array(slice.buffer, slice.byteOffset, slice.byteLength)
  const file = openSync(path, 'r')
  return {
    slab: (k) => {
      for (let at = 0; at < bytes.length; ) {
        const read = readSync(file, bytes, at, bytes.length - at, k * bytes.length + at)
        if (read === 0) throw new Error(`${path} ended in slice ${k}`)
        at += read
      }
      return slice
    },
    close: () => closeSync(file),
  }
}
