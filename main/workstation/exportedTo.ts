import type { CallOutput } from '../../preload/contract.ts'
import type { Library } from '../library/types.ts'

/** No key that the contract lets a window set: what it names may be opened again. */
const KEY = '@exportedTo'

/** The folder that was exported to last, in an earlier start as well; none where nothing was exported. */
export function exportedTo(library: Library): string[] {
  const path = library.settings()[KEY]
  return typeof path === 'string' ? [path] : []
}

/** The files are written by now: a library that cannot be written is no reason to say that they are not. */
export function rememberExportedTo(library: Library, path: string): void {
  try {
    library.setSetting(KEY, path)
  } catch {
    // The reader chooses the folder again the next time.
  }
}

/** The settings that are the window's own: main's begin with an @. */
export function windowSettings(library: Library): CallOutput<'settings.all'> {
  const own = Object.entries(library.settings()).filter(([key]) => !key.startsWith('@'))
  return Object.fromEntries(own) as CallOutput<'settings.all'>
}
