/**
 * A graphics card that is not there, and what may go wrong with one. Loaded into an engine process before the engine
 * (`--import`), it computes what is asked of `device` on the processor and spoils it as SCREENER_TEST_FAULT says.
 */
import '../../../main/inference/noTelemetry.ts'
import { fileURLToPath } from 'node:url'
import { InferenceSession, type Tensor } from 'onnxruntime-node'
import type { Device } from '../../../main/inference/devices.ts'
import { ENGINE_ENTRY, type SpawnEngine } from '../../../main/inference/engineProcess.ts'
import { forkChild } from '../../../main/processes/childProcess.ts'

export interface Fault {
  device: Device
  /** What becomes of a score; `crash` ends the process; absent: nothing. */
  score?: 'zeros' | 'nan' | 'infinity' | 'constant' | 'deviating' | 'crash'
  /** Which runs: all, those of the scan's tiles, or the check tile at the end. */
  when?: 'always' | 'tiles' | 'end'
  /** Thrown when the network is opened. */
  openError?: string
  /** Tiles of more voxels do not fit into the memory … */
  memoryVoxels?: number
  /** … which shows when the network is opened, when it first runs, or at the scan's second tile. */
  memoryShows?: 'open' | 'run' | 'later'
}

export const spawnWithFault =
  (fault: Fault): SpawnEngine =>
  () =>
    forkChild(ENGINE_ENTRY, {
      execArgv: ['--import', import.meta.url],
      env: { SCREENER_TEST_FAULT: JSON.stringify(fault) },
    })

const OUT_OF_MEMORY = 'CUDA failure 2: out of memory ; GPU=0'

if (process.env.SCREENER_TEST_FAULT && process.argv[1] === fileURLToPath(new URL(ENGINE_ENTRY, 'file:')))
  install(JSON.parse(process.env.SCREENER_TEST_FAULT))

function install(fault: Fault): void {
  const create = InferenceSession.create.bind(InferenceSession) as (
    file: string,
    options: InferenceSession.SessionOptions,
  ) => Promise<InferenceSession>
  const faulty = async (file: string, options: InferenceSession.SessionOptions) => {
    if (options.executionProviders?.[0] !== fault.device) return create(file, options)
    if (fault.openError) throw new Error(fault.openError)
    const { extra: _, ...rest } = options
    const session = await create(file, { ...rest, executionProviders: ['cpu'] })
    return spoiled(session, fault)
  }
  Object.assign(InferenceSession, { create: faulty })
}

function spoiled(session: InferenceSession, fault: Fault) {
  let first: string | undefined
  let runs = 0
  const { inputMetadata, outputMetadata } = session
  const run = async (feeds: Record<string, Tensor>, fetches: string[]) => {
    const input = Object.values(feeds)[0].data as Float32Array
    const content = Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString('latin1')
    first ??= content
    const isCheck = content === first
    const when = runs === 0 ? 'start' : isCheck ? 'end' : 'tiles'
    runs++
    const shows = { open: 0, run: 0, later: 2 }[fault.memoryShows ?? 'run']
    if (fault.memoryVoxels !== undefined && input.length > fault.memoryVoxels && runs > shows)
      throw new Error(OUT_OF_MEMORY)
    const outputs = await session.run(feeds, fetches)
    if (fault.score && (fault.when === 'always' || fault.when === when))
      spoil(outputs[fetches[0]].data as Float32Array, fault.score)
    return outputs
  }
  return { inputMetadata, outputMetadata, run, release: () => session.release() }
}

function spoil(score: Float32Array, how: NonNullable<Fault['score']>): void {
  if (how === 'crash') process.abort()
  else if (how === 'zeros') score.fill(0)
  else if (how === 'constant') score.fill(1.5)
  else if (how === 'deviating') for (let i = 0; i < score.length; i++) score[i] = 1.1 * score[i] + 0.1
  else score[Math.floor(score.length / 2 / 4) * 4] = how === 'nan' ? Number.NaN : Number.POSITIVE_INFINITY
}
