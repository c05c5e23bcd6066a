import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Warning, WorkstationError } from '../../../main/errors.ts'
import { type CtVolume, IDENTITY, type Vec3, voxelCount } from '../../../main/imaging/volume.ts'
import { EngineClient, type EngineJob } from '../../../main/inference/client.ts'
import type { Host } from '../../../main/inference/devices.ts'
import { forkEngine, type SpawnEngine } from '../../../main/inference/engineProcess.ts'
import { loadPackage, type ModelPackage } from '../../../main/inference/package.ts'
import {
  type EngineProgress,
  type EngineReply,
  type EngineRequest,
  WORK_FILES,
} from '../../../main/inference/protocol.ts'
import { readRaw, writeRaw } from '../../../main/processes/rawFile.ts'
import { type BrokenNetwork, packageWith, TINY_MODEL, temporaryFolder } from './packages.ts'

/** A soft-tissue box in air with one dense 20 mm cube in it, 4 mm voxels, with a little seeded noise. */
function boxWithCube(dims: Vec3): CtVolume {
  const [nx, ny, nz] = dims
  const voxels = new Int16Array(voxelCount({ dims })).fill(-1000)
  let seed = 1
  for (let z = 0; z < nz; z++) {
    for (let y = 2; y < ny - 2; y++) {
      for (let x = 2; x < nx - 2; x++) {
        seed = (seed * 48271) % 2147483647
        const cube = [x - nx / 2, y - ny / 2, z - nz / 2].every((d) => Math.abs(d) < 3)
        voxels[x + nx * (y + ny * z)] = (cube ? 900 : 40) + (seed % 30)
      }
    }
  }
  return { dims, spacing: [4, 4, 4], origin: [-50, 20, -300], direction: IDENTITY, voxels }
}

async function makeJob(pkg: ModelPackage, more: Partial<EngineJob> = {}, dims: Vec3 = [40, 36, 40]) {
  const workFolder = await temporaryFolder(onTestFinished)
  const volume = boxWithCube(dims)
  await writeRaw(join(workFolder, WORK_FILES.volume), volume.voxels)
  const findings = { level: 99, minVolumeMl: 1 }
  const job: EngineJob = { pkg, device: 'cpu', threads: 2, workFolder, grid: volume, findings, ...more }
  return { job, volume, workFolder }
}

async function brokenPackage(network: BrokenNetwork): Promise<ModelPackage> {
  return loadPackage(await packageWith(await temporaryFolder(onTestFinished), network))
}

const failure = (promise: Promise<unknown>): Promise<WorkstationError> =>
  promise.then(
    () => expect.unreachable('it should have failed'),
    (error) => error,
  )

const tiny = await loadPackage(TINY_MODEL)
const client = new EngineClient()
afterAll(() => client.close())

describe('a run', () => {
  test('writes the score on the source grid, the mask, and finds the cube', async () => {
    const { job, volume, workFolder } = await makeJob(tiny)
    const progress: EngineProgress[] = []
    const outcome = await client.screen(job, { onProgress: (p) => progress.push(p) })

    expect(outcome.device).toMatchObject({ device: 'cpu', threads: 2, partlyOnCpu: false })
    expect(outcome.device.goldenDeviation).toBeLessThan(1e-4)
    const count = voxelCount(volume)
    const score = await readRaw(join(workFolder, WORK_FILES.score), new Float32Array(count))
    const mask = await readRaw(join(workFolder, WORK_FILES.mask), new Uint16Array(count))
    const centre = 20 + 40 * (18 + 36 * 20)
    expect(outcome.findings).toHaveLength(1)
    expect(mask[centre]).toBe(1)
    expect(score[centre]).toBeGreaterThan(score[10 + 40 * (10 + 36 * 10)] + 1)
    // Air beside the body is not scored: it holds the calibration's lowest score.
    expect(score[0]).toBe(tiny.manifest.calibration.score[0])
    // The cube spans voxels 18…22 of x and so on; its centre lies within a voxel of the finding's.
    const [l, p, s] = outcome.findings[0].centreMm
    expect(Math.hypot(l - (-50 + 80), p - (20 + 72), s - (-300 + 80))).toBeLessThan(4)

    expect([...new Set(progress.map((p) => p.stage))]).toEqual([
      'preprocessing',
      'inference',
      'mapping',
      'findings',
    ])
    const tiles = progress.filter((p) => p.stage === 'inference' && p.done > 0)
    expect(tiles.map((p) => p.done)).toEqual(Array.from({ length: outcome.tiles }, (_, i) => i + 1))
    expect(tiles.at(-1)).toMatchObject({ done: outcome.tiles, total: outcome.tiles, secondsLeft: 0 })
    expect(tiles[0].secondsLeft).toBeNull()
    expect(outcome.peakRssBytes).toBeGreaterThan(30e6)
  })

  test('writes no mask when no findings are asked for', async () => {
    const { job, workFolder } = await makeJob(tiny, { findings: null })
    expect((await client.screen(job)).findings).toEqual([])
    await expect(stat(join(workFolder, WORK_FILES.mask))).rejects.toThrow('ENOENT')
  })

  test('marks unscored voxels with NaN for whoever must tell them from low scores', async () => {
    const { job, volume, workFolder } = await makeJob(tiny, { findings: null, unscored: 'nan' })
    await client.screen(job)
    const score = await readRaw(join(workFolder, WORK_FILES.score), new Float32Array(voxelCount(volume)))
    expect(score[0]).toBeNaN()
    expect(score[20 + 40 * (18 + 36 * 20)]).toBeGreaterThan(0)
  })

  test('prepare says which device a run would take, and the run takes it without loading again', async () => {
    const report = await client.prepare({ pkg: tiny, device: 'cpu', threads: 2 })
    const { job } = await makeJob(tiny)
    expect((await client.screen(job)).device).toMatchObject(report)
  })

  test('uses one engine process for job after job, also when both are asked for at once', async () => {
    const [first, second] = [await makeJob(tiny), await makeJob(tiny)]
    const pid = client.pid
    const outcomes = await Promise.all([client.screen(first.job), client.screen(second.job)])
    expect(outcomes[0].findings).toEqual(outcomes[1].findings)
    expect(client.pid).toBe(pid)
  })

  test('passes on what the pipeline finds wrong with the scan and keeps the engine', async () => {
    const { job, workFolder } = await makeJob(tiny)
    const empty = await makeJob(tiny)
    await mkdir(join(empty.workFolder, 'air'))
    await writeRaw(join(empty.workFolder, 'air', WORK_FILES.volume), new Int16Array(40 * 36 * 40).fill(-1000))
    const error = await failure(client.screen({ ...empty.job, workFolder: join(empty.workFolder, 'air') }))
    expect(error.code).toBe('input/no-body')
    const pid = client.pid
    expect((await client.screen(job)).findings).toHaveLength(1)
    expect(client.pid).toBe(pid)
    expect((await stat(join(workFolder, WORK_FILES.score))).size).toBe(40 * 36 * 40 * 4)
  })
})

describe('a device must prove itself on the golden tile', () => {
  test.each([
    ['nan', /512 of 512 values are not numbers/],
    ['zero', /every value is 0\b/],
    ['constant', /every value is 1\.5/],
    ['deviating', /deviates by 0\.\d+, where 0\.01 is accepted/],
  ] as const)('a network whose score is %s is refused, with the numbers', async (network, numbers) => {
    const { job } = await makeJob(await brokenPackage(network))
    const error = await failure(client.screen(job))
    expect(error.code).toBe('engine/golden-mismatch')
    expect(error.message).toMatch(numbers)
  })
})

test('a device that passes the check tile and then gives NaN stops the run', async () => {
  const { job } = await makeJob(await brokenPackage('unsteady'))
  const error = await failure(client.screen(job))
  expect(error.code).toBe('engine/bad-output')
  expect(error.message).toMatch(/not a number \(NaN\)/)
})

describe('a named device', () => {
  test('that this platform lacks is an error in plain words, never another device', async () => {
    const device = process.platform === 'darwin' ? 'dml' : 'coreml'
    const { job } = await makeJob(tiny, { device })
    const error = await failure(client.screen(job))
    expect(error.code).toBe('engine/device-unavailable')
    expect(error.message).toMatch(new RegExp(`ONNX Runtime has no ${device} support on this platform`))
  })

  test('auto runs on something that works, and says on what', async () => {
    const { job } = await makeJob(tiny, { device: 'auto' })
    const outcome = await client.screen(job)
    expect(['cpu', 'cuda', 'dml']).toContain(outcome.device.device)
    expect(outcome.findings).toHaveLength(1)
  })
})

describe('auto falls back to the processor, and says so', () => {
  const host: Host = { platform: 'linux', arch: 'x64', cudaLibraryInstalled: true, nvidiaDriverPresent: true }

  /** Real engines, but for a graphics card that is not there: asked for CUDA, the engine does as `onCuda` says. */
  function withFakeCard(onCuda: (tell: (reply: EngineReply) => void, die: () => void) => void): SpawnEngine {
    return () => {
      const real = forkEngine()
      let tell: (reply: EngineReply) => void = () => {}
      return {
        ...real,
        onMessage: (listener) => {
          tell = listener
          real.onMessage(listener)
        },
        send: (message) => {
          const request = message as EngineRequest
          if (request.type === 'load' && request.device === 'cuda') onCuda(tell, real.kill)
          else real.send(message)
        },
      }
    }
  }

  test.each<[string, SpawnEngine, RegExp]>([
    [
      'when the card gives a wrong answer',
      withFakeCard((tell) =>
        tell({ type: 'failed', code: 'engine/golden-mismatch', message: 'Every value is 0.' }),
      ),
      /^Every value is 0\. Continuing on the processor/,
    ],
    ['when the driver takes the engine down', withFakeCard((_, die) => die()), /stopped unexpectedly/],
    [
      'when it answers what no engine says',
      withFakeCard((tell) => tell({ type: 'loaded' } as unknown as EngineReply)),
      /versions differ/,
    ],
  ])('%s', async (_, spawn, why) => {
    const own = new EngineClient({ spawn, host })
    onTestFinished(() => own.close())
    const { job } = await makeJob(tiny, { device: 'auto' })
    const announced: Warning[] = []
    const outcome = await own.screen(job, { onWarning: (w) => announced.push(w) })
    expect(outcome.device.device).toBe('cpu')
    expect(outcome.warnings).toEqual(announced)
    expect(announced.map((w) => w.code)).toEqual(['device-fallback'])
    expect(announced[0].message).toMatch(why)
    expect(outcome.findings).toHaveLength(1)
  })
})

describe('an engine that dies or is told to stop', () => {
  /** A run whose every tile blocks the engine for a second or more; `inTile` resolves in the middle of the first. */
  async function startSlowRun(own: EngineClient, signal?: AbortSignal) {
    const { job } = await makeJob(await brokenPackage('slow'))
    const begun = Promise.withResolvers<void>()
    const onProgress = (p: EngineProgress) => p.stage === 'inference' && begun.resolve()
    const error = failure(own.screen(job, signal ? { onProgress, signal } : { onProgress }))
    // A run that fails before its first tile must fail the test, not hold it up.
    const tooSoon = error.then((e) => Promise.reject(e))
    return { error, inTile: Promise.race([begun.promise, tooSoon]).then(() => sleep(200)) }
  }

  test('killed: the run fails with a clear error, and the next one works on a fresh engine', async () => {
    const own = new EngineClient()
    onTestFinished(() => own.close())
    const run = await startSlowRun(own)
    await run.inTile
    const pid = own.pid!
    process.kill(pid, 'SIGKILL')
    const error = await run.error
    expect(error.code).toBe('engine/died')
    expect(error.message).toContain('SIGKILL')

    const { job } = await makeJob(tiny)
    expect((await own.screen(job)).findings).toHaveLength(1)
    expect(own.pid).not.toBe(pid)
  })

  test('cancelled in the middle of a tile: over within a second, the process gone, the next run works', async () => {
    const own = new EngineClient()
    onTestFinished(() => own.close())
    const controller = new AbortController()
    const run = await startSlowRun(own, controller.signal)
    await run.inTile
    const pid = own.pid!
    const started = performance.now()
    controller.abort()
    const error = await run.error
    expect(error.code).toBe('cancelled')
    expect(performance.now() - started).toBeLessThan(1000)
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')

    const { job } = await makeJob(tiny)
    expect((await own.screen(job)).findings).toHaveLength(1)
  })

  test('a run that is cancelled before it starts starts no engine', async () => {
    const own = new EngineClient()
    const { job } = await makeJob(tiny)
    expect((await failure(own.screen(job, { signal: AbortSignal.abort() }))).code).toBe('cancelled')
    expect(own.pid).toBeUndefined()
  })

  test('closed: the process ends by itself', async () => {
    const own = new EngineClient()
    const { job } = await makeJob(tiny)
    await own.screen(job)
    const pid = own.pid!
    await own.close()
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })
})
