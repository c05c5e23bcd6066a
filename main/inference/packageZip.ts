import { open, stat } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import yauzl, { type Entry, type ZipFile } from 'yauzl'
import { WorkstationError } from '../errors.ts'
import type { PackageSource } from './packageSource.ts'

/** A package has five files; one with its training notes a hundred. */
const MAX_ENTRIES = 1000
/** Weights hardly shrink; what inflates more than this, and much, is a bomb. */
const MAX_RATIO = 250
const RATIO_COUNTS_FROM_BYTES = 64 * 2 ** 20

/**
 * A package in a ZIP: its files lie at the top, or together in one folder. Names in the archive only find entries, they
 * are never paths; an entry gives the bytes that it declares and that its CRC-32 fits, or an error.
 *
 * @throws WorkstationError `model/not-a-package`, `model/zip-…`
 */
export async function openPackageZip(path: string): Promise<PackageSource> {
  if (!(await startsLikeZip(path))) {
    const sentence = `${path} is neither a folder with a model.json nor a ZIP file of one.`
    throw new WorkstationError('model/not-a-package', sentence)
  }
  const zip = await yauzl
    .openPromise(path, { lazyEntries: true, autoClose: false, decodeStrings: false })
    .catch((error) => Promise.reject(asDamaged(path, error)))
  try {
    const entries = inPackageFolder(await entriesOf(zip, path), path)
    await refuseBomb([...entries.values()], path)
    return {
      size: async (name) => entries.get(name)?.uncompressedSize,
      read: (name) => checked(zip, entries.get(name)!, path),
      close: () => zip.close(),
    }
  } catch (error) {
    zip.close()
    throw error
  }
}

async function startsLikeZip(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.equals(Buffer.from('PK\x03\x04', 'latin1'))
  } finally {
    await file.close()
  }
}

async function entriesOf(zip: ZipFile, path: string): Promise<Map<string, Entry>> {
  const refuse = (code: 'zip-too-large' | 'zip-method' | 'zip-ambiguous', why: string): never => {
    throw new WorkstationError(`model/${code}`, `The ZIP file ${path} is not imported: ${why}.`)
  }
  if (zip.entryCount > MAX_ENTRIES)
    refuse('zip-too-large', `it lists ${zip.entryCount} files, as no model does`)
  const entries = new Map<string, Entry>()
  try {
    for await (const entry of zip.eachEntry()) {
      const { generalPurposeBitFlag, fileNameRaw, extraFields } = entry
      const name = yauzl
        .getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false)
        .replaceAll('\\', '/')
      const type = (entry.externalFileAttributes >>> 16) & 0o170000
      const isFile = !name.endsWith('/') && (type === 0 || type === 0o100000)
      if (!isFile || /(^|\/)(__MACOSX\/|\._)/.test(name)) continue
      if (entry.isEncrypted())
        refuse('zip-method', 'it is protected by a password; unpack it and import the folder')
      if (!entry.canDecodeFileData())
        refuse('zip-method', `${name} is packed by a method that is not known here`)
      if (entries.has(name)) refuse('zip-ambiguous', `it lists ${name} twice`)
      entries.set(name, entry)
    }
  } catch (error) {
    throw error instanceof WorkstationError ? error : asDamaged(path, error)
  }
  return entries
}

/** The entries beside the one model.json, by their names there. */
function inPackageFolder(entries: Map<string, Entry>, path: string): Map<string, Entry> {
  const folders = [...entries.keys()]
    .filter((name) => /^([^/]+\/)?model\.json$/.test(name))
    .map((name) => name.slice(0, -'model.json'.length))
  const folder = folders.includes('') ? '' : folders[0]
  if (folder === undefined || (folder !== '' && folders.length > 1)) {
    const what =
      folder === undefined
        ? 'no model.json at its top or in a folder there'
        : 'several models; unpack it and import one'
    throw new WorkstationError('model/not-a-package', `The ZIP file ${path} holds ${what}.`)
  }
  return new Map(
    [...entries]
      .filter(([name]) => name.startsWith(folder))
      .map(([name, entry]) => [name.slice(folder.length), entry]),
  )
}

/** Bombs are big for their size, or list the same bytes again and again. */
async function refuseBomb(entries: readonly Entry[], path: string): Promise<void> {
  const packed = (await stat(path)).size
  const sum = (of: (entry: Entry) => number) => entries.reduce((total, entry) => total + of(entry), 0)
  const inflated = sum((entry) => entry.uncompressedSize)
  const overlapping = sum((entry) => entry.compressedSize) > packed
  if (!overlapping && (inflated < RATIO_COUNTS_FROM_BYTES || inflated <= MAX_RATIO * packed)) return
  throw new WorkstationError(
    'model/zip-too-large',
    `The ZIP file ${path} is not imported: it would unpack to many times its size, as no model does.`,
  )
}

/** yauzl sees to the length; what the bytes are is for the CRC. */
async function* checked(zip: ZipFile, entry: Entry, path: string): AsyncGenerator<Uint8Array> {
  let crc = 0
  try {
    for await (const chunk of await zip.openReadStreamPromise(entry)) {
      crc = crc32(chunk, crc)
      yield chunk
    }
  } catch (error) {
    throw asDamaged(path, error)
  }
  if (crc !== entry.crc32) throw asDamaged(path, new Error('CRC-32 differs'))
}

function asDamaged(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) return error
  const sentence = `The ZIP file ${path} is damaged or cut short; copy or download it again.`
  return new WorkstationError('model/damaged', sentence, error)
}
