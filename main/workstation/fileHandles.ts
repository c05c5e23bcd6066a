import { randomBytes } from 'node:crypto'
import { mkdir, readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path'
import type { FileHandle, FolderListing } from '../../preload/records.ts'
import { WorkstationError } from '../errors.ts'
import { asOutputError } from '../exporting/outputError.ts'

type Entry = FolderListing['entries'][number]

/** Files of a folder that are asked about at once. */
const STATS_AT_ONCE = 64

const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

/**
 * The files and folders the user chose, by opaque handles, so that the window never names a path. Handles are given
 * for what a dialog, a drop or an upload names, and for what lies in the allowed roots once every link is followed.
 */
export class FileHandles {
  readonly #roots: string[]
  /** Chosen in an earlier start; each for itself, without what lies in it. */
  readonly #chosenBefore: readonly string[]
  readonly #paths = new Map<string, string>()
  readonly #handles = new Map<string, string>()
  /** Stands for the list of all roots. */
  readonly #top: FileHandle

  private constructor(roots: string[], chosenBefore: readonly string[]) {
    this.#roots = roots
    this.#chosenBefore = chosenBefore
    this.#top = this.grant('')
  }

  /**
   * @param roots absolute folders; those that are not there are left out
   * @param chosenBefore absolute paths that the user chose in a dialog of an earlier start
   */
  static async create(roots: readonly string[], chosenBefore: readonly string[] = []): Promise<FileHandles> {
    const real = await Promise.all(roots.map((root) => realpath(root).catch(() => undefined)))
    return new FileHandles([...new Set(real.filter((root) => root !== undefined))], chosenBefore)
  }

  /** A handle for a path that the user gave by a dialog, a drop or an upload; the same one for the same path. */
  grant(path: string): FileHandle {
    let handle = this.#handles.get(path)
    if (!handle) {
      handle = randomBytes(24).toString('base64url')
      this.#handles.set(path, handle)
      this.#paths.set(handle, path)
    }
    return { handle, name: basename(path) || path }
  }

  /** @throws WorkstationError `usage/handle` for a handle that was never given */
  path(handle: string): string {
    const path = this.#paths.get(handle)
    if (path) return path
    const sentence =
      'This file or folder is no longer known, for the program was started again. Choose it again.'
    throw new WorkstationError('usage/handle', sentence)
  }

  /**
   * The folders, then the files of a folder in the roots, each by name; hidden ones, and links that lead out of the
   * roots, are left out. All roots for null.
   * @throws WorkstationError `usage/outside-roots`, `input/not-found`, `input/unreadable`
   */
  async list(handle: string | null): Promise<FolderListing> {
    if (handle === null || handle === this.#top.handle) return this.#listRoots()
    const folder = await this.#inRoots(this.path(handle))
    const names = await readdir(folder).catch((error) => Promise.reject(unreadable(folder, error)))
    const visible = names.filter((name) => !name.startsWith('.'))
    const entries: Entry[] = []
    for (let at = 0; at < visible.length; at += STATS_AT_ONCE) {
      const some = visible.slice(at, at + STATS_AT_ONCE)
      const found = await Promise.all(some.map((name) => this.#entry(join(folder, name), name)))
      entries.push(...found.filter((entry) => entry !== undefined))
    }
    entries.sort(
      (a, b) => Number(a.kind === 'file') - Number(b.kind === 'file') || byName.compare(a.name, b.name),
    )
    const parent = this.#roots.includes(folder) ? null : this.grant(dirname(folder))
    return { folder: this.grant(folder), path: folder, parent, entries }
  }

  /** A path that the user typed, or chose in an earlier start. @throws as `list` */
  async resolve(typed: string): Promise<FileHandle> {
    const path = typed.trim()
    if (!isAbsolute(path))
      throw new WorkstationError('usage/relative-path', 'Type the whole path, from the top of the disk.')
    if (this.#chosenBefore.includes(path)) return this.grant(path)
    return this.grant(await this.#inRoots(path))
  }

  /** @throws as `list`; `usage/folder-name`; `output/exists`, `output/…` where it cannot be made */
  async makeFolder(parent: string, name: string): Promise<FileHandle> {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be in a name
    if (name.trim() === '' || name.startsWith('.') || /[/\\\u0000-\u001f]/.test(name))
      throw new WorkstationError('usage/folder-name', `A folder cannot be named ${JSON.stringify(name)}.`)
    const path = join(await this.#inRoots(this.path(parent)), name)
    await mkdir(path).catch((error) => {
      if (error.code === 'EEXIST')
        throw new WorkstationError('output/exists', `There is already something named ${name}.`, error)
      throw asOutputError(error, path)
    })
    return this.grant(path)
  }

  async #listRoots(): Promise<FolderListing> {
    const entries = await Promise.all(this.#roots.map((root) => this.#entry(root, root)))
    return {
      folder: this.#top,
      path: '',
      parent: null,
      entries: entries.filter((entry) => entry !== undefined),
    }
  }

  /** Undefined for what is no file or folder, is gone, or leads out of the roots. */
  async #entry(path: string, name: string): Promise<Entry | undefined> {
    try {
      const real = await realpath(path)
      const found = await stat(real)
      if (!this.#allowed(real) || !(found.isDirectory() || found.isFile())) return undefined
      const kind = found.isDirectory() ? 'folder' : 'file'
      const sizeBytes = kind === 'file' ? found.size : 0
      return { handle: this.grant(real).handle, name, kind, sizeBytes, modifiedAt: found.mtime.toISOString() }
    } catch {
      return undefined
    }
  }

  /** The path with every link followed. */
  async #inRoots(path: string): Promise<string> {
    const real = await realpath(path).catch((error) => error as NodeJS.ErrnoException)
    // What lies outside is refused whether it exists or not: the answer must not say which.
    if (!(real instanceof Error) && this.#allowed(real)) return real
    if (real instanceof Error && this.#allowed(path)) throw unreadable(path, real)
    const roots = this.#roots.join(', ')
    throw new WorkstationError(
      'usage/outside-roots',
      roots === ''
        ? 'Folders can only be chosen in a dialog of the system.'
        : `Only files and folders in ${roots} can be opened here.`,
    )
  }

  #allowed(path: string): boolean {
    return this.#roots.some((root) => {
      const way = relative(root, path)
      return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
    })
  }
}

function unreadable(path: string, error: NodeJS.ErrnoException): WorkstationError {
  if (error.code === 'ENOENT')
    return new WorkstationError('input/not-found', `There is no file or folder ${path}.`, error)
  if (error.code === 'ENOTDIR')
    return new WorkstationError('input/not-a-folder', `${path} is not a folder.`, error)
  const denied = error.code === 'EACCES' || error.code === 'EPERM'
  const sentence = denied ? `${path} cannot be read: access is denied.` : `${path} cannot be read.`
  return new WorkstationError('input/unreadable', sentence, error)
}
