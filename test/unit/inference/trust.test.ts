import { existsSync } from 'node:fs'
import { cp, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Warning, WorkstationError } from '../../../main/errors.ts'
import { IDENTITY, voxelCount } from '../../../main/imaging/volume.ts'
import { EngineClient, type EngineJob } from '../../../main/inference/client.ts'
import { loadPackage } from '../../../main/inference/package.ts'
import { WORK_FILES } from '../../../main/inference/protocol.ts'
import { readRaw, writeRaw } from '../../../main/processes/rawFile.ts'
import { type Fault, spawnWithFault } from './faults.ts'
import { RESIDUAL_MODEL, temporaryFolder, withNetwork } from './packages.ts'

const GRID = { dims: [26, 24, 20], spacing: [4, 5, 6], origin: [0, 0, 0], direction: IDENTITY } as const
const pkg = await loadPackage(RESIDUAL_MODEL)

async function job(more: Partial<EngineJob> = {}): Promise<EngineJob> {
  const workFolder = more.workFolder ?? (await temporaryFolder(onTestFinished))
  const voxels = new Int16Array(voxelCount(GRID))
  for (let i = 0, seed = 1; i < voxels.length; i++) {
    seed = (seed * 48271) % 2147483647
    voxels[i] = (i % 26 < 2 ? -1000 : 40) + (seed % 60)
  }
  await writeRaw(join(workFolder, WORK_FILES.volume), voxels)
  return { pkg, device: 'cpu', threads: 1, workFolder, grid: GRID, findings: null, ...more }
}

function client(fault?: Fault): EngineClient {
  const own = new EngineClient(fault ? { spawn: spawnWithFault(fault) } : {})
  onTestFinished(() => own.close())
  return own
}

const scoreOf = ({ workFolder }: EngineJob) =>
  readRaw(join(workFolder, WORK_FILES.score), new Float32Array(voxelCount(GRID)))

const failure = (promise: Promise<unknown>): Promise<WorkstationError> =>
  promise.then(
    () => expect.unreachable('it should have failed'),
    (error) => error,
  )

/** The map of a processor that nothing is wrong with. */
let right: Float32Array
const folders: (() => Promise<void>)[] = []
beforeAll(async () => {
  const asked = await job({ workFolder: await temporaryFolder((cleanUp) => folders.push(cleanUp)) })
  const own = new EngineClient()
  await own.screen(asked).finally(() => own.close())
  right = await scoreOf(asked)
})
afterAll(() => Promise.all(folders.map((cleanUp) => cleanUp())))

describe('a faulty device is found out, told in one sentence, and leaves no map', () => {
  const wrong = 'engine/golden-mismatch'
  test.each<[string, Omit<Fault, 'device'>, string, RegExp]>([
    ['zeros', { score: 'zeros', when: 'always' }, wrong, /check tile on .*: every value is 0\./],
    ['NaN', { score: 'nan', when: 'always' }, wrong, /1 of 480 values are not numbers/],
    ['infinity', { score: 'infinity', when: 'always' }, wrong, /1 of 480 values are not numbers/],
    ['a constant', { score: 'constant', when: 'always' }, wrong, /every value is 1\.5\./],
    [
      'other values',
      { score: 'deviating', when: 'always' },
      wrong,
      /deviates by 0\.\d+, where 0\.01 is accepted/,
    ],
    [
      'zeros, when it is the scan’s turn',
      { score: 'zeros', when: 'tiles' },
      'engine/bad-output',
      /the same score, 0,/,
    ],
    [
      'NaN in a tile of the scan',
      { score: 'nan', when: 'tiles' },
      'engine/bad-output',
      /not a number \(NaN\)/,
    ],
    [
      'infinity in a tile',
      { score: 'infinity', when: 'tiles' },
      'engine/bad-output',
      /not a number \(Infinity\)/,
    ],
    [
      'zeros only at the end',
      { score: 'zeros', when: 'end' },
      wrong,
      /at the end of the run: every value is 0\. No map/,
    ],
    [
      'other values only at the end',
      { score: 'deviating', when: 'end' },
      wrong,
      /end of the run: it deviates by 0\.\d+/,
    ],
    [
      'a crash of its driver',
      { score: 'crash', when: 'tiles' },
      'engine/died',
      /stopped unexpectedly \(ended by SIGABRT\)/,
    ],
    [
      'no provider library',
      { openError: 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library' },
      'engine/device-unavailable',
      /cannot run on .*: .*(not installed|libraries)/,
    ],
  ])('%s', async (_, fault, code, sentence) => {
    const asked = await job({ device: 'cuda' })
    const error = await failure(client({ device: 'cuda', ...fault }).screen(asked))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(sentence)
    expect(error.message).not.toContain('\n')
    expect(existsSync(join(asked.workFolder, WORK_FILES.score))).toBe(false)
  })

  test.each<[string, Omit<Fault, 'device'>]>([
    ['gives zeros only at the end', { score: 'zeros', when: 'end' }],
    ['gives NaN in a tile', { score: 'nan', when: 'tiles' }],
    ['crashes', { score: 'crash', when: 'tiles' }],
    ['cannot be opened', { openError: 'CUDA failure 100: no CUDA-capable device is detected' }],
  ])('where others may follow, the map is the next one’s alone: a device that %s', async (_, fault) => {
    const asked = await job({ device: ['cuda', 'cpu'] })
    const announced: Warning[] = []
    const own = client({ device: 'cuda', ...fault })
    const outcome = await own.screen(asked, { onWarning: (warning) => announced.push(warning) })
    expect(outcome.device.device).toBe('cpu')
    expect(outcome.warnings).toEqual(announced)
    expect(announced.map((warning) => warning.code)).toEqual(['device-fallback'])
    expect(announced[0].message).toMatch(/Continuing on the processor \(CPU\)\.$/)
    expect(await scoreOf(asked)).toEqual(right)
  })
})

test('a run does not try again what failed when it was prepared, and still says so', async () => {
  let started = 0
  const spawn = spawnWithFault({ device: 'cuda', openError: 'CUDA failure 100: no CUDA-capable device' })
  const own = new EngineClient({
    spawn: () => {
      started++
      return spawn()
    },
  })
  onTestFinished(() => own.close())
  const asked = await job({ device: ['cuda', 'cpu'] })
  const { pkg, device, threads } = asked
  expect((await own.prepare({ pkg, device, threads: threads! })).device).toBe('cpu')
  const announced: Warning[] = []
  const outcome = await own.screen(asked, { onWarning: (warning) => announced.push(warning) })
  expect(started).toBe(2)
  expect(announced.map((warning) => warning.code)).toEqual(['device-fallback'])
  expect(outcome.warnings).toEqual(announced)
  // The next run is another one: the card may be there again.
  await own.screen({ ...(await job()), device: ['cuda', 'cpu'] })
  expect(started).toBe(3)
})

describe('a device without enough memory steps down', () => {
  test.each<[Fault['memoryShows'], number, readonly number[]]>([
    ['run', 1000, [12, 10, 8]],
    ['run', 500, [8, 8, 6]],
    ['later', 1000, [12, 10, 8]],
  ])(
    'seen at %s, room for %d voxels: smaller tiles of %j, on the same device',
    async (memoryShows, memoryVoxels, patch) => {
      const own = client({ device: 'cuda', memoryVoxels, memoryShows: memoryShows! })
      const asked = await job({ device: ['cuda', 'cpu'] })
      const outcome = await own.screen(asked)
      expect(outcome.device).toMatchObject({ device: 'cuda', patchSize: patch })
      expect(outcome.device.goldenDeviationAtEnd).toBeLessThan(1e-4)
      const steps = memoryVoxels < 960 ? 2 : 1
      expect(outcome.warnings.map((warning) => warning.code)).toEqual(Array(steps).fill('tile-fallback'))
      expect(outcome.warnings.at(-1)!.message).toContain(`smaller tiles of ${patch.join(' × ')} voxels`)
      // Every tile sees less, so scores near its edges differ a little; a voxel is not lost.
      const [score, expected] = [await scoreOf(asked), right]
      expect(score.every((value) => Number.isFinite(value))).toBe(true)
      expect(score.filter((_, i) => score[i] === 0 && expected[i] !== 0)).toHaveLength(0)
    },
  )

  test('then to the next device, with the tile the package was measured with', async () => {
    const own = client({ device: 'cuda', memoryVoxels: 10 })
    const asked = await job({ device: ['cuda', 'cpu'] })
    const outcome = await own.screen(asked)
    expect(outcome.device).toMatchObject({ device: 'cpu', patchSize: [20, 16, 12] })
    expect(outcome.warnings.map((warning) => warning.code)).toEqual([
      'tile-fallback',
      'tile-fallback',
      'device-fallback',
    ])
    expect(await scoreOf(asked)).toEqual(right)
  })

  test('a device named alone fails in one sentence when its smallest tile does not fit', async () => {
    const error = await failure(
      client({ device: 'cuda', memoryVoxels: 10 }).screen(await job({ device: 'cuda' })),
    )
    expect(error.code).toBe('engine/out-of-memory')
    expect(error.message).toMatch(
      /^There is not enough free memory for the model residualmodel on the NVIDIA/,
    )
  })
})

describe('a package that is not what it should be fails in one sentence, on no device', () => {
  const refusal = async (change: (dir: string) => Promise<void>) => {
    const dir = join(await temporaryFolder(onTestFinished), 'residualmodel')
    await cp(RESIDUAL_MODEL, dir, { recursive: true })
    await change(dir)
    const damaged = await loadPackage(dir)
    const asked = await job({ pkg: damaged, device: ['cuda', 'cpu'] })
    const error = await failure(client().screen(asked))
    expect(existsSync(join(asked.workFolder, WORK_FILES.score))).toBe(false)
    return error
  }

  test('a network file cut short, whose hash is right', async () => {
    const error = await refusal((dir) => withNetwork(dir, (bytes) => bytes.subarray(0, 500)))
    expect(error).toMatchObject({
      code: 'model/network',
      message: expect.stringContaining('it ends too early'),
    })
  })

  test('a network file of noise', async () => {
    const error = await refusal((dir) => withNetwork(dir, () => Buffer.alloc(700, 0x5a)))
    expect(error.code).toBe('model/network')
  })

  test('a network file that changes after it was checked', async () => {
    const dir = join(await temporaryFolder(onTestFinished), 'residualmodel')
    await cp(RESIDUAL_MODEL, dir, { recursive: true })
    const sound = await loadPackage(dir)
    await truncate(join(dir, 'residual.onnx'), 700)
    const error = await failure(client().screen(await job({ pkg: sound })))
    expect(error.code).toBe('model/file-changed')
  })

  test('another network of the same shape: the check tile knows', async () => {
    const gain = Buffer.from(new Float32Array([10]).buffer)
    const error = await refusal((dir) =>
      withNetwork(dir, (bytes) => {
        const changed = Buffer.from(bytes)
        const at = changed.indexOf(gain)
        expect(at).toBeGreaterThan(0)
        changed.writeFloatLE(11, at)
        return changed
      }),
    )
    expect(error.code).toBe('engine/golden-mismatch')
  })
})

test('the screening of a package unlike the product’s own marks the one voxel that differs', async () => {
  const asked = await job({ findings: { level: 99, minVolumeMl: 0 } })
  const file = join(asked.workFolder, WORK_FILES.volume)
  const voxels = new Int16Array(voxelCount(GRID)).fill(40)
  const at = 13 + 26 * (12 + 24 * 10)
  voxels[at] = 900
  await writeFile(file, new Uint8Array(voxels.buffer))
  const outcome = await client().screen(asked)
  const score = await scoreOf(asked)
  expect(score.indexOf(Math.max(...score))).toBe(at)
  expect(outcome.findings[0].peakIndex).toEqual([13, 12, 10])
  expect((await readFile(file)).length).toBe(2 * voxelCount(GRID))
})
