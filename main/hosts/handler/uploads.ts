import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rm, statfs } from 'node:fs/promises'
import { dirname, join, parse } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { FileHandle } from '../../../preload/records.ts'
import { WorkstationError } from '../../errors.ts'
import { asOutputError } from '../../exporting/outputError.ts'
import type { Workstation } from '../../workstation/types.ts'
import { safeSegments } from './uploadPath.ts'

export interface UploadLimits {
  maxFileBytes: number
  maxFiles: number
  /** What must stay free on the disk for runs and the library. */
  reserveBytes: number
}

const GIB = 1024 ** 3
/** The largest CT studies are some tens of GB; hundreds of thousands of files are a whole archive. */
const LIMITS: UploadLimits = { maxFileBytes: 64 * GIB, maxFiles: 200_000, reserveBytes: GIB }

interface Upload {
  folder: string
  files: number
}

/** Files that a browser sends, gathered by drop into a folder that the workstation gives and takes away. */
export class Uploads {
  readonly #workstation: Workstation
  readonly #limits: UploadLimits
  readonly #uploads = new Map<string, Upload>()

  constructor(workstation: Workstation, limits: Partial<UploadLimits> = {}) {
    this.#workstation = workstation
    this.#limits = { ...LIMITS, ...limits }
  }

  async start(): Promise<string> {
    const id = randomUUID()
    this.#uploads.set(id, { folder: await this.#workstation.uploadFolder(), files: 0 })
    return id
  }

  /**
   * Stores one file at its place in the drop.
   *
   * @throws WorkstationError `usage/upload` (unknown upload, path that leaves it), `input/too-large`,
   *   `input/cut-short`, `output/…` for what the disk refuses
   */
  async put(id: string, path: string, sizeBytes: number, body: ReadableStream<Uint8Array>): Promise<void> {
    const upload = this.#get(id)
    const segments = safeSegments(path)
    const { maxFileBytes, maxFiles, reserveBytes } = this.#limits
    if (sizeBytes > maxFileBytes) throw tooLarge(`${sizeBytes} bytes`)
    if (++upload.files > maxFiles) throw tooLarge(`more than ${maxFiles} files`)
    const disk = await statfs(upload.folder)
    if (disk.bavail * disk.bsize - sizeBytes < reserveBytes)
      throw diskFull(`${sizeBytes} bytes for ${path}; ${disk.bavail * disk.bsize} bytes free`)
    const target = join(upload.folder, ...segments)
    try {
      await mkdir(dirname(target), { recursive: true })
      await writeNew(target, sizeBytes, body)
    } catch (error) {
      const known = asOutputError(error, path)
      // Others write as well, and may have been quicker.
      throw (known as WorkstationError).code === 'output/disk-full' ? diskFull(error) : known
    }
  }

  /** The single file or folder that was dropped, or the folder that holds all of them. */
  async finish(id: string): Promise<FileHandle> {
    const { folder } = this.#get(id)
    this.#uploads.delete(id)
    const names = await readdir(folder)
    if (names.length === 0)
      throw new WorkstationError('input/nothing-dropped', 'Nothing was dropped that can be read.')
    return this.#workstation.grantPath(names.length === 1 ? join(folder, names[0]) : folder)
  }

  async cancel(id: string): Promise<void> {
    const { folder } = this.#get(id)
    this.#uploads.delete(id)
    await rm(folder, { recursive: true, force: true })
  }

  #get(id: string): Upload {
    const upload = this.#uploads.get(id)
    if (!upload)
      throw new WorkstationError('usage/upload', 'These files were not expected; drop them again.', id)
    return upload
  }
}

/** Names that differ only in what a file system cannot hold get a number. */
const MAX_NAMESAKES = 100

async function writeNew(target: string, sizeBytes: number, body: ReadableStream<Uint8Array>): Promise<void> {
  const { dir, name, ext } = parse(target)
  for (let n = 1; ; n++) {
    const path = n === 1 ? target : join(dir, `${name} (${n})${ext}`)
    const file = createWriteStream(path, { flags: 'wx', mode: 0o600 })
    try {
      await new Promise<void>((resolve, reject) => file.once('open', () => resolve()).once('error', reject))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST' && n < MAX_NAMESAKES) continue
      throw error
    }
    try {
      await pipeline(Readable.fromWeb(body as never), exactly(sizeBytes), file)
    } catch (error) {
      await rm(path, { force: true })
      // What the disk says has a name of the system; a connection that breaks has one of Node's own.
      const ofDisk = (error as NodeJS.ErrnoException).syscall !== undefined
      throw error instanceof WorkstationError || (ofDisk && !isConnection(error)) ? error : cutShort(error)
    }
    return
  }
}

function isConnection(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'ECONNABORTED'].includes((error as NodeJS.ErrnoException).code ?? '')
}

/** Passes on exactly as many bytes as were announced. */
function exactly(sizeBytes: number): Transform {
  let seen = 0
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      seen += chunk.length
      if (seen > sizeBytes) done(tooLarge('more bytes than announced'))
      else done(null, chunk)
    },
    flush(done) {
      done(seen === sizeBytes ? null : cutShort(`${seen} of ${sizeBytes} bytes`))
    },
  })
}

function tooLarge(detail: string): WorkstationError {
  return new WorkstationError(
    'input/too-large',
    'The dropped files are too large to be sent; open them from a folder instead.',
    detail,
  )
}

function diskFull(detail: unknown): WorkstationError {
  const sentence = 'There is not enough free disk space for the dropped files.'
  return new WorkstationError('output/disk-full', sentence, detail)
}

function cutShort(detail: unknown): WorkstationError {
  return new WorkstationError(
    'input/cut-short',
    'A dropped file did not arrive whole; drop it again.',
    detail,
  )
}
