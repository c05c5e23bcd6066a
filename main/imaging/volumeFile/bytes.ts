import { createReadStream } from 'node:fs'
import { open, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createUnzip } from 'node:zlib'
import { WorkstationError } from '../../errors.ts'

/** 'unzip' is zlib or gzip, told by the first bytes. */
export type Packing = 'none' | 'gzip' | 'unzip'

/** Bytes of a file, as they come or unpacked. */
export interface ByteSource {
  path: string
  packing: Packing
  /** Where in the file the (packed) bytes start. */
  fileOffset: number
}

const BLOCK_BYTES = 1 << 20

/**
 * Hands bytes [start, end) of the (unpacked) source to `take`, in order, and stops reading and unpacking there.
 * Where the source ends before, `take` gets fewer: the caller counts.
 * @throws WorkstationError input/damaged if the packed data cannot be unpacked; the signal's reason if aborted
 */
export async function readRange(
  source: ByteSource,
  start: number,
  end: number,
  take: (bytes: Uint8Array) => void,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted()
  if (end <= start) return
  const { path, packing, fileOffset } = source
  const plain = packing === 'none'
  let position = plain ? start : 0
  const consume = async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) {
      signal?.throwIfAborted()
      const from = Math.max(0, start - position)
      const to = Math.min(chunk.length, end - position)
      if (to > from) take(chunk.subarray(from, to))
      position += chunk.length
      if (position >= end) return
    }
  }
  const file = createReadStream(path, {
    highWaterMark: BLOCK_BYTES,
    start: plain ? fileOffset + start : fileOffset,
    ...(plain ? { end: fileOffset + end - 1 } : {}),
  })
  try {
    if (plain) await pipeline(file, consume)
    else await pipeline(file, unpacker(packing), consume)
  } catch (error) {
    signal?.throwIfAborted()
    const code = (error as NodeJS.ErrnoException).code
    if (position >= end && (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ABORT_ERR')) return
    if (code === 'Z_BUF_ERROR') return // The packed data ends early.
    if (code?.startsWith('Z_')) {
      throw new WorkstationError(
        'input/damaged',
        `${basename(path)} is damaged: its compressed data cannot be unpacked.`,
        error,
      )
    }
    throw error
  }
}

function unpacker(packing: Packing): Transform {
  return packing === 'gzip'
    ? createGunzip({ chunkSize: BLOCK_BYTES })
    : createUnzip({ chunkSize: BLOCK_BYTES })
}

export async function isGzip(path: string): Promise<boolean> {
  const head = await readHead(path, 2)
  return head.length === 2 && head[0] === 0x1f && head[1] === 0x8b
}

/** The first bytes of a file, at most `limit`. */
export async function readHead(path: string, limit: number): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const size = Math.min(limit, (await file.stat()).size)
    const head = new Uint8Array(size)
    let filled = 0
    while (filled < size) {
      const { bytesRead } = await file.read(head, filled, size - filled, filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return head.subarray(0, filled)
  } finally {
    await file.close()
  }
}

/**
 * The path of the file that a header names as its voxels. It must lie beside the header: a header from elsewhere
 * must not make this program read other files.
 * @throws WorkstationError input/data-file
 */
export async function fileBeside(headerPath: string, named: string): Promise<string> {
  const header = basename(headerPath)
  const file = named.replace(/^\.[/\\]/, '')
  if (file === '' || file === '.' || file === '..' || /[/\\:\0]/.test(file)) {
    throw new WorkstationError(
      'input/data-file',
      `${header} says that its voxels are in "${printable(named)}"; they must be in a file in the same folder.`,
    )
  }
  const path = join(dirname(headerPath), file)
  try {
    const [found, folder] = await Promise.all([realpath(path), realpath(dirname(headerPath))])
    if (dirname(found) === folder && (await stat(found)).isFile()) return found
  } catch (error) {
    throw new WorkstationError(
      'input/data-file',
      `The voxels of ${header} should be in "${printable(file)}" beside it, which is not there or cannot be read.`,
      error,
    )
  }
  throw new WorkstationError(
    'input/data-file',
    `The voxels of ${header} should be in "${printable(file)}", which is not a file of the same folder.`,
  )
}

/** What a header says, as part of a sentence: short and without control characters. */
export function printable(text: string): string {
  const clean = text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?')
  return clean.length > 60 ? `${clean.slice(0, 60)}…` : clean
}
