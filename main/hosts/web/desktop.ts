import { spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { WorkstationError } from '../../errors.ts'

/** What this computer offers a program without a window of its own: the browser and the file manager. */

/** A seat with a screen; a server reached over a network has none. */
export function hasDesktop(platform = process.platform, env: NodeJS.ProcessEnv = process.env): boolean {
  if (platform === 'win32' || platform === 'darwin') return !env.SSH_CONNECTION
  return Boolean(env.DISPLAY || env.WAYLAND_DISPLAY)
}

/** The program and its arguments that open a URL or a folder. No shell reads them. */
export function openCommand(target: string, platform = process.platform): [string, string[]] {
  if (platform === 'win32') return ['explorer.exe', [target]]
  return platform === 'darwin' ? ['open', [target]] : ['xdg-open', [target]]
}

/** Resolves once the program was started; whether it does anything is up to it. */
export function openOnDesktop(target: string): Promise<void> {
  const [program, args] = openCommand(target)
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'ignore', detached: true })
    child.once('error', reject).once('spawn', () => {
      child.unref()
      resolve()
    })
  })
}

/**
 * Opens the folder, or the one the file lies in.
 * @throws WorkstationError `input/not-found`, `usage/cannot-show`
 */
export async function showInFolder(path: string, open = openOnDesktop): Promise<void> {
  const found = await stat(path).catch((error) => {
    throw new WorkstationError('input/not-found', `${path} is no longer there.`, error)
  })
  await open(found.isDirectory() ? path : dirname(path)).catch((error) => {
    const sentence = `No program to show folders was found on this computer. The files are in ${path}.`
    throw new WorkstationError('usage/cannot-show', sentence, error)
  })
}
