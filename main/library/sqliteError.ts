import { WorkstationError } from '../errors.ts'

/** Primary result codes (sqlite.org/rescode.html). */
const SQLITE = {
  PERM: 3,
  BUSY: 5,
  LOCKED: 6,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  NOTADB: 26,
}

function resultCode(error: unknown): number | undefined {
  const { code, errcode } = error as { code?: string; errcode?: number }
  return code === 'ERR_SQLITE_ERROR' && errcode !== undefined ? errcode & 0xff : undefined
}

export function isDamage(error: unknown): boolean {
  const code = resultCode(error)
  return code === SQLITE.CORRUPT || code === SQLITE.NOTADB
}

/** What a failure of the database means to the person at the screen; anything else passes through. */
export function asLibraryError(error: unknown, folder: string): unknown {
  switch (resultCode(error)) {
    case SQLITE.BUSY:
    case SQLITE.LOCKED:
      return new WorkstationError(
        'output/library-in-use',
        `The library in ${folder} is open in another window of this program. Close that one first, or choose another data folder.`,
        error,
      )
    case SQLITE.FULL:
      return new WorkstationError(
        'output/disk-full',
        `The disk is full: the library in ${folder} could not be written, and the last change was not kept.`,
        error,
      )
    case SQLITE.PERM:
    case SQLITE.READONLY:
    case SQLITE.CANTOPEN:
      return new WorkstationError(
        'output/not-writable',
        `The library in ${folder} cannot be written: this account may not write there, or the disk is read-only.`,
        error,
      )
    case SQLITE.IOERR:
      return new WorkstationError(
        'output/failed',
        `The disk with the library in ${folder} reports an error; the last change was not kept.`,
        error,
      )
    case SQLITE.CORRUPT:
    case SQLITE.NOTADB:
      return new WorkstationError(
        'output/library-damaged',
        `The library in ${folder} is damaged. Restart the program: it sets the damaged file aside and begins a new library.`,
        error,
      )
    default:
      return error
  }
}
