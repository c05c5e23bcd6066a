import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { WorkstationError } from '../errors.ts'
import { filesBelow } from '../imaging/inputs/files.ts'

/** What lies where in the user-data folder. The library has its database and the runs beside these. */
export interface DataFolder {
  path: string
  /** Voxels of series, made again where they are missing. */
  cache: string
  /** What runs write until they are done; on the disk of the results, so that they can be moved there whole. */
  work: string
  /** Files on their way in from a browser; gone when the host ends. */
  uploads: string
  /** Uploaded files that the library refers to. */
  imports: string
  sample: string
}

/** Makes the folders, and removes what an earlier start, ended by force, left on the way. */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const at = (name: string) => join(path, name)
  const folder: DataFolder = {
    path,
    cache: at('cache'),
    work: at('work'),
    uploads: at('uploads'),
    imports: at('imports'),
    sample: at('sample'),
  }
  for (const passing of [folder.work, folder.uploads]) await rm(passing, { recursive: true, force: true })
  for (const lasting of [folder.cache, folder.work, folder.uploads, folder.imports])
    await mkdir(lasting, { recursive: true, mode: 0o700 })
  return folder
}

/** Folders directly in `folder`. */
export async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name))
}

export async function diskUsedBytes(folder: string): Promise<number> {
  let bytes = 0
  for await (const { path } of filesBelow(folder))
    bytes += await stat(path).then(
      ({ size }) => size,
      () => 0,
    )
  return bytes
}

/** @throws WorkstationError `output/disk-full` where so much more does not fit on the disk of `folder` */
export async function needRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < bytes) throw diskFull(folder, bytes, bavail * bsize)
}

export function diskFull(folder: string, neededBytes?: number, freeBytes?: number): WorkstationError {
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`
  const amounts =
    neededBytes === undefined || freeBytes === undefined
      ? undefined
      : { free: megabytes(freeBytes), needed: megabytes(neededBytes) }
  const needed = amounts ? `: ${amounts.free} are free and ${amounts.needed} are needed` : ''
  return new WorkstationError(
    'output/disk-full',
    `The disk that holds the library (${folder}) is full${needed}. Free some space, or remove series from the library, and try again.`,
    undefined,
    { folder, ...amounts },
  )
}
