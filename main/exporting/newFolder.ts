import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { asOutputError } from './outputError.ts'

const LONGEST_TITLE = 60

/**
 * Makes a folder in `parent` that was not there: its title and the local date and time, `-2` and so on after it where
 * that is taken.
 * @param title any text; what a file name cannot hold on any system becomes a dash
 * @returns the absolute path
 * @throws WorkstationError those of asOutputError
 */
export async function makeNewFolder(parent: string, title: string, when: Date): Promise<string> {
  const name = `${fileTitle(title) || 'findings'}-${stamp(when)}`
  for (let n = 1; ; n++) {
    const path = join(parent, n === 1 ? name : `${name}-${n}`)
    try {
      await mkdir(path)
      return path
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw asOutputError(error, parent)
    }
  }
}

/** Letters and digits of any script, dots and underscores within; nothing that a shell or a disk takes for more. */
function fileTitle(title: string): string {
  const dashed = title.normalize('NFC').replace(/[^\p{L}\p{N}\p{M}._]+/gu, '-')
  const cut = Array.from(dashed).slice(0, LONGEST_TITLE).join('')
  return cut.replace(/^[-._]+|[-._]+$/g, '')
}

function stamp(d: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const date = `${d.getFullYear()}${two(d.getMonth() + 1)}${two(d.getDate())}`
  return `${date}-${two(d.getHours())}${two(d.getMinutes())}${two(d.getSeconds())}`
}
