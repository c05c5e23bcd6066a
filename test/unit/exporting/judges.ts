import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const PYTHON = process.platform === 'win32' ? 'python' : '/usr/bin/python3'
const SCRIPT = fileURLToPath(new URL('../../golden/make_exports.py', import.meta.url))

/** Whether Python with these modules is at hand; the tests that need it are skipped, and say so, where it is not. */
export function pythonHas(...modules: string[]): boolean {
  return spawnSync(PYTHON, ['-c', `import ${modules.join(', ')}`]).status === 0
}

export function hasDciodvfy(): boolean {
  return spawnSync('dciodvfy', ['-help']).error === undefined
}

/** The lines in which dciodvfy (dicom3tools) finds a file in error; warnings are left out. */
export function dciodvfyErrors(path: string): string[] {
  const { stdout, stderr } = spawnSync('dciodvfy', [path], { encoding: 'utf8' })
  return `${stdout}\n${stderr}`.split('\n').filter((line) => line.startsWith('Error'))
}

/** Runs the independent judge; what it says against the files, or 'ok'. */
export function judge(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(PYTHON, [SCRIPT, ...args], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : stderr
}
