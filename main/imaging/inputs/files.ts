import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { HeaderResult } from '../dicom/header.ts'

/** A file to look into. */
export interface InputFile {
  /** Where it can be read. */
  path: string
  /** What a person knows it by: its path, or its place in a ZIP. */
  name: string
  /** Its DICOM header, where that was read already. */
  header?: HeaderResult
}

export interface WalkOptions {
  signal?: AbortSignal
  /** A folder below the first that may not be listed. */
  onUnreadable?: (folder: string) => void
}

/**
 * The files of a folder and of all folders below it. A link to a file is followed, one to a folder is not: it may lead
 * in a circle, or out of what was chosen. Pipes and devices are passed by, as reading them need not end.
 * @throws what readdir throws of the first folder; an AbortError after the signal
 */
export async function* filesBelow(
  folder: string,
  { signal, onUnreadable }: WalkOptions = {},
): AsyncGenerator<InputFile> {
  const pending = [folder]
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    signal?.throwIfAborted()
    const entries = await readdir(current, { withFileTypes: true }).catch((error) => {
      if (current === folder) throw error
      onUnreadable?.(current!)
      return []
    })
    for (const entry of entries) {
      const path = join(current, entry.name)
      if (entry.isDirectory()) pending.push(path)
      else if (entry.isFile() || (entry.isSymbolicLink() && (await leadsToFile(path))))
        yield { path, name: path }
    }
  }
}

function leadsToFile(link: string): Promise<boolean> {
  return stat(link).then(
    (target) => target.isFile(),
    () => false,
  )
}

/** A name as names are compared. */
export function comparable(name: string): string {
  return name.replaceAll('\\', '/').toLowerCase()
}
