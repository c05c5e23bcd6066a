import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { WorkstationError } from '../errors.ts'

/** What either host of the window is started with. */
export interface WindowOptions {
  /** Absolute paths to open. */
  paths: string[]
  dataFolder: string
  /** Folders that the web host's folder list shows. */
  roots: string[]
  /** Of the web host; 0 takes a free one. */
  port: number
  /** Whether the web host opens the browser; undefined: where there is a screen. */
  open: boolean | undefined
  /** Which host is asked for; undefined: Electron where it is there. */
  host: 'electron' | 'web' | undefined
}

/** Where the library is kept, for both hosts alike. */
export function userDataFolder(
  platform = process.platform,
  env: NodeJS.ProcessEnv = process.env,
  home = homedir(),
): string {
  if (platform === 'win32')
    return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'Screener Workstation')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Screener Workstation')
  return join(env.XDG_DATA_HOME || join(home, '.local', 'share'), 'screener-workstation')
}

/**
 * @param args without the program's own name
 * @returns the options, or the text that --help asks for
 * @throws WorkstationError `usage/command-line`
 */
export function parseWindowOptions(args: readonly string[], cwd = process.cwd()): WindowOptions | string {
  const path = (value: string) => resolve(cwd, value)
  const collect = (value: string, before: string[] = []) => [...before, path(value)]
  let help = ''
  const program = new Command('npm start --')
    .description('Opens the workstation. Research use only, not for diagnosis.')
    .argument('[paths...]', 'folders, files, ZIPs or DICOMDIRs to open')
    .option('--data <dir>', 'folder that keeps the library, runs and reviews', path, userDataFolder())
    .option('--root <dir>', 'a folder that can be opened from in the browser (repeatable)', collect)
    .option('--port <n>', 'port of the web host; a free one where absent', portNumber, 0)
    .option('--open', 'open the browser')
    .option('--no-open', 'only print the address')
    .option('--web', 'in the local browser, even where Electron is there')
    .option('--electron', 'in Electron or not at all')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        help += text
      },
      writeErr: () => {},
    })
  try {
    program.parse([...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return help
    throw new WorkstationError('usage/command-line', error.message.replace(/^error: /, ''))
  }
  const { data, root, port, open, web, electron } = program.opts()
  return {
    paths: program.args.map(path),
    dataFolder: data,
    roots: root ?? [homedir()],
    port,
    open,
    host: web ? 'web' : electron ? 'electron' : undefined,
  }
}

function portNumber(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65535) throw new InvalidArgumentError('a port is 0 to 65535')
  return port
}
