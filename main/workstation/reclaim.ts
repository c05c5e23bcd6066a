import { readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Library } from '../library/types.ts'
import { importFolder } from './addSeries.ts'
import { type DataFolder, foldersIn } from './dataFolder.ts'

/** What `openDatabase` names a library that it sets aside. */
const SET_ASIDE = /^library-damaged-/

/** Every id of the library, and every folder of an upload, is a UUID: what has another name is somebody else's. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Removes, at start, what no record of the library refers to any more: voxels of series that were removed, results of
 * runs that were, and uploads of which nothing was added, left where a process ended or a disk refused in the middle.
 * While a damaged library lies aside, results and uploads stay: it may be mended, and they have no other copy.
 *
 * @throws WorkstationError what the library's lists throw; nothing is removed then
 */
export async function reclaim({ path, cache, imports }: DataFolder, library: Library): Promise<void> {
  const series = new Set(library.listSeries().map(({ id }) => id))
  const runs = new Set(library.listRuns().map(({ id }) => id))
  const uploads = new Set<string>()
  for (const id of series)
    for (const input of library.getSeries(id)?.source.inputs ?? []) {
      const folder = importFolder(imports, input)
      if (folder !== undefined) uploads.add(basename(folder))
    }
  await removeOthers(cache, series)
  if ((await readdir(path)).some((name) => SET_ASIDE.test(name))) return
  await removeOthers(join(path, 'runs'), runs)
  await removeOthers(imports, uploads)
}

async function removeOthers(parent: string, wanted: ReadonlySet<string>): Promise<void> {
  for (const folder of await foldersIn(parent)) {
    const name = basename(folder)
    // What something holds open wastes room until the next start.
    if (UUID.test(name) && !wanted.has(name))
      await rm(folder, { recursive: true, force: true }).catch(() => {})
  }
}
