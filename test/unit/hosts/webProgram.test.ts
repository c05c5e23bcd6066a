import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const PROGRAM = fileURLToPath(new URL('../../../main/hosts/web.ts', import.meta.url))

let folder: string
let started: ChildProcess[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'screener-web-program-'))
  started = []
})

afterEach(async () => {
  for (const program of started) program.kill('SIGKILL')
  await rm(folder, { recursive: true })
})

function start(): ChildProcess {
  const program = spawn(process.execPath, [PROGRAM, '--no-open', '--data', folder, '--root', folder])
  started.push(program)
  return program
}

async function said(program: ChildProcess, what: RegExp): Promise<string> {
  let text = ''
  for await (const chunk of program.stdout!) {
    text += chunk
    if (what.test(text)) return text
  }
  throw new Error(`It ended after ${JSON.stringify(text)}`)
}

describe('the web host as a program', () => {
  // Windows knows no such signals: it ends a program, and the library is as after a power cut.
  it.skipIf(process.platform === 'win32').each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'closes the library and tidies up at %s',
    async (signal) => {
      const program = start()
      await said(program, /http:\S+\n/)
      expect(existsSync(join(folder, 'work'))).toBe(true)
      program.kill(signal)
      expect(await once(program, 'exit')).toEqual([0, null])
      expect(existsSync(join(folder, 'work'))).toBe(false)
      // The log is written into the database when that is closed.
      expect(existsSync(join(folder, 'library.sqlite-wal'))).toBe(false)
    },
  )

  it('says that the library is open elsewhere, and leaves it alone', async () => {
    await said(start(), /http:\S+\n/)
    const second = start()
    let text = ''
    second.stderr!.on('data', (chunk) => {
      text += chunk
    })
    expect(await once(second, 'close')).toEqual([4, null])
    expect(text).toBe(
      `The library in ${folder} is open in another window of this program. Close that one first, or choose another data folder.\n`,
    )
    expect(existsSync(join(folder, 'work'))).toBe(true)
  })
})
