import { randomUUID } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { WarningRecord } from '../../preload/records.ts'
import type { Library } from '../library/types.ts'
import { importFolder } from './addSeries.ts'
import { type DataFolder, foldersIn } from './dataFolder.ts'

/** What `openDatabase` names a library that it sets aside. */
const SET_ASIDE = /^library-damaged-/

/** Every id of the library, and every folder of an upload, is a UUID: what has another name is somebody else's. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Names of folders that another library left; no key that the contract lets a window set. */
const KEPT = '@keptFolders'

/** The same word in the library and in a file beside it: where they differ, another library was used here last. */
const LAST_START = '@lastStart'
const LAST_START_FILE = 'last-start'

/**
 * Removes, at start, what no record of the library refers to any more: voxels of series that were removed, results of
 * runs that were, and uploads of which nothing was added, left where a process ended or a disk refused in the middle.
 *
 * Results and uploads have no other copy. They stay while a damaged library lies aside, for it may be mended. What an
 * empty library finds was another's, which somebody moved or deleted, and so was what one finds that was put in its
 * place since, such as an older copy: that stays for good.
 *
 * @returns a sentence about what was another library's, where there is any
 * @throws WorkstationError what the library's lists throw; nothing is removed then
 */
export async function reclaim(
  { path, cache, imports }: DataFolder,
  library: Library,
): Promise<WarningRecord | undefined> {
  const series = new Set(library.listSeries().map(({ id }) => id))
  const runs = new Set(library.listRuns().map(({ id }) => id))
  const uploads = new Set<string>()
  for (const id of series)
    for (const input of library.getSeries(id)?.source.inputs ?? []) {
      const folder = importFolder(imports, input)
      if (folder !== undefined) uploads.add(basename(folder))
    }
  await remove(await othersIn(cache, series))
  if ((await readdir(path)).some((name) => SET_ASIDE.test(name))) return undefined

  const isOthers = series.size === 0 || !(await wasHereLast(path, library))
  const results = join(path, 'runs')
  const others = [...(await othersIn(results, runs)), ...(await othersIn(imports, uploads))]
  const before = library.settings()[KEPT]
  const known = new Set(Array.isArray(before) ? before : [])
  const isKept = (folder: string) => isOthers || known.has(basename(folder))
  const kept = others.filter(isKept)
  if (kept.length > 0 || known.size > 0)
    library.setSetting(
      KEPT,
      kept.map((folder) => basename(folder)),
    )
  await remove(others.filter((folder) => !isKept(folder)))
  // The file last: where the program ends in between, the worst is that leftovers stay.
  const word = randomUUID()
  library.setSetting(LAST_START, word)
  await writeFile(join(path, LAST_START_FILE), word).catch(() => {})
  const keptIn = (parent: string) => kept.filter((folder) => folder === join(parent, basename(folder))).length
  return kept.length > 0 ? unclaimed(keptIn(results), results, keptIn(imports), imports) : undefined
}

/** True where nobody knows: earlier versions left no word. */
async function wasHereLast(path: string, library: Library): Promise<boolean> {
  const word = await readFile(join(path, LAST_START_FILE), 'utf8').catch(() => undefined)
  return word === undefined || word === library.settings()[LAST_START]
}

async function othersIn(parent: string, wanted: ReadonlySet<string>): Promise<string[]> {
  const folders = await foldersIn(parent)
  return folders.filter((folder) => UUID.test(basename(folder)) && !wanted.has(basename(folder)))
}

async function remove(folders: readonly string[]): Promise<void> {
  // What something holds open wastes room until the next start.
  for (const folder of folders) await rm(folder, { recursive: true, force: true }).catch(() => {})
}

function unclaimed(runs: number, runsFolder: string, uploads: number, uploadsFolder: string): WarningRecord {
  const counted = (count: number, what: string, folder: string) =>
    count === 0 ? [] : [`${count} ${what}${count === 1 ? '' : 's'} (in ${folder})`]
  const what = [
    ...counted(runs, 'screening result', runsFolder),
    ...counted(uploads, 'uploaded scan', uploadsFolder),
  ]
  const one = runs + uploads === 1
  return {
    code: 'output/unclaimed-data',
    message: `${what.join(' and ')} ${one ? 'belongs' : 'belong'} to no library and ${one ? 'was' : 'were'} left where ${one ? 'it is' : 'they are'}.`,
    values: { runs, runsFolder, uploads, uploadsFolder },
  }
}
