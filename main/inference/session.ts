import './noTelemetry.ts'
import { join } from 'node:path'
import { env, InferenceSession, Tensor } from 'onnxruntime-node'
import { WorkstationError } from '../errors.ts'
import { DEVICE_LABEL, type Device } from './devices.ts'
import { checkContrast, readGoldenTile, verifyGoldenScore } from './goldenTile.ts'
import { checkNetwork, checkOnnxFacts } from './networkCheck.ts'
import { readOnnxFacts, unreadable } from './onnxFile.ts'
import type { ModelPackage } from './package.ts'
import type { DeviceReport } from './protocol.ts'
import { type TileOption, tileOptions } from './tileOptions.ts'
import { explainUnavailable, isOutOfMemory, missingRequirements } from './unavailable.ts'

/** A network on a device that has proved itself. Lives in the engine process only: a driver may take it down. */
export interface ModelSession {
  readonly pkg: ModelPackage
  readonly tile: TileOption
  readonly report: DeviceReport
  /**
   * Scores one tile: [channels, D, H, W] → [D, H, W]. Blocks the process while it runs, although it is a promise.
   * @throws WorkstationError `engine/run-failed`, `engine/out-of-memory`, or `engine/bad-output` for a score no network would give.
   */
  runTile(input: Float32Array): Promise<Float32Array>
  /** Runs the golden tile again, after a run. @returns its deviation @throws WorkstationError `engine/golden-mismatch`. */
  verify(): Promise<number>
  release(): Promise<void>
}

/** Warnings about the machine are the runtime's own business; failures reach us as exceptions. */
const LOG_SEVERITY_FATAL = 4

/**
 * @param tileIndex which of the package's tileOptions
 * @throws WorkstationError `engine/device-unavailable`, `engine/golden-mismatch`, `engine/run-failed`,
 *   `engine/out-of-memory`; `model/network` where the file is no network, or not the one that model.json describes.
 */
export async function openSession(
  pkg: ModelPackage,
  device: Device,
  threads: number,
  tileIndex = 0,
): Promise<ModelSession> {
  const started = performance.now()
  env.logLevel = 'fatal'
  const tile = tileOptions(pkg.manifest)[tileIndex]
  const file = join(pkg.dir, tile.file.path)
  checkOnnxFacts(await readOnnxFacts(file, pkg.manifest.name), pkg.manifest)
  const golden = await readGoldenTile(pkg, tile)
  checkContrast(golden.expected, pkg, tile)
  const { session, partlyOnCpu } = await createSession(file, pkg, device, threads)
  const runTile = (input: Float32Array) => runChecked(session, pkg, tile, device, input)
  const verify = async (when: 'before' | 'after') => {
    const score = await runOnce(session, pkg, tile, device, golden.input)
    return verifyGoldenScore(score, golden.expected, pkg, tile, device, when)
  }
  try {
    checkNetwork({ inputs: session.inputMetadata, outputs: session.outputMetadata }, pkg.manifest, tile)
    const goldenDeviation = await verify('before')
    const report: DeviceReport = {
      device,
      threads,
      partlyOnCpu,
      goldenDeviation,
      goldenTolerance: tile.golden.tolerance,
      loadSeconds: (performance.now() - started) / 1000,
      patchSize: tile.patchSize,
    }
    return { pkg, tile, report, runTile, verify: () => verify('after'), release: () => session.release() }
  } catch (error) {
    await session.release()
    throw error
  }
}

/**
 * ONNX Runtime places every operation a provider lacks on the CPU and does not say so. So the session is first asked
 * for without that fallback; where this is refused for an operation's sake, it is made with it and reported as such.
 */
async function createSession(
  file: string,
  pkg: ModelPackage,
  device: Device,
  threads: number,
): Promise<{ session: InferenceSession; partlyOnCpu: boolean }> {
  // Threads that wait would spin: beside other work on the same cores that is 1.95 s of CPU time a tile, asleep 1.47 s.
  const asleep = { intra_op: { allow_spinning: '0' } }
  const options: InferenceSession.SessionOptions = {
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Measured on 96³ tiles of a network with a half-resolution stem, 2 threads. Arena without pattern: 2.9 s of CPU
    // time a tile, 0.92 GB resident. Arena with pattern: 3.1 s, 1.71 GB. No arena: 3.7–3.9 s (a quarter of it page
    // faults), 1.0–1.1 GB at its peak. DirectML refuses patterns anyway.
    enableCpuMemArena: true,
    enableMemPattern: false,
    extra: { session: asleep },
    logSeverityLevel: LOG_SEVERITY_FATAL,
  }
  try {
    if (device === 'cpu') return { session: await InferenceSession.create(file, options), partlyOnCpu: false }
    try {
      const extra = { session: { ...asleep, disable_cpu_ep_fallback: '1' } }
      return { session: await InferenceSession.create(file, { ...options, extra }), partlyOnCpu: false }
    } catch (error) {
      if (!/fallback to CPU EP has been explicitly disabled/i.test(String(error))) throw error
      return { session: await InferenceSession.create(file, options), partlyOnCpu: true }
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    // What the processor cannot open, no device can: the fault is the file's.
    if (
      /protobuf parsing failed|INVALID_PROTOBUF|INVALID_GRAPH|is not a registered function|Type Error/i.test(
        message,
      )
    )
      throw unreadable(pkg.manifest.name, message.trim().split('\n')[0].slice(0, 200))
    if (isOutOfMemory(message)) throw outOfMemory(pkg, device, error)
    const reason = missingRequirements(device) ?? explainUnavailable(device, message)
    throw new WorkstationError(
      'engine/device-unavailable',
      `The model cannot run on ${DEVICE_LABEL[device]}: ${reason}.`,
      error,
    )
  }
}

function outOfMemory({ manifest }: ModelPackage, device: Device, error: unknown): WorkstationError {
  return new WorkstationError(
    'engine/out-of-memory',
    `There is not enough free memory for the model ${manifest.name} on ${DEVICE_LABEL[device]}.`,
    error,
  )
}

async function runOnce(
  session: InferenceSession,
  pkg: ModelPackage,
  { patchSize }: TileOption,
  device: Device,
  input: Float32Array,
): Promise<Float32Array> {
  const { network, preprocessing } = pkg.manifest
  const [w, h, d] = patchSize
  const image = new Tensor('float32', input, [1, preprocessing.channels.length, d, h, w])
  let output: Tensor | undefined
  try {
    // Only the score is fetched: the descriptor would be 35 times its size.
    const outputs = await session.run({ [network.input]: image }, [network.scoreOutput])
    output = outputs[network.scoreOutput]
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (isOutOfMemory(message)) throw outOfMemory(pkg, device, error)
    const reason = explainUnavailable(device, message)
    throw new WorkstationError(
      'engine/run-failed',
      `The model stopped while running on ${DEVICE_LABEL[device]}: ${reason}.`,
      error,
    )
  }
  const score = output?.data
  if (!(score instanceof Float32Array) || score.length !== d * h * w) {
    throw new WorkstationError(
      'engine/bad-output',
      `The model ${pkg.manifest.name} does not give one score per voxel of its patch.`,
      `${output?.type} [${output?.dims}]`,
    )
  }
  return score
}

async function runChecked(
  session: InferenceSession,
  pkg: ModelPackage,
  tile: TileOption,
  device: Device,
  input: Float32Array,
): Promise<Float32Array> {
  const score = await runOnce(session, pkg, tile, device, input)
  const first = score[0]
  let constant = true
  for (let i = 0; i < score.length; i++) {
    if (!Number.isFinite(score[i])) refuse(`a score that is not a number (${score[i]})`)
    if (score[i] !== first) constant = false
  }
  if (constant && !isConstant(input)) refuse(`the same score, ${first}, for every voxel of a tile`)
  return score

  function refuse(what: string): never {
    const sentence = `The model ${pkg.manifest.name} gave ${what} on ${DEVICE_LABEL[device]}; the run was stopped, as its map could hide an anomaly.`
    throw new WorkstationError('engine/bad-output', sentence)
  }
}

function isConstant(values: Float32Array): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false
  return true
}
