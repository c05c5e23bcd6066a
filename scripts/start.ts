import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WorkstationError } from '../main/errors.ts'
import { parseWindowOptions } from '../main/hosts/windowOptions.ts'
import { build, type PartName } from './build.ts'

/** `npm start`: the workstation in Electron where its program is installed, in the local browser otherwise. */

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PROGRAM = { win32: 'electron.exe', darwin: 'Electron.app/Contents/MacOS/Electron' } as Record<
  string,
  string
>

/** Electron's program. Looked for in both places it can be, and never fetched: that would need a network. */
function findElectron(): string | undefined {
  const folders = [process.env.ELECTRON_OVERRIDE_DIST_PATH, join(ROOT, 'node_modules', 'electron', 'dist')]
  return folders
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, PROGRAM[process.platform] ?? 'electron'))
    .find((path) => existsSync(path))
}

function hasScreen(): boolean {
  if (process.platform !== 'linux') return true
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
}

const PARENT_CHECK_MS = 500

/** Runs a program in place of this one: it has the terminal, and its end is ours. */
function become(program: string, args: string[]): void {
  const child = spawn(program, args, { stdio: 'inherit', cwd: ROOT })
  // The terminal sends Ctrl-C to both; a supervisor sends its signal to this one only.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  // npm hands SIGTERM to its shell, which dies of it alone.
  const shell = process.ppid
  const watch = setInterval(() => {
    if (process.ppid !== shell) child.kill('SIGTERM')
  }, PARENT_CHECK_MS)
  child.on('error', (error) => {
    console.error(`${program} could not be started: ${error.message}`)
    process.exitCode = 1
  })
  child.on('close', (code) => {
    clearInterval(watch)
    process.exitCode = code ?? 1
  })
}

async function buildOrSay(names: PartName[]): Promise<void> {
  await build(names).catch((error) => {
    throw new WorkstationError('usage/build', 'The window could not be built from its sources.', error)
  })
}

async function start(args: string[]): Promise<void> {
  // npm runs this in the checkout; paths are meant from where the reader is.
  const options = parseWindowOptions(args, process.env.INIT_CWD)
  if (typeof options === 'string') return void process.stdout.write(options)
  const { host, dataFolder, roots, paths, port, open } = options
  const electron = findElectron()
  if (host === 'electron' && !electron)
    throw new WorkstationError(
      'usage/no-electron',
      `Electron’s program is not in node_modules/electron/dist.`,
    )
  const absolute = [
    ...['--data', dataFolder],
    ...roots.flatMap((root) => ['--root', root]),
    ...['--port', String(port)],
    ...(open === undefined ? [] : [open ? '--open' : '--no-open']),
    ...['--', ...paths],
  ]
  if (electron && host !== 'web' && (hasScreen() || host === 'electron')) {
    console.error('Opening in Electron.')
    await buildOrSay(['renderer', 'main', 'preload'])
    become(electron, [ROOT, ...absolute])
    return
  }
  console.error(`Opening in the local browser: ${whyBrowser(host, electron)}.`)
  await buildOrSay(['renderer'])
  become(process.execPath, [join(ROOT, 'main', 'hosts', 'web.ts'), ...absolute])
}

function whyBrowser(host: string | undefined, electron: string | undefined): string {
  if (host === 'web') return 'as asked'
  return electron ? 'there is no screen here' : 'Electron’s program is not installed here'
}

try {
  await start(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof WorkstationError)) throw error
  console.error(error.message)
  if (error.code === 'usage/build') console.error(error.detail)
  process.exitCode = 2
}
