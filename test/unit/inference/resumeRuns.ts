import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import type { WorkstationError } from '../../../main/errors.ts'
import { IDENTITY, voxelCount } from '../../../main/imaging/volume.ts'
import { EngineClient, type EngineJob, type EngineOutcome } from '../../../main/inference/client.ts'
import { loadPackage } from '../../../main/inference/package.ts'
import { type EngineProgress, WORK_FILES } from '../../../main/inference/protocol.ts'
import { readRaw, writeRaw } from '../../../main/processes/rawFile.ts'
import { RESIDUAL_MODEL, temporaryFolder } from './packages.ts'

/** A scan of some hundred tiles, each small enough for a hundred a second. */
export const GRID = {
  dims: [70, 60, 50],
  spacing: [4, 5, 6],
  origin: [0, 0, 0],
  direction: IDENTITY,
} as const

export const residual = await loadPackage(RESIDUAL_MODEL)

export function scan(seed = 1): Int16Array {
  const voxels = new Int16Array(voxelCount(GRID))
  for (let i = 0, state = seed; i < voxels.length; i++) {
    state = (state * 48271) % 2147483647
    voxels[i] = (i % GRID.dims[0] < 2 ? -1000 : 40) + (state % 60)
  }
  return voxels
}

/** Numbers in 0 … 1 that are the same each time. */
export function* random(seed = 1): Generator<number, never> {
  for (;;) {
    seed = (seed * 48271) % 2147483647
    yield seed / 2147483647
  }
}

export interface Attempt {
  outcome?: EngineOutcome
  error?: WorkstationError
  score?: Float32Array
  /** Tiles told of, in their order. */
  told: number[]
  seconds: number
}

export interface AttemptOptions extends Partial<EngineJob> {
  voxels?: Int16Array
  /** Told at once; what it does to the engine ends the attempt. */
  onProgress?: (progress: EngineProgress, client: EngineClient) => void
  /** Kills the engine so long after the start. */
  killAfterMs?: number
  signal?: AbortSignal
}

/** One run in a work folder of its own, which must hold nothing but what the protocol names. */
export async function attempt(client: EngineClient, options: AttemptOptions = {}): Promise<Attempt> {
  const { voxels = scan(), onProgress, killAfterMs, signal, ...more } = options
  let cleanUp = async () => {}
  const workFolder = await temporaryFolder((clean) => {
    cleanUp = clean
  })
  const told: number[] = []
  const over = new AbortController()
  if (killAfterMs !== undefined)
    sleep(killAfterMs, undefined, { signal: over.signal })
      .then(() => client.pid && process.kill(client.pid, 'SIGKILL'))
      .catch(() => {})
  const from = performance.now()
  try {
    await writeRaw(join(workFolder, WORK_FILES.volume), voxels)
    const job = { pkg: residual, device: 'cpu', threads: 1, workFolder, grid: GRID, findings: null } as const
    const outcome = await client.screen(
      { ...job, ...more },
      {
        ...(signal ? { signal } : {}),
        onProgress: (progress) => {
          if (progress.stage === 'inference' && progress.done > 0) told.push(progress.done)
          onProgress?.(progress, client)
        },
      },
    )
    const score = await readRaw(join(workFolder, WORK_FILES.score), new Float32Array(voxelCount(GRID)))
    return { outcome, score, told, seconds: (performance.now() - from) / 1000 }
  } catch (error) {
    return { error: error as WorkstationError, told, seconds: (performance.now() - from) / 1000 }
  } finally {
    over.abort()
    const known: string[] = Object.values(WORK_FILES)
    expect((await readdir(workFolder)).filter((name) => !known.includes(name))).toEqual([])
    await cleanUp()
  }
}

/** Kills the engine as the system does when memory runs short, when so many tiles are told. */
export const killAt =
  (tiles: number) =>
  ({ stage, done }: EngineProgress, client: EngineClient): void => {
    if (stage === 'inference' && done >= tiles && client.pid) process.kill(client.pid, 'SIGKILL')
  }

export async function newClient(
  options?: ConstructorParameters<typeof EngineClient>[0],
): Promise<EngineClient> {
  const client = new EngineClient(options)
  onTestFinished(() => client.close())
  return client
}

export const emptied = (folder: string) => rm(folder, { recursive: true, force: true })
