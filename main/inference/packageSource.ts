import { createReadStream } from 'node:fs'
import { open, stat, statfs } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { WorkstationError } from '../errors.ts'
import { flushFolder } from '../processes/flush.ts'
import type { ModelManifest } from './manifest.ts'
import { parseManifest } from './package.ts'
import { openPackageZip } from './packageZip.ts'
import { packageFiles } from './tileOptions.ts'

/** A folder or ZIP that somebody says is a model package. Nothing in it is believed. */
export interface PackageSource {
  /** Bytes of a file of the package's own folder; undefined where there is none. */
  size(name: string): Promise<number | undefined>
  /**
   * Never more bytes than `size` said. Opened when the first chunk is asked for: a stream that fails while nobody
   * listens would end the process.
   */
  read(name: string): AsyncIterable<Uint8Array>
  close(): void
}

const MANIFEST = 'model.json'
const MAX_MANIFEST_BYTES = 2 ** 20
/** What protobuf can hold, and so the largest network in one file. */
const MAX_FILE_BYTES = 2 ** 31 - 1
/** Of the disk, left to others. */
const SPARE_BYTES = 256 * 2 ** 20

/** Kept beside the package where they are there: licences ask to travel with what they cover. */
const TEXTS = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'LICENCE', 'NOTICE', 'README.md', 'CITATION.cff']
const MAX_TEXT_BYTES = 2 ** 20

/**
 * Copies what the manifest of a package names, and nothing else, into an empty folder, and flushes it to disk.
 *
 * @param path a folder with a model.json, or a ZIP of one
 * @throws WorkstationError `model/…` for what is wrong with the package, `output/disk-full`, `output/write-failed`;
 *   what `signal` was aborted with
 */
export async function copyPackage(path: string, into: string, signal?: AbortSignal): Promise<void> {
  const source = await openSource(resolve(path))
  try {
    const { text, files, sizeBytes } = await contentsOf(source, path)
    for (const name of TEXTS) {
      const size = files.includes(name) ? undefined : await source.size(name)
      if (size !== undefined && size <= MAX_TEXT_BYTES) files.push(name)
    }
    await needRoom(into, sizeBytes)
    await writeDurably(join(into, MANIFEST), [text], signal)
    for (const name of files) {
      await writeDurably(join(into, name), source.read(name), signal).catch((error) => {
        throw isSystemError(error) || signal?.aborted || error instanceof WorkstationError
          ? error
          : damaged(path, name, error)
      })
    }
    await flushFolder(into)
  } catch (error) {
    throw asOutputError(error, into)
  } finally {
    source.close()
  }
}

/**
 * What a package says of itself and how large its files are together, without a byte being written. Whether the files
 * are what it says, and whether the network computes what it should, only an import shows.
 * @throws WorkstationError `model/…`
 */
export async function inspectPackage(path: string): Promise<{ manifest: ModelManifest; sizeBytes: number }> {
  const source = await openSource(resolve(path))
  try {
    const { manifest, sizeBytes } = await contentsOf(source, path)
    return { manifest, sizeBytes }
  } finally {
    source.close()
  }
}

interface Contents {
  /** The manifest as it stands in the package. */
  text: Buffer
  manifest: ModelManifest
  /** All that the manifest names. */
  files: string[]
  sizeBytes: number
}

async function contentsOf(source: PackageSource, path: string): Promise<Contents> {
  const manifestSize = await source.size(MANIFEST)
  if (manifestSize === undefined) throw notAPackage(path)
  if (manifestSize > MAX_MANIFEST_BYTES) throw tooLarge(path, MANIFEST)
  const text = await bytesOf(source.read(MANIFEST))
  const manifest = parseManifest(text, path)
  const files: string[] = []
  let sizeBytes = 0
  for (const { path: name } of packageFiles(manifest)) {
    const size = await source.size(name)
    if (size === undefined) {
      const sentence = `The model package ${manifest.name} is incomplete: its file ${name} is not in ${path}.`
      throw new WorkstationError('model/file-missing', sentence)
    }
    if (size > MAX_FILE_BYTES) throw tooLarge(path, name)
    files.push(name)
    sizeBytes += size
  }
  return { text, manifest, files, sizeBytes }
}

async function openSource(path: string): Promise<PackageSource> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory()) return folderSource(path)
  if (found?.isFile()) return openPackageZip(path)
  throw notAPackage(path)
}

function folderSource(folder: string): PackageSource {
  const sizes = new Map<string, number>()
  return {
    size: async (name) => {
      const found = await stat(join(folder, name)).catch(() => undefined)
      if (!found?.isFile()) return undefined
      sizes.set(name, found.size)
      return found.size
    },
    async *read(name) {
      yield* createReadStream(join(folder, name), { end: Math.max(0, sizes.get(name)! - 1) })
    },
    close: () => {},
  }
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function writeDurably(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of chunks) {
      signal?.throwIfAborted()
      await file.writeFile(chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

async function needRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bytes + SPARE_BYTES > bavail * bsize) throw diskFull(folder)
}

function diskFull(folder: string): WorkstationError {
  const sentence = `The disk that holds ${folder} has too little room for the model; free some space and try again.`
  return new WorkstationError('output/disk-full', sentence)
}

function isSystemError(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' && /^E[A-Z]+$/.test(code)
}

/** What the file system says, as the product says it. */
export function asOutputError(error: unknown, folder: string): unknown {
  if (!isSystemError(error)) return error
  if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return diskFull(folder)
  const sentence = `The folder ${folder} for models cannot be written: ${(error as Error).message}.`
  return new WorkstationError('output/write-failed', sentence, error)
}

function notAPackage(path: string): WorkstationError {
  const sentence = `${path} is neither a folder with a model.json nor a ZIP file of one.`
  return new WorkstationError('model/not-a-package', sentence)
}

function tooLarge(path: string, name: string): WorkstationError {
  const sentence = `The file ${name} of the model package ${basename(path)} is larger than such a file can be.`
  return new WorkstationError('model/too-large', sentence)
}

function damaged(path: string, name: string, error: unknown): WorkstationError {
  const sentence = `${path} is damaged: its file ${name} cannot be read; copy or download it again.`
  return new WorkstationError('model/damaged', sentence, error)
}
