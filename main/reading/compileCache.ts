import { homedir } from 'node:os'
import { join } from 'node:path'

const FOLDER = 'screener-workstation'

/**
 * Where Node keeps the compiled modules of the reading process, in this user's own cache folder: with them it starts in
 * a third of the time. The folder may be deleted at any time; where it cannot be written, Node goes without it.
 */
export function compileCacheFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  // Whoever set it for all of Node meant it for this too.
  if (env.NODE_COMPILE_CACHE) return env.NODE_COMPILE_CACHE
  if (platform === 'win32') {
    return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), FOLDER, 'compiled')
  }
  if (platform === 'darwin') return join(home, 'Library', 'Caches', FOLDER, 'compiled')
  return join(env.XDG_CACHE_HOME || join(home, '.cache'), FOLDER, 'compiled')
}
