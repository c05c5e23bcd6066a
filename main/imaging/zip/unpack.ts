import { createWriteStream } from 'node:fs'
import { mkdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import yauzl, { type Entry, type ZipFile } from 'yauzl'
import { type Warning, WorkstationError } from '../../errors.ts'
import type { InputFile } from '../inputs/files.ts'
import { forEachParallel } from '../inputs/parallel.ts'

/** A study has thousands of images, a whole-body one with phases tens of thousands. */
const MAX_ENTRIES = 100_000
/** CT inflates two- to fourfold, empty masks several hundredfold; what does more, and much, is a bomb. */
const MAX_RATIO = 250
const RATIO_COUNTS_FROM_BYTES = 256 * 2 ** 20
/** Of the disk, left to others. */
const SPARE_BYTES = 256 * 2 ** 20
const PARALLEL_ENTRIES = 4

export interface UnpackOptions {
  signal?: AbortSignal
  onProgress?: (progress: { stage: 'scanning'; done: number; total: number }) => void
}

export interface Unpacked {
  /** `name` is the ZIP's path followed by the entry's name. */
  files: InputFile[]
  /** Entries whose bytes are not those that were packed, by name. */
  damaged: string[]
  warnings: Warning[]
}

/** Whether a file begins as a ZIP does: with a local file header, or with the end record of an empty archive. */
export function looksLikeZip(head: Uint8Array): boolean {
  return (
    head[0] === 0x50 &&
    head[1] === 0x4b &&
    ((head[2] === 3 && head[3] === 4) || (head[2] === 5 && head[3] === 6))
  )
}

/**
 * Unpacks a ZIP (also zip64) into an empty folder. The names in a ZIP are never used as paths: each of its folders
 * becomes a numbered one. Links, ZIPs in the ZIP and the notes of macOS are left out. Sizes are those that the archive
 * declares, checked before anything is written and again while it is (yauzl ends a longer entry).
 * @throws WorkstationError input/zip-encrypted, input/zip-too-large, input/zip-method, input/damaged; an AbortError
 */
export async function unpackZip(
  path: string,
  folder: string,
  { signal, onProgress }: UnpackOptions = {},
): Promise<Unpacked> {
  const zip = await yauzl
    .openPromise(path, { lazyEntries: true, autoClose: false, decodeStrings: false })
    .catch((error) => Promise.reject(asDamaged(path, error)))
  try {
    const { entries, warnings } = await entriesOf(zip, path, signal)
    await checkSizes(entries, path, folder)
    const placed = await places(entries, folder)
    const files: InputFile[] = []
    const damaged: string[] = []
    await forEachParallel(
      placed,
      PARALLEL_ENTRIES,
      async ({ entry, name, target }) => {
        if (await extract(zip, entry, target, signal)) files.push({ path: target, name: `${path}/${name}` })
        else damaged.push(name)
      },
      {
        ...(signal ? { signal } : {}),
        onItem: (done, total) => onProgress?.({ stage: 'scanning', done, total }),
      },
    )
    return { files: files.sort((a, b) => (a.path < b.path ? -1 : 1)), damaged: damaged.sort(), warnings }
  } finally {
    zip.close()
  }
}

interface NamedEntry {
  entry: Entry
  /** With forward slashes. */
  name: string
}

async function entriesOf(zip: ZipFile, path: string, signal: AbortSignal | undefined) {
  if (zip.entryCount > MAX_ENTRIES) throw tooLarge(path, `it lists ${zip.entryCount} files`)
  const entries: NamedEntry[] = []
  let nested = 0
  try {
    for await (const entry of zip.eachEntry()) {
      signal?.throwIfAborted()
      const { generalPurposeBitFlag, fileNameRaw, extraFields } = entry
      const name = yauzl
        .getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false)
        .replaceAll('\\', '/')
      const type = (entry.externalFileAttributes >>> 16) & 0o170000
      if (name.endsWith('/') || (type !== 0 && type !== 0o100000)) continue
      if (/(^|\/)(__MACOSX\/|\._)/.test(name)) continue
      if (entry.isEncrypted()) throw encrypted(path)
      if (/\.zip$/i.test(name)) nested++
      else if (entry.canDecodeFileData()) entries.push({ entry, name })
      else {
        throw new WorkstationError(
          'input/zip-method',
          `The ZIP file ${path} is packed by a method that cannot be unpacked here; unpack it with another program and open the folder.`,
          name,
        )
      }
    }
  } catch (error) {
    if (error instanceof WorkstationError || signal?.aborted) throw error
    throw /encryption/.test(String(error)) ? encrypted(path) : asDamaged(path, error)
  }
  const what = nested === 1 ? 'another ZIP file, which was' : `${nested} other ZIP files, which were`
  const message = `The ZIP file holds ${what} not opened; unpack it and open the folder to see them.`
  return { entries, warnings: nested === 0 ? [] : [{ code: 'input/nested-zip', message }] }
}

/** Bombs are big for their size, or list the same bytes again and again. */
async function checkSizes(entries: readonly NamedEntry[], path: string, folder: string): Promise<void> {
  const packed = (await stat(path)).size
  let inflated = 0
  let compressed = 0
  for (const { entry } of entries) {
    inflated += entry.uncompressedSize
    compressed += entry.compressedSize
  }
  const overlapping = compressed > packed
  if (overlapping || (inflated > RATIO_COUNTS_FROM_BYTES && inflated > MAX_RATIO * packed)) {
    throw tooLarge(path, 'it would unpack to many times its size, as no scan does')
  }
  const { bavail, bsize } = await statfs(folder)
  if (inflated + SPARE_BYTES > bavail * bsize) {
    const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1)
    throw tooLarge(
      path,
      `it takes ${gigabytes(inflated)} GB, and ${gigabytes(bavail * bsize)} GB are free where temporary files go`,
    )
  }
}

/** Files of one folder stay together, as a header may name its data file; what may be in a name is kept of it. */
async function places(entries: readonly NamedEntry[], folder: string) {
  const folders = new Map<string, { path: string; taken: Set<string> }>()
  const placed: (NamedEntry & { target: string })[] = []
  for (const each of entries) {
    const at = each.name.lastIndexOf('/')
    const parent = each.name.slice(0, at + 1)
    let place = folders.get(parent)
    if (!place) {
      place = { path: join(folder, String(folders.size).padStart(5, '0')), taken: new Set() }
      folders.set(parent, place)
      await mkdir(place.path)
    }
    let base = each.name
      .slice(at + 1)
      .replace(/[^\w.\- ]/g, '_')
      .replace(/^\.+/, '_')
      .slice(-120)
    if (!base || place.taken.has(base.toLowerCase())) base = `${placed.length}-${base}`
    place.taken.add(base.toLowerCase())
    placed.push({ ...each, target: join(place.path, base) })
  }
  return placed
}

/** @returns whether what was packed came out: of the declared length, with the declared CRC-32 */
async function extract(
  zip: ZipFile,
  entry: Entry,
  target: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let crc = 0
  async function* checked(source: AsyncIterable<Uint8Array>) {
    for await (const chunk of source) {
      crc = crc32(chunk, crc)
      yield chunk
    }
  }
  try {
    const stream = await zip.openReadStreamPromise(entry)
    await pipeline(stream, checked, createWriteStream(target, { mode: 0o600 }), signal ? { signal } : {})
  } catch (error) {
    signal?.throwIfAborted()
    const code = (error as NodeJS.ErrnoException).code
    // The disk's errors are for the caller; zlib's (Z_…) and yauzl's tell of the archive.
    if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) throw error
    return false
  }
  return crc === entry.crc32
}

function encrypted(path: string): WorkstationError {
  return new WorkstationError(
    'input/zip-encrypted',
    `The ZIP file ${path} is protected by a password; unpack it with the password and open the folder.`,
  )
}

function tooLarge(path: string, why: string): WorkstationError {
  return new WorkstationError('input/zip-too-large', `The ZIP file ${path} is not unpacked: ${why}.`)
}

function asDamaged(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) return error
  return new WorkstationError(
    'input/damaged',
    `The ZIP file ${path} is damaged or cut short; copy it again.`,
    error,
  )
}
