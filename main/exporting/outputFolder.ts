import { randomBytes } from 'node:crypto'
import { lstat, open, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { WorkstationError } from '../errors.ts'
import { flush, flushFolder } from '../processes/flush.ts'
import { makeFolder } from './makeFolder.ts'
import { asOutputError, PARTIAL_PREFIX as PREFIX } from './outputError.ts'

/**
 * A folder of results that appear together or not at all. Files are written under temporary names in the
 * destination itself (so that the rename never crosses a disk), flushed, and renamed at commit. Until then an
 * earlier run's results stay as they are.
 */
export interface OutputFolder {
  readonly dir: string
  /** Where to write the result called `name` (a plain file name; its extension is kept) before the commit. */
  path(name: string): string
  /**
   * Writes a result of text.
   * @throws WorkstationError output/disk-full, output/not-writable, output/failed
   */
  write(name: string, text: string): Promise<void>
  /** Says that this run has no such result: at commit an earlier run's file of that name is removed. */
  absent(name: string): void
  /**
   * Flushes every file to disk, then gives each its own name, in the order asked for. A name that was asked for
   * and never written counts as absent. On failure the temporary files are removed.
   * @throws WorkstationError output/disk-full, output/not-writable, output/failed
   */
  commit(): Promise<void>
  /** Removes what was written, and the folder if this run made it. Does nothing once the results are in place. */
  discard(): Promise<void>
}

/** A run killed outright cannot clean up after itself; the next run does, once no run can still be writing. */
const STALE_AFTER_MS = 24 * 3600 * 1000

/**
 * Opens `dir` for results, making it where it is missing, and proves that it can be written.
 * @throws WorkstationError output/not-writable, output/disk-full, output/failed
 */
export async function createOutput(dir: string): Promise<OutputFolder> {
  const root = resolve(dir)
  let firstMade: string | undefined
  try {
    firstMade = await makeFolder(root)
    await prove(root)
  } catch (error) {
    await removeMadeFolders(root, firstMade)
    throw asOutputError(error, dir)
  }
  await removeStale(root)
  return new Folder(root, firstMade)
}

class Folder implements OutputFolder {
  readonly dir: string
  readonly #firstMade: string | undefined
  readonly #token = `${process.pid}-${randomBytes(4).toString('hex')}`
  readonly #written = new Map<string, string>()
  readonly #absent = new Set<string>()
  #state: 'open' | 'committing' | 'committed' | 'discarded' = 'open'
  #commit: Promise<void> | undefined

  constructor(dir: string, firstMade: string | undefined) {
    this.dir = dir
    this.#firstMade = firstMade
  }

  path(name: string): string {
    this.#mustBeOpen(name)
    this.#absent.delete(name)
    const temporary = join(this.dir, `${PREFIX}${this.#token}-${name}`)
    this.#written.set(name, temporary)
    return temporary
  }

  async write(name: string, text: string): Promise<void> {
    const temporary = this.path(name)
    await writeFile(temporary, text).catch((error) => {
      throw asOutputError(error, temporary)
    })
  }

  absent(name: string): void {
    this.#mustBeOpen(name)
    if (!this.#written.has(name)) this.#absent.add(name)
  }

  commit(): Promise<void> {
    if (this.#state !== 'open') throw new Error(`The output folder is already ${this.#state}.`)
    this.#state = 'committing'
    this.#commit = this.#replace().then(
      () => {
        this.#state = 'committed'
      },
      async (error) => {
        await this.#clean()
        throw asOutputError(error, this.dir)
      },
    )
    return this.#commit
  }

  async discard(): Promise<void> {
    // Half of a set of renames is the one state nobody wants: a commit that has begun is carried through.
    if (this.#state === 'committing') await this.#commit?.catch(() => undefined)
    if (this.#state === 'open') await this.#clean()
  }

  async #replace(): Promise<void> {
    const present: [string, string][] = []
    for (const [name, temporary] of this.#written) {
      if (await exists(temporary)) present.push([temporary, join(this.dir, name)])
      else this.#absent.add(name)
    }
    // Everything that can fail is tried before the first result is replaced.
    for (const [temporary, final] of present) {
      await flush(temporary)
      await mustNotBeFolder(final)
    }
    for (const [temporary, final] of present) await rename(temporary, final)
    for (const name of this.#absent) await rm(join(this.dir, name), { force: true })
    await flushFolder(this.dir)
  }

  async #clean(): Promise<void> {
    this.#state = 'discarded'
    for (const temporary of this.#written.values())
      await rm(temporary, { force: true }).catch(() => undefined)
    await removeMadeFolders(this.dir, this.#firstMade)
  }

  #mustBeOpen(name: string): void {
    if (this.#state !== 'open') throw new Error(`${name}: the output folder is already ${this.#state}.`)
    if (name === '' || name !== basename(name) || name.startsWith('.')) {
      throw new Error(`Not a plain file name: ${name}`)
    }
  }
}

/** Access rights say little on network disks and for administrators: only writing proves that one can write. */
async function prove(dir: string): Promise<void> {
  const probe = join(dir, `${PREFIX}${process.pid}-${randomBytes(4).toString('hex')}-probe`)
  try {
    const handle = await open(probe, 'wx')
    try {
      await handle.write('x')
    } finally {
      await handle.close()
    }
  } finally {
    await rm(probe, { force: true }).catch(() => undefined)
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function mustNotBeFolder(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isDirectory()) {
    throw new WorkstationError('output/not-writable', `Cannot write ${path}: a folder has that name.`)
  }
}

/** Removes the folders this run made, from the inside out, as long as they are empty. */
async function removeMadeFolders(dir: string, firstMade: string | undefined): Promise<void> {
  if (firstMade === undefined) return
  const top = resolve(firstMade)
  for (let folder = dir; folder.length >= top.length; folder = dirname(folder)) {
    try {
      await rmdir(folder)
    } catch {
      return
    }
  }
}

async function removeStale(dir: string): Promise<void> {
  const now = Date.now()
  const names = await readdir(dir).catch(() => [])
  for (const name of names.filter((n) => n.startsWith(PREFIX))) {
    const path = join(dir, name)
    const found = await lstat(path).catch(() => undefined)
    if (found?.isFile() && now - found.mtimeMs > STALE_AFTER_MS) {
      await rm(path, { force: true }).catch(() => undefined)
    }
  }
}
