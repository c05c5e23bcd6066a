import { accessSync, constants, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

const FOLDER = 'screener-workstation'

/** Where this user's programs keep what they can make again. */
export function cacheHome(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  if (platform === 'win32') return env.LOCALAPPDATA || join(home, 'AppData', 'Local')
  if (platform === 'darwin') return join(home, 'Library', 'Caches')
  return env.XDG_CACHE_HOME || join(home, '.cache')
}

/**
 * The environment with which Node keeps the compiled modules of the reading process, in a folder of this user's own:
 * with them it starts in a third of the time. The folder may be deleted at any time. Empty where there can be none, or
 * where the environment says already what Node is to do.
 *
 * The folder is made here, one level at a time: told to make a folder in a place where there can be none, such as
 * /proc, Node 24 tries for ever.
 */
export function compileCacheEnv(
  env: NodeJS.ProcessEnv = process.env,
  home: string = cacheHome(env),
): { NODE_COMPILE_CACHE?: string } {
  if (env.NODE_COMPILE_CACHE || env.NODE_DISABLE_COMPILE_CACHE) return {}
  const own = join(home, FOLDER)
  const folder = join(own, 'compiled')
  try {
    // Up to the parent of the caches' folder, which a new user has not got.
    accessSync(dirname(home), constants.F_OK)
    for (const path of [home, own, folder]) makeFolder(path)
    accessSync(folder, constants.W_OK)
    return { NODE_COMPILE_CACHE: folder }
  } catch {
    return {}
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
