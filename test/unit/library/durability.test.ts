import { spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { DATABASE_FILE, openDatabase } from '../../../main/library/database.ts'
import { openLibrary } from '../../../main/library/index.ts'
import { MIGRATIONS, migrate, userVersion } from '../../../main/library/migrations.ts'
import { aReview, libraryFolder, open, screened } from './fixtures.ts'

const WRITER = fileURLToPath(new URL('./writer.ts', import.meta.url))

/** Has a process of its own write, kills it outright, and returns what it had been told is stored. */
async function writeAndKill(folder: string, whileItWrites: () => void = () => {}) {
  const child = spawn(process.execPath, ['--no-warnings', WRITER, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  let lines = 0
  const ended = new Promise((resolve) => child.once('close', resolve))
  const enough = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk
      lines = said.split('\n').length
      if (lines > 120) resolve()
    })
  })
  await Promise.race([enough, ended])
  whileItWrites()
  child.kill('SIGKILL')
  await ended
  const [runId, ...acknowledged] = said.split('\n').slice(0, -1)
  return { runId, acknowledged: acknowledged.map(Number) }
}

describe('a process that is killed while it writes', () => {
  it('loses nothing that was acknowledged, and its lock goes with it', async () => {
    const folder = libraryFolder()
    for (let round = 0; round < 3; round++) {
      const { runId, acknowledged } = await writeAndKill(folder)
      expect(acknowledged.length).toBeGreaterThan(100)
      const library = open(folder)
      const notes = new Map(library.getReviews(runId).map(({ key, note }) => [key, Number(note)]))
      const latest = new Map(acknowledged.map((n) => [`peak-${n % 50}`, n]))
      // One more may have been stored and not yet said.
      for (const [key, n] of latest) expect([n, acknowledged.length]).toContain(notes.get(key))
      expect(library.listRuns().filter(({ status }) => status === 'running')).toEqual([])
      expect(library.listRuns().filter(({ status }) => status === 'interrupted')).toHaveLength(round + 1)
      library.close()
    }
  })

  it('keeps all others out as long as it lives', async () => {
    const folder = libraryFolder()
    await writeAndKill(folder, () => {
      expect(() => openLibrary(folder)).toThrow(/open in another window of this program/)
    })
    open(folder)
  })
})

it('is open once, in the same process as well', async () => {
  const folder = libraryFolder()
  const first = open(folder)
  expect(() => openLibrary(folder)).toThrow(expect.objectContaining({ code: 'output/library-in-use' }))
  first.setSetting('still', 'open')
  first.close()
  expect(open(folder).settings()).toEqual({ still: 'open' })
})

describe('a library that is damaged', () => {
  const damages: [string, (path: string) => void][] = [
    ['overwritten from the start', (path) => overwrite(path, 0, 4096)],
    ['overwritten in the middle', (path) => overwrite(path, 4096, statSync(path).size - 8192)],
    ['cut short', (path) => writeFileSync(path, readFileSync(path).subarray(0, 10_000))],
    ['of another program', (path) => otherProgram(path)],
  ]

  it.each(damages)('is set aside whole where it is %s, and a new one takes its place', (_, damage) => {
    const folder = libraryFolder()
    const library = open(folder)
    for (let n = 0; n < 40; n++) screened(library, `scan ${n}`)
    library.close()
    const path = join(folder, DATABASE_FILE)
    damage(path)
    const bytes = readFileSync(path)

    const error = thrownBy(() => openLibrary(folder))
    expect(error).toMatchObject({
      code: 'output/library-damaged',
      message: expect.stringContaining('set aside'),
    })
    const [aside] = readdirSync(folder).filter((name) => name.startsWith('library-damaged-'))
    expect(error.message).toContain(join(folder, aside))
    expect(readFileSync(join(folder, aside)).equals(bytes)).toBe(true)
    expect(existsSync(path)).toBe(false)

    const fresh = open(folder)
    expect(fresh.listSeries()).toEqual([])
    expect(screened(fresh).status).toBe('done')
  })

  it('says that an entry was changed by another program, and goes on with the others', () => {
    const folder = libraryFolder()
    const library = open(folder)
    const run = screened(library)
    const { key } = library.putReview(run.id, aReview('peak-1'))
    library.close()
    tamper(folder, `UPDATE review SET record = json_set(record, '$.state', 'perhaps')`)
    const again = open(folder)
    expect(thrownBy(() => again.getReviews(run.id))).toMatchObject({ code: 'output/library-entry' })
    again.removeReview(run.id, key)
    expect(again.getReviews(run.id)).toEqual([])
  })

  it('refuses to change a run that is done, whoever asks', () => {
    const folder = libraryFolder()
    const library = open(folder)
    screened(library)
    library.close()
    expect(() => tamper(folder, `UPDATE run SET device = 'another'`)).toThrow('never changes')
  })
})

describe('the schema', () => {
  it('of a newer version of the program is refused, and nothing is touched', () => {
    const folder = libraryFolder()
    open(folder).close()
    tamper(folder, `PRAGMA user_version = ${MIGRATIONS.length + 1}`)
    const before = readFileSync(join(folder, DATABASE_FILE))
    expect(thrownBy(() => openLibrary(folder))).toMatchObject({
      code: 'output/library-newer',
      message: expect.stringContaining('newer version of this program'),
    })
    expect(readdirSync(folder)).toEqual([DATABASE_FILE])
    expect(readFileSync(join(folder, DATABASE_FILE)).equals(before)).toBe(true)
  })

  it('is one of this version after opening, with its foreign keys on and every commit flushed', () => {
    const folder = libraryFolder()
    const db = openDatabase(folder)
    const pragma = (name: string) => Object.values(db.prepare(`PRAGMA ${name}`).get()!)[0]
    expect(userVersion(db)).toBe(MIGRATIONS.length)
    expect([pragma('journal_mode'), pragma('synchronous'), pragma('foreign_keys')]).toEqual(['wal', 2, 1])
    db.close()
  })

  it('grows by the migrations that are missing, one after the other, and keeps what is there', () => {
    const db = new DatabaseSync(':memory:')
    const first = 'CREATE TABLE t (a TEXT)'
    const second = "ALTER TABLE t ADD COLUMN b TEXT NOT NULL DEFAULT 'new'"
    migrate(db, [first])
    db.exec("INSERT INTO t (a) VALUES ('old')")
    migrate(db, [first, second])
    expect([userVersion(db), { ...db.prepare('SELECT * FROM t').get() }]).toEqual([2, { a: 'old', b: 'new' }])
    migrate(db, [first, second])
    expect(userVersion(db)).toBe(2)
  })

  it('stays as it was where a migration fails half way', () => {
    const db = new DatabaseSync(':memory:')
    const first = 'CREATE TABLE t (a TEXT)'
    migrate(db, [first])
    expect(() => migrate(db, [first, 'CREATE TABLE u (a TEXT); INSERT INTO nowhere VALUES (1)'])).toThrow(
      'nowhere',
    )
    expect(userVersion(db)).toBe(1)
    expect(db.prepare("SELECT name FROM sqlite_schema WHERE name = 'u'").get()).toBeUndefined()
  })
})

it('says so where its folder cannot be made', () => {
  const file = join(libraryFolder(), 'file')
  writeFileSync(file, '')
  expect(thrownBy(() => openLibrary(join(file, 'library')))).toMatchObject({ code: 'output/not-writable' })
})

function thrownBy(work: () => unknown): Error {
  try {
    work()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

function tamper(folder: string, sql: string): void {
  const db = new DatabaseSync(join(folder, DATABASE_FILE))
  try {
    db.exec(sql)
  } finally {
    db.close()
  }
}

function overwrite(path: string, from: number, length: number): void {
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(length, 0x5a), 0, length, from)
  closeSync(file)
}

function otherProgram(path: string): void {
  writeFileSync(path, '')
  const db = new DatabaseSync(path)
  db.exec('CREATE TABLE messages (text TEXT)')
  db.close()
}
