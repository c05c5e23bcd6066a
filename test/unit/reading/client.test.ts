import { readdirSync } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { WorkstationError } from '../../../main/errors.ts'
import { describeInput, openCt, type ReadProgress } from '../../../main/imaging/open.ts'
import { voxelCount } from '../../../main/imaging/volume.ts'
import { forkChild, type SpawnChild } from '../../../main/processes/childProcess.ts'
import { readRaw } from '../../../main/processes/rawFile.ts'
import { forkReader, ReaderClient, type ReaderClientOptions } from '../../../main/reading/client.ts'
import { readVolume } from '../../../main/reading/readVolume.ts'
import { GOLDEN, temporaryFolder } from '../imaging/readerFixtures.ts'

const series = readdirSync(join(GOLDEN, 'dicom')).filter((name) => !name.startsWith('.'))

const client = new ReaderClient()
afterAll(() => client.close())

const failure = (promise: Promise<unknown>): Promise<WorkstationError> =>
  promise.then(
    () => expect.unreachable('it should have failed'),
    (error) => error,
  )

function own(options: ReaderClientOptions): ReaderClient {
  const made = new ReaderClient(options)
  onTestFinished(() => made.close())
  return made
}

function voxelsFile(): string {
  return join(temporaryFolder(), 'volume.i16')
}

/** A reader of the protocol whose answer to any request is the given code. */
async function doubleThat(code: string): Promise<SpawnChild> {
  const entry = join(temporaryFolder(), 'double.mjs')
  await writeFile(
    entry,
    `process.on('disconnect', () => process.exit())
    process.send({ type: 'alive' })
    setInterval(() => process.send({ type: 'alive' }), 250)
    process.on('message', (request) => {
      if (request.type === 'close') return process.exit()
      const { job, voxelsFile } = request
      ${code}
    })`,
  )
  return () => forkChild(entry, { execArgv: ['--max-old-space-size=64'] })
}

/** The first process is the double, every later one a real reader. */
async function doubleOnce(code: string): Promise<SpawnChild> {
  const double = await doubleThat(code)
  let started = 0
  return () => (started++ === 0 ? double() : forkReader())
}

const REPORTED = `process.send({ type: 'progress', job, progress: { stage: 'scanning', done: 7, total: 9 } })`
const good = join(GOLDEN, 'dicom', series[0]!)

/** A fresh process reads what its predecessor was lost to. */
async function expectWorks(reader: ReaderClient): Promise<void> {
  const { volume } = await readVolume(reader, good)
  expect(volume.dims).toEqual((await openCt(good)).volume.dims)
}

describe('a scan that is opened by the reading process', () => {
  test.each(series)('is what openCt gives, with its voxels in the file: %s', async (name) => {
    const input = join(GOLDEN, 'dicom', name)
    const file = voxelsFile()
    const outcome = await openCt(input).catch((error: WorkstationError) => error)
    if (outcome instanceof Error) {
      const { code, message } = await failure(client.open({ input, voxelsFile: file }))
      expect({ code, message }).toEqual({ code: outcome.code, message: outcome.message })
      return
    }
    const { grid, source, filledSlices, warnings } = await client.open({ input, voxelsFile: file })
    const { voxels, ...expected } = outcome.volume
    expect({ grid, source, filledSlices, warnings }).toEqual({
      grid: expected,
      source: outcome.source,
      filledSlices: outcome.filledSlices,
      warnings: outcome.warnings,
    })
    expect(await readRaw(file, new Int16Array(voxelCount(grid)))).toEqual(voxels)
  })

  test('says how far it is: files, then slices, each to its end', async () => {
    const progress: ReadProgress[] = []
    await client.open({ input: good, voxelsFile: voxelsFile() }, { onProgress: (p) => progress.push(p) })
    expect([...new Set(progress.map(({ stage }) => stage))]).toEqual(['scanning', 'reading'])
    const last = progress.at(-1)!
    expect(last.done).toBe(last.total)
    expect(last.total).toBeGreaterThan(0)
  })

  test('is described as describeInput does', async () => {
    const input = join(GOLDEN, 'dicom')
    expect(await client.describe(input)).toEqual(await describeInput(input))
  })
})

describe('one process', () => {
  test('does job after job, also when both are asked for at once', async () => {
    await client.describe(good)
    const pid = client.pid
    const [first, second] = await Promise.all([readVolume(client, good), readVolume(client, good)])
    expect(first).toEqual(second)
    expect(client.pid).toBe(pid)
  })

  test('passes an error on with its code and sentence, leaves no file, and goes on', async () => {
    const file = voxelsFile()
    const missing = join(temporaryFolder(), 'nothing')
    const error = await failure(client.open({ input: missing, voxelsFile: file }))
    const inside = await failure(openCt(missing))
    expect([error.code, error.message]).toEqual([inside.code, inside.message])
    expect(error.detail).toContain('ENOENT')
    await expect(stat(file)).rejects.toThrow('ENOENT')
    await expectWorks(client)
  })

  test('never overwrites a file that is there', async () => {
    const file = voxelsFile()
    await writeFile(file, 'mine')
    expect((await failure(client.open({ input: good, voxelsFile: file }))).code).toBe('output/write-failed')
    expect((await stat(file)).size).toBe(4)
  })

  test('ends by itself when it is closed', async () => {
    const reader = new ReaderClient()
    await reader.describe(good)
    const pid = reader.pid!
    await reader.close()
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })
})

test('a process that was started ahead takes the first request', async () => {
  const reader = own({})
  reader.start()
  const { pid } = reader
  expect(pid).toBeGreaterThan(0)
  expect((await reader.describe(good)).series).toHaveLength(1)
  expect(reader.pid).toBe(pid)
})

describe('an input that takes the reader down', () => {
  test('costs the job, not this process: SIGKILL in the middle of reading', async () => {
    const write = `import('node:fs').then((fs) => { fs.writeFileSync(voxelsFile, 'half'); ${REPORTED} })`
    const reader = own({ spawn: await doubleOnce(write) })
    const file = voxelsFile()
    const begun = Promise.withResolvers<void>()
    const job = failure(reader.open({ input: good, voxelsFile: file }, { onProgress: () => begun.resolve() }))
    await begun.promise
    process.kill(reader.pid!, 'SIGKILL')
    const error = await job
    expect(error.code).toBe('input/reader-died')
    expect(error.message).toContain('SIGKILL')
    expect(error.message).toContain(`${good}, after file 7 of 9`)
    await expect(stat(file)).rejects.toThrow('ENOENT')
    await expectWorks(reader)
  })

  test('by eating all memory: the limit of the heap ends it, and what Node says is kept', async () => {
    const reader = own({ spawn: await doubleOnce('const all = []; for (;;) all.push({ some: [1, 2, 3] })') })
    const error = await failure(reader.open({ input: good, voxelsFile: voxelsFile() }))
    expect(error.code).toBe('input/reader-died')
    expect(error.message).toContain('memory runs short')
    expect(error.detail).toMatch(/heap out of memory/i)
    await expectWorks(reader)
  })

  test('by an exit: what it printed last is kept', async () => {
    const reader = own({ spawn: await doubleOnce(`console.log('codec: abort'); process.exit(3)`) })
    const error = await failure(reader.describe(good))
    expect(error.message).toContain('exit code 3')
    expect(error.detail).toContain('codec: abort')
  })

  test('by keeping it busy for ever: it is killed, with the place that it was at', async () => {
    const spawn = await doubleOnce(`${REPORTED}; setTimeout(() => { for (;;); }, 50)`)
    const reader = own({ spawn, hangLimitMs: 1000 })
    const started = performance.now()
    const job = failure(reader.open({ input: good, voxelsFile: voxelsFile() }))
    await sleep(100)
    const pid = reader.pid!
    const error = await job
    expect(error.code).toBe('input/reader-hung')
    expect(error.message).toContain(`${good}, after file 7 of 9`)
    expect(performance.now() - started).toBeGreaterThan(1000)
    expect(performance.now() - started).toBeLessThan(5000)
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    await expectWorks(reader)
  })

  test('no: a slow reader that says it is alive is not given up', async () => {
    const answer = `setTimeout(() => process.send({ type: 'described', job, report: { series: [], warnings: [] } }), 2000)`
    const reader = own({ spawn: await doubleThat(answer), hangLimitMs: 1000 })
    expect(await reader.describe(good)).toEqual({ series: [], warnings: [] })
  })

  test('by making it talk nonsense: it is not asked again', async () => {
    const reader = own({ spawn: await doubleOnce(`process.send({ type: 'opened', job, scan: {} })`) })
    const error = await failure(reader.open({ input: good, voxelsFile: voxelsFile() }))
    expect(error.code).toBe('input/reader-protocol')
    expect(error.message).toContain('versions differ')
    await expectWorks(reader)
  })
})

describe('cancelling', () => {
  test('a reader that is blocked: over within a second, the process and the file gone', async () => {
    const block = `import('node:fs').then((fs) => { fs.writeFileSync(voxelsFile, 'half'); ${REPORTED}; setTimeout(() => { for (;;); }, 50) })`
    const reader = own({ spawn: await doubleOnce(block) })
    const controller = new AbortController()
    const file = voxelsFile()
    const begun = Promise.withResolvers<void>()
    const { signal } = controller
    const job = failure(
      reader.open({ input: good, voxelsFile: file }, { signal, onProgress: () => begun.resolve() }),
    )
    await begun.promise.then(() => sleep(150))
    const pid = reader.pid!
    const started = performance.now()
    controller.abort()
    expect((await job).code).toBe('cancelled')
    expect(performance.now() - started).toBeLessThan(1000)
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    await expect(stat(file)).rejects.toThrow('ENOENT')
    await expectWorks(reader)
  })

  test('before the start starts no process', async () => {
    const reader = new ReaderClient()
    const job = reader.describe(good, { signal: AbortSignal.abort() })
    expect((await failure(job)).code).toBe('cancelled')
    expect(reader.pid).toBeUndefined()
  })
})

test('the temporary folder of a reader goes when it does, also where it is killed', async () => {
  const [folder, voxels] = [temporaryFolder(), voxelsFile()]
  vi.stubEnv('TMPDIR', folder)
  vi.stubEnv('TEMP', folder)
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
  const reader = own({})
  await reader.open({ input: good, voxelsFile: voxels })
  expect(readdirSync(folder)).toHaveLength(1)
  process.kill(reader.pid!, 'SIGKILL')
  await vi.waitFor(() => expect(readdirSync(folder)).toEqual([]), { timeout: 10_000 })
})
