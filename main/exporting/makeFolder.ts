import { mkdir, rmdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes `dir` and the folders above it where they are missing. One by one, and not by Node's `recursive`, which never
 * returns where a folder exists and none can be made in it for want of a disk (ENOENT: /proc, an unmounted drive).
 *
 * @returns the outermost folder that was made; undefined where `dir` was there
 * @throws the system's error (ENOENT, EACCES, …); nothing is left then
 */
export async function makeFolder(dir: string): Promise<string | undefined> {
  const missing: string[] = []
  for (let at = resolve(dir); !(await isFolder(at)); at = dirname(at)) {
    missing.unshift(at)
    if (at === dirname(at)) break
  }
  const made: string[] = []
  for (const folder of missing) {
    try {
      await mkdir(folder)
      made.unshift(folder)
    } catch (error) {
      // Another program may have made it in between; a file of that name is still an error.
      if (await isFolder(folder)) continue
      for (const mine of made) await rmdir(mine).catch(() => undefined)
      throw error
    }
  }
  return made.at(-1)
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
