import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { filesBelow } from '../imaging/inputs/files.ts'

const STATS_AT_ONCE = 64

/** Its voxels lie in a file beside it, under a name that only the header tells. */
const DETACHED_HEADER = /\.(nhdr|mhd)$/i

/**
 * Names, sizes and times of change of all files of a source, as one SHA-256: two equal ones mean that what was read
 * from it is still what it holds. Undefined where a part of the source cannot be found or listed.
 * @param inputs absolute paths of files and folders
 */
export async function fingerprint(inputs: readonly string[]): Promise<string | undefined> {
  try {
    const files: string[] = []
    for (const input of inputs) {
      if ((await stat(input)).isDirectory()) for await (const { path } of filesBelow(input)) files.push(path)
      else if (DETACHED_HEADER.test(input)) files.push(...(await filesIn(dirname(input))))
      else files.push(input)
    }
    files.sort()
    const hash = createHash('sha256')
    for (let at = 0; at < files.length; at += STATS_AT_ONCE) {
      const lines = files.slice(at, at + STATS_AT_ONCE).map(async (path) => {
        const { size, mtimeMs } = await stat(path)
        return `${JSON.stringify(path)} ${size} ${mtimeMs}\n`
      })
      hash.update((await Promise.all(lines)).join(''))
    }
    return hash.digest('hex')
  } catch {
    return undefined
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name))
}
