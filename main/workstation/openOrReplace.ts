import type { WarningRecord } from '../../preload/records.ts'
import { WorkstationError } from '../errors.ts'
import { type Library, openLibrary } from '../library/index.ts'

/** A damaged library lies aside when it is refused: the next call makes a new one, and the reader hears where it is. */
export function openOrReplace(path: string, notices: WarningRecord[]): Library {
  try {
    return openLibrary(path)
  } catch (error) {
    if (!(error instanceof WorkstationError) || error.code !== 'output/library-damaged') throw error
    notices.push({ code: error.code, message: error.message })
    return openLibrary(path)
  }
}
