import { type Warning, WorkstationError } from '../errors.ts'
import type { Grid } from '../imaging/volume.ts'
import {
  DEVICE_LABEL,
  type Device,
  type DeviceChoice,
  defaultThreads,
  type Host,
  planDevices,
} from './devices.ts'
import { type EngineExit, type EngineProcess, forkEngine, type SpawnEngine } from './engineProcess.ts'
import type { ModelPackage } from './package.ts'
import {
  type DeviceReport,
  type EngineProgress,
  EngineReply,
  type EngineRequest,
  type EngineResult,
  type FindingsParameters,
  type ReviewParameters,
  type Unscored,
} from './protocol.ts'

/** A network on a device. */
export interface EngineSetup {
  pkg: ModelPackage
  device: DeviceChoice
  /** CPU threads; the number of physical cores where absent. */
  threads?: number
}

/** One scan to screen. The work folder holds WORK_FILES.volume and belongs to the caller, who also removes it. */
export interface EngineJob extends EngineSetup {
  workFolder: string
  /** The source grid. */
  grid: Grid
  /** What to look for in the score map; null for the map alone. */
  findings: FindingsParameters | null
  /** What to make for a reader's screen; nothing where absent. */
  review?: ReviewParameters | null
  /** What unscored voxels hold; `lowest` where absent. */
  unscored?: Unscored
  /** Slices that get no score (OpenedCt.filledSlices); none where absent. */
  filledSlices?: readonly number[]
}

export interface EngineOptions {
  signal?: AbortSignal
  onProgress?: (progress: EngineProgress) => void
  /** Each step of a fall-back, as it happens. The same warnings are in the result. */
  onWarning?: (warning: Warning) => void
  /** A device was proved and is about to run. */
  onDevice?: (report: DeviceReport) => void
}

export interface EngineOutcome extends EngineResult {
  /** The device that really ran. */
  device: DeviceReport
}

export interface EngineClientOptions {
  /** How to start an engine; Node's fork where absent. */
  spawn?: SpawnEngine
  /** What `auto` takes this machine for; looked up where absent. */
  host?: Host
}

type Reply<T extends EngineReply['type']> = Extract<EngineReply, { type: T }>

/** The parent's side of the engine: keeps one process alive, one job at a time, and survives the process's death. */
export class EngineClient {
  readonly #spawn: SpawnEngine
  readonly #host: Host | undefined
  #process: EngineProcess | undefined
  #loaded: { key: string; report: DeviceReport } | undefined
  #queue: Promise<unknown> = Promise.resolve()

  constructor({ spawn = forkEngine, host }: EngineClientOptions = {}) {
    this.#spawn = spawn
    this.#host = host
  }

  /** Of the running engine; undefined between a death and the next job. */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  /**
   * Runs a job; jobs wait for each other. With device `auto`, a device that cannot be had, fails its check tile or
   * dies is left for the next one, with a warning for each step; a named device never is.
   *
   * @throws WorkstationError `engine/…` (device-unavailable, golden-mismatch, bad-output, run-failed, died),
   *   `cancelled` within a second of the signal, or what the pipeline found wrong with the input (`input/…`).
   */
  screen(job: EngineJob, options: EngineOptions = {}): Promise<EngineOutcome> {
    return this.#next(async () => {
      const { device, warnings, value } = await this.#onBestDevice(job, options, () =>
        this.#run(job, options),
      )
      return { ...value, device, warnings: [...warnings, ...value.warnings] }
    })
  }

  /** Opens the network on the device that `screen` would take now, and says which. @throws as `screen` */
  prepare(setup: EngineSetup, options: EngineOptions = {}): Promise<DeviceReport> {
    return this.#next(async () => (await this.#onBestDevice(setup, options, async () => {})).device)
  }

  /** One thing at a time, in the order asked for; a failure does not hold up what waits. */
  #next<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work)
    this.#queue = turn.catch(() => {})
    return turn
  }

  /** Lets the engine release the device and end; kills it if it does not within two seconds. */
  async close(): Promise<void> {
    await this.#queue
    const engine = this.#process
    if (!engine) return
    this.#forget(engine)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => engine.kill(), 2000)
      engine.onExit(() => {
        clearTimeout(timer)
        resolve()
      })
      engine.send({ type: 'close' } satisfies EngineRequest)
    })
  }

  /** Ends the engine now, without waiting for it: for a host that is itself about to exit. */
  kill(): void {
    this.#process?.kill()
  }

  async #onBestDevice<T>(
    setup: EngineSetup,
    options: EngineOptions,
    work: () => Promise<T>,
  ): Promise<{ device: DeviceReport; warnings: Warning[]; value: T }> {
    const plan = planDevices(setup.device, this.#host)
    const warnings: Warning[] = []
    const warn = (warning: Warning) => {
      warnings.push(warning)
      options.onWarning?.(warning)
    }
    plan.warnings.forEach(warn)
    for (let i = 0; ; i++) {
      const device = plan.candidates[i]
      const next = plan.candidates[i + 1]
      try {
        const report = await this.#load(setup, device, options.signal)
        if (report.partlyOnCpu) warn(partlyOnCpu(device))
        options.onDevice?.(report)
        return { device: report, warnings, value: await work() }
      } catch (error) {
        if (!(error instanceof WorkstationError) || error.kind !== 'engine') throw error
        // A process that failed on a device may hold a broken driver context: the next attempt gets a fresh one.
        await this.#kill()
        if (!next) throw error
        warn({ code: 'device-fallback', message: `${error.message} Continuing on ${DEVICE_LABEL[next]}.` })
      }
    }
  }

  async #load(setup: EngineSetup, device: Device, signal?: AbortSignal): Promise<DeviceReport> {
    const threads = setup.threads ?? defaultThreads()
    const key = JSON.stringify([setup.pkg.dir, setup.pkg.hash, device, threads])
    if (this.#process && this.#loaded?.key === key) return this.#loaded.report
    this.#loaded = undefined
    const { dir: packageDir, hash: packageHash } = setup.pkg
    const reply = await this.#ask(
      { type: 'load', packageDir, packageHash, device, threads },
      'loaded',
      signal,
    )
    this.#loaded = { key, report: reply.report }
    return reply.report
  }

  async #run(job: EngineJob, options: EngineOptions): Promise<EngineResult> {
    const { dims, spacing, origin, direction } = job.grid
    const grid = { dims, spacing, origin, direction }
    const { workFolder, findings, review = null, unscored = 'lowest', filledSlices = [] } = job
    const request: EngineRequest = {
      type: 'screen',
      workFolder,
      grid,
      findings,
      review,
      unscored,
      filledSlices,
    }
    return (await this.#ask(request, 'done', options.signal, options.onProgress)).result
  }

  /** Sends a request and waits for its answer, the engine's death or the signal, whichever comes first. */
  #ask<T extends 'loaded' | 'done'>(
    request: EngineRequest,
    answer: T,
    signal?: AbortSignal,
    onProgress?: (progress: EngineProgress) => void,
  ): Promise<Reply<T>> {
    if (signal?.aborted) return Promise.reject(cancelled())
    const engine = this.#start()
    return new Promise((resolve, reject) => {
      const abort = () => engine.kill()
      const settle = (finish: () => void) => {
        signal?.removeEventListener('abort', abort)
        this.#onReply = undefined
        this.#onDeath = undefined
        finish()
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#onDeath = (exit) => settle(() => reject(signal?.aborted ? cancelled() : died(exit)))
      this.#onReply = (reply) => {
        if (reply.type === 'progress') onProgress?.(reply.progress)
        else if (reply.type === 'failed')
          settle(() => reject(new WorkstationError(reply.code, reply.message, reply.detail)))
        else if (reply.type === answer) settle(() => resolve(reply as Reply<T>))
      }
      engine.send(request)
    })
  }

  #onReply: ((reply: EngineReply) => void) | undefined
  #onDeath: ((exit: EngineExit) => void) | undefined

  #start(): EngineProcess {
    if (this.#process) return this.#process
    const engine = this.#spawn()
    this.#process = engine
    engine.onMessage((message) => {
      if (this.#process === engine) this.#onReply?.(understand(message))
    })
    engine.onExit((exit) => {
      if (this.#process !== engine) return
      this.#forget(engine)
      this.#onDeath?.(exit)
    })
    return engine
  }

  #forget(engine: EngineProcess): void {
    if (this.#process !== engine) return
    this.#process = undefined
    this.#loaded = undefined
  }

  async #kill(): Promise<void> {
    const engine = this.#process
    if (!engine) return
    this.#forget(engine)
    await new Promise<void>((resolve) => {
      engine.onExit(() => resolve())
      engine.kill()
    })
  }
}

function understand(message: unknown): EngineReply {
  const parsed = EngineReply.safeParse(message)
  if (parsed.success) return parsed.data
  const sentence =
    'The screening engine and this program do not understand each other: their versions differ.'
  return { type: 'failed', code: 'engine/protocol', message: sentence, detail: parsed.error.message }
}

function cancelled(): WorkstationError {
  return new WorkstationError('cancelled', 'The screening was cancelled.')
}

function died(exit: EngineExit): WorkstationError {
  const how = exit.signal ? `ended by ${exit.signal}` : `exit code ${exit.code}`
  const why =
    exit.signal === 'SIGKILL'
      ? 'The computer most often does this when memory runs short; close other programs and try again.'
      : 'A driver fault or a shortage of memory is the usual cause; try again, or choose the device cpu.'
  return new WorkstationError(
    'engine/died',
    `The screening engine stopped unexpectedly (${how}). ${why}`,
    exit.stderr,
  )
}

function partlyOnCpu(device: Device): Warning {
  const message = `Some of the model's operations do not exist on ${DEVICE_LABEL[device]} and run on the processor.`
  return { code: 'device-partly-cpu', message }
}
