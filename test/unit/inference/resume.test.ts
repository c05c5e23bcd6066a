import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { EngineClient } from '../../../main/inference/client.ts'
import { loadPackage } from '../../../main/inference/package.ts'
import { WORK_FILES } from '../../../main/inference/protocol.ts'
import { journalFile } from '../../../main/inference/resume.ts'
import { writeRaw } from '../../../main/processes/rawFile.ts'
import { type Fault, spawnWithFault } from './faults.ts'
import { temporaryFolder } from './packages.ts'
import { attempt, GRID, killAt, newClient, residual, scan } from './resumeRuns.ts'

const HEADER_BYTES = 65
const RECORD_BYTES = 12 + 4 * 20 * 16 * 12

/** Of a run that nothing happened to. */
let right: Float32Array
let tiles: number
/** What a run that was killed half way left. */
let left: Buffer
const client = new EngineClient()
beforeAll(async () => {
  const { score, outcome } = await attempt(client)
  right = score!
  tiles = outcome!.tiles
  const resumeFolder = await mkdtemp(join(tmpdir(), 'screener-test-'))
  // A slow disk keeps fewer of such quick tiles; the next attempt adds some.
  do {
    const { error } = await attempt(client, { resumeFolder, onProgress: killAt(tiles / 2) })
    expect(error?.code).toBe('engine/died')
    left = await readFile(journalFile(resumeFolder, 'cpu'))
  } while (left.length < HEADER_BYTES + 12 * RECORD_BYTES)
  await rm(resumeFolder, { recursive: true })
})
afterAll(() => client.close())

/** A folder with these tiles. */
async function interrupted(): Promise<{ resumeFolder: string; journal: string }> {
  const resumeFolder = await temporaryFolder(onTestFinished)
  const journal = journalFile(resumeFolder, 'cpu')
  await writeFile(journal, left)
  return { resumeFolder, journal }
}

const kept = async (journal: string) => Math.floor(((await stat(journal)).size - HEADER_BYTES) / RECORD_BYTES)
const codes = (outcome?: { warnings: { code: string }[] }) => outcome?.warnings.map(({ code }) => code)

describe('a run whose engine was killed', () => {
  test('goes on with its finished tiles, says so, and gives the same map bit by bit', async () => {
    const { resumeFolder, journal } = await interrupted()
    const there = await kept(journal)
    const { outcome, score, told } = await attempt(client, { resumeFolder })
    expect(score).toEqual(right)
    expect(outcome).toMatchObject({ tiles, resumedTiles: there })
    expect(outcome!.warnings).toEqual([
      { code: 'resumed', message: expect.stringMatching(`^${there} of ${tiles} tiles were taken over`) },
    ])
    expect(told[0]).toBe(there)
    expect(told.at(-1)).toBe(tiles)
    expect(told).toEqual([...told].sort((a, b) => a - b))
    expect(await readdir(resumeFolder)).toEqual(['tiles-cpu.journal'])
  })

  test('or whose whole program was: the engine follows it, leaves no voxels, and its tiles are there', async () => {
    const [workFolder, resumeFolder] = [
      await temporaryFolder(onTestFinished),
      await temporaryFolder(onTestFinished),
    ]
    await writeRaw(join(workFolder, WORK_FILES.volume), scan())
    const job = { device: 'cpu', threads: 1, workFolder, resumeFolder, grid: GRID, findings: null }
    const script = join(import.meta.dirname, 'resumeParent.ts')
    const program = spawn(process.execPath, [script, JSON.stringify(job)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let engine = 0
    for await (const line of createInterface(program.stdout)) {
      const [pid, done] = line.split(' ').map(Number)
      engine = pid
      if (done >= tiles / 2) program.kill('SIGKILL')
    }
    await expect.poll(() => existsSync(`/proc/${engine}`), { timeout: 10_000 }).toBe(false)
    expect(await readdir(workFolder)).toEqual([])
    const { outcome, score } = await attempt(client, { resumeFolder })
    expect(outcome!.resumedTiles).toBeGreaterThan(0)
    expect(score).toEqual(right)
  })

  test('begins again where no folder was given, and leaves nothing anywhere', async () => {
    expect((await attempt(client, { onProgress: killAt(3) })).error?.code).toBe('engine/died')
    const { outcome, score } = await attempt(client)
    expect(outcome).not.toHaveProperty('resumedTiles')
    expect(outcome!.warnings).toEqual([])
    expect(score).toEqual(right)
  })
})

describe('tiles are not taken over', () => {
  test.each<[string, Parameters<typeof attempt>[1]]>([
    ['by another scan', { voxels: scan(2) }],
    ['by the same voxels on another grid', { grid: { ...GRID, spacing: [4, 5, 7] } }],
  ])('%s', async (_, other) => {
    const { resumeFolder, journal } = await interrupted()
    const before = await readFile(journal)
    const { outcome } = await attempt(client, { resumeFolder, ...other })
    expect(outcome).not.toHaveProperty('resumedTiles')
    expect((await readFile(journal)).subarray(0, 64)).not.toEqual(before.subarray(0, 64))
  })

  test('by another package', async () => {
    const { resumeFolder } = await interrupted()
    const dir = join(await temporaryFolder(onTestFinished), 'other')
    await cp(residual.dir, dir, { recursive: true })
    const manifest = JSON.parse(await readFile(join(dir, 'model.json'), 'utf8'))
    await writeFile(join(dir, 'model.json'), JSON.stringify({ ...manifest, version: '9.9.9' }))
    const { outcome, score } = await attempt(client, { resumeFolder, pkg: await loadPackage(dir) })
    expect(outcome).not.toHaveProperty('resumedTiles')
    expect(score).toEqual(right)
  })

  test('from another device; they wait there for their own', async () => {
    const { resumeFolder, journal } = await interrupted()
    const there = await kept(journal)
    const faulty = await newClient({ spawn: spawnWithFault({ device: 'cuda' }) })
    const onCuda = await attempt(faulty, { resumeFolder, device: 'cuda' })
    expect(onCuda.outcome).not.toHaveProperty('resumedTiles')
    expect(onCuda.score).toEqual(right)
    expect((await attempt(client, { resumeFolder })).outcome).toMatchObject({ resumedTiles: there })
  })

  test.each<[string, Omit<Fault, 'device'>, string]>([
    ['fails its check tile at the end', { score: 'zeros', when: 'end' }, 'engine/golden-mismatch'],
    ['fails its check tile at the start', { score: 'zeros', when: 'always' }, 'engine/golden-mismatch'],
    ['gives NaN', { score: 'nan', when: 'tiles' }, 'engine/bad-output'],
    ['runs out of memory', { memoryVoxels: 10 }, 'engine/out-of-memory'],
  ])('from a device that then %s: they are removed', async (_, fault, code) => {
    const resumeFolder = await temporaryFolder(onTestFinished)
    const journal = journalFile(resumeFolder, 'cuda')
    const sound = await newClient({ spawn: spawnWithFault({ device: 'cuda' }) })
    await attempt(sound, { resumeFolder, device: 'cuda', onProgress: killAt(tiles / 2) })
    expect(existsSync(journal)).toBe(true)
    const faulty = await newClient({ spawn: spawnWithFault({ device: 'cuda', ...fault }) })
    const { outcome, score } = await attempt(faulty, { resumeFolder, device: ['cuda', 'cpu'] })
    expect(codes(outcome)?.at(-1)).toBe('device-fallback')
    expect(outcome).not.toHaveProperty('resumedTiles')
    expect(score).toEqual(right)
    expect(existsSync(journal)).toBe(false)
    const alone = await attempt(faulty, { resumeFolder, device: 'cuda' })
    expect(alone.error?.code).toBe(code)
    expect(existsSync(journal)).toBe(false)
  })

  test('where the network does not give the last of them again: it was wrong before it was killed', async () => {
    const { resumeFolder, journal } = await interrupted()
    const bytes = await readFile(journal)
    const last = HEADER_BYTES + ((await kept(journal)) - 1) * RECORD_BYTES
    const score = bytes.subarray(last + 12, last + RECORD_BYTES)
    score.fill(0)
    bytes.writeUInt32LE(crc32(score, crc32(bytes.subarray(last, last + 8))), last + 8)
    await writeFile(journal, bytes)
    const { outcome, score: map } = await attempt(client, { resumeFolder })
    expect(codes(outcome)).toEqual(['resume-refused'])
    expect(outcome).not.toHaveProperty('resumedTiles')
    expect(map).toEqual(right)
  })
})

describe('a damaged journal gives its sound beginning, or nothing, and the map is right', () => {
  const change = async (journal: string, at: number, by: Buffer) => {
    const file = await open(journal, 'r+')
    await file.write(by, 0, by.length, at)
    await file.close()
  }
  test.each<[string, (journal: string) => Promise<void>, number]>([
    ['the last record torn', (file) => truncate(file, HEADER_BYTES + 9 * RECORD_BYTES + 100), 9],
    [
      'one bit flipped in a score',
      (file) => change(file, HEADER_BYTES + 6 * RECORD_BYTES - 7, Buffer.of(1)),
      5,
    ],
    [
      'zeros, as a power cut leaves them, at the end',
      (file) => change(file, HEADER_BYTES + 4 * RECORD_BYTES, Buffer.alloc(RECORD_BYTES)),
      4,
    ],
    ['another length', (file) => change(file, HEADER_BYTES + RECORD_BYTES + 4, Buffer.of(9)), 1],
    ['a tile that the plan has not', (file) => change(file, HEADER_BYTES + 3, Buffer.of(9)), 0],
    ['another key', (file) => change(file, 5, Buffer.from('z')), 0],
    ['empty', (file) => truncate(file, 0), 0],
    ['noise', (file) => writeFile(file, Buffer.alloc(100_000, 0x5a)), 0],
  ])('%s', async (_, damage, sound) => {
    const { resumeFolder, journal } = await interrupted()
    await damage(journal)
    const { outcome, score } = await attempt(client, { resumeFolder })
    expect(outcome!.resumedTiles ?? 0).toBe(sound)
    expect(score).toEqual(right)
  })
})

describe('a journal that cannot be kept costs no run, and says so in one sentence', () => {
  const off = (why: string) => [
    { code: 'resume-off', message: expect.stringMatching(`^The finished tiles .* are not kept: ${why}\\.`) },
  ]

  test('a folder that cannot be made', async () => {
    const file = join(await temporaryFolder(onTestFinished), 'file')
    await writeFile(file, '')
    const { outcome, score } = await attempt(client, { resumeFolder: join(file, 'folder') })
    expect(outcome!.warnings).toEqual(off('their file cannot be written'))
    expect(score).toEqual(right)
  })

  /** A disk of its own, which only the superuser can make. */
  async function tinyDisk(bytes: number): Promise<string | undefined> {
    const folder = join(await temporaryFolder(onTestFinished), 'disk')
    await mkdir(folder)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'ignore' })
    } catch {
      return undefined
    }
    onTestFinished(() => void execFileSync('umount', ['-l', folder]))
    return folder
  }

  test('too little room from the start', async (context) => {
    const resumeFolder = await tinyDisk(1e6)
    if (!resumeFolder) return context.skip('making a small disk takes the superuser')
    const { outcome, score } = await attempt(client, { resumeFolder })
    expect(outcome!.warnings).toEqual(off('the disk has too little room for them'))
    expect(score).toEqual(right)
  })

  test('a disk that fills while the tiles are written: the room is given back', async (context) => {
    const resumeFolder = await tinyDisk(tiles * RECORD_BYTES + 9 * right.length + 1e6)
    if (!resumeFolder) return context.skip('making a small disk takes the superuser')
    let filled = false
    const { outcome, score } = await attempt(client, {
      resumeFolder,
      onProgress: ({ stage, done }) => {
        if (stage !== 'inference' || done < 5 || filled) return
        filled = true
        // Another program takes all there is; what it cannot write is not the question.
        try {
          execFileSync('dd', ['if=/dev/zero', `of=${join(resumeFolder, 'other')}`, 'bs=4096'], {
            stdio: 'ignore',
          })
        } catch {}
      },
    })
    expect(outcome!.warnings).toEqual(off('the disk is full'))
    expect(score).toEqual(right)
    expect(await readdir(resumeFolder)).toEqual(['other'])
  })
})
