import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Finished {
  stdout: string
  seconds: number
  /** User and system time of the process and all that it started; NaN on Windows. */
  cpuSeconds: number
}

/** The project's own Node, where it is installed. */
export function nodePath(): string {
  const local = join(ROOT, 'node_modules/.bin/node')
  return existsSync(local) ? local : process.execPath
}

/**
 * Runs a command in the project's folder, its stderr shown, and measures it.
 * @param timesFile a file that may be written, for the shell's report of the processor time
 * @throws Error with the output where it fails
 */
export async function measured(command: readonly string[], timesFile: string): Promise<Finished> {
  // Node does not say what its children used; the shell's `times` does, for all that it waited for.
  const shell = ['sh', '-c', '"$@"; code=$?; times > "$TIMES_FILE"; exit $code', 'sh']
  const [program, ...args] = process.platform === 'win32' ? command : [...shell, ...command]
  const started = performance.now()
  const stdout = await new Promise<string>((resolve, reject) => {
    const env = { ...process.env, TIMES_FILE: timesFile }
    const child = spawn(program!, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], env })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part) => {
      text += part
    })
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0
        ? resolve(text)
        : reject(new Error(`${command.slice(0, 2).join(' ')} ended with ${code}: ${text}`)),
    )
  })
  const seconds = (performance.now() - started) / 1000
  const cpuSeconds = process.platform === 'win32' ? Number.NaN : parseTimes(await readFile(timesFile, 'utf8'))
  return { stdout, seconds, cpuSeconds }
}

/** `times`: user and system of the shell on the first line, of its children on the second, as 1m2.34s. */
function parseTimes(text: string): number {
  const children = text.trim().split('\n').at(-1)!
  let seconds = 0
  for (const [, minutes, rest] of children.matchAll(/(\d+)m([\d.]+)s/g))
    seconds += Number(minutes) * 60 + Number(rest)
  return seconds
}
