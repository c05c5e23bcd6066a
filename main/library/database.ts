import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { WorkstationError } from '../errors.ts'
import { MIGRATIONS, migrate, userVersion } from './migrations.ts'
import { asLibraryError, isDamage } from './sqliteError.ts'

export const DATABASE_FILE = 'library.sqlite'

/** "SCRW": tells this program's database from any other (sqlite.org/fileformat2.html, 1.3.10). */
const APPLICATION_ID = 0x53435257

/** A program that is just ending still holds the lock for a moment. */
const LOCK_WAIT_MS = 2000

/**
 * Opens the database in `folder` and takes it to the present version. The process that has it open is the only one:
 * the lock goes with the process, however it ends.
 *
 * @throws WorkstationError 'output/library-in-use', 'output/library-newer', 'output/not-writable', 'output/disk-full';
 *   'output/library-damaged' once the damaged file lies aside, so that the next call makes a new one
 */
export function openDatabase(folder: string): DatabaseSync {
  const path = join(folder, DATABASE_FILE)
  let db: DatabaseSync | undefined
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    db = new DatabaseSync(path, { timeout: LOCK_WAIT_MS })
    // Exclusive before WAL: no other process may even read, and no shared memory is needed (sqlite.org/wal.html, 8).
    db.exec('PRAGMA locking_mode = EXCLUSIVE')
    mustBeOurs(db)
    mustNotBeNewer(db, folder)
    db.exec('PRAGMA journal_mode = WAL')
    // A commit is on the disk when it returns. macOS needs to be asked twice.
    db.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON')
    db.exec('PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON')
    db.exec('BEGIN EXCLUSIVE; COMMIT')
    mustBeWhole(db)
    migrate(db)
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
    flushFolder(folder)
    return db
  } catch (error) {
    if (db?.isOpen) db.close()
    if (isDamage(error) || error instanceof Damage) throw setAside(folder, error)
    if ((error as NodeJS.ErrnoException).syscall === 'mkdir')
      throw new WorkstationError('output/not-writable', `No library can be made in ${folder}.`, error)
    throw asLibraryError(error, folder)
  }
}

class Damage extends Error {}

function mustBeOurs(db: DatabaseSync): void {
  const id = Number(db.prepare('PRAGMA application_id').get()!.application_id)
  if (id === APPLICATION_ID) return
  const { tables } = db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()!
  // Between the first migration and the mark there may have been a power cut.
  if (tables !== 0 && !(id === 0 && userVersion(db) > 0)) throw new Damage(`application_id ${id}`)
}

function mustNotBeNewer(db: DatabaseSync, folder: string): void {
  const version = userVersion(db)
  if (version <= MIGRATIONS.length) return
  throw new WorkstationError(
    'output/library-newer',
    `The library in ${folder} was written by a newer version of this program. Update the program, or choose another data folder.`,
    `schema ${version}, known ${MIGRATIONS.length}`,
  )
}

function mustBeWhole(db: DatabaseSync): void {
  const found = db.prepare('PRAGMA quick_check(1)').get()!.quick_check
  if (found !== 'ok') throw new Damage(String(found))
}

/** Renames the database and its log, which belongs to it, to a name that says what happened and when. */
function setAside(folder: string, cause: unknown): WorkstationError {
  const when = new Date().toISOString().slice(0, 19).replaceAll(':', '-')
  let name = `library-damaged-${when}.sqlite`
  for (let n = 2; existsSync(join(folder, name)); n++) name = `library-damaged-${when}-${n}.sqlite`
  // The log first: a log without its database would be taken for the next one's.
  for (const suffix of ['-wal', '-shm', '']) {
    const from = join(folder, DATABASE_FILE + suffix)
    if (existsSync(from)) renameSync(from, join(folder, name + suffix))
  }
  flushFolder(folder)
  return new WorkstationError(
    'output/library-damaged',
    `The library was damaged and cannot be read. It was set aside as ${join(folder, name)}; a new, empty library takes its place.`,
    cause,
  )
}

/** Makes a new or a renamed file last; Windows cannot open a folder, and journals its names anyway. */
function flushFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
