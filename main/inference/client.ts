import { rm } from 'node:fs/promises'
import { type Warning, WorkstationError } from '../errors.ts'
import { type Device, defaultThreads, type Host, planDevices } from './devices.ts'
import { cancelled, died, nextDevice, partlyOnCpu, smallerTile, understand } from './engineErrors.ts'
import type { EngineJob, EngineOptions, EngineOutcome, EngineSetup } from './engineJob.ts'
import { type EngineExit, type EngineProcess, forkEngine, type SpawnEngine } from './engineProcess.ts'
import type { ModelPackage } from './package.ts'
import type { DeviceReport, EngineProgress, EngineReply, EngineRequest, EngineResult } from './protocol.ts'
import { journalFile } from './resume.ts'
import { tileOptions } from './tileOptions.ts'

export type { EngineJob, EngineOptions, EngineOutcome, EngineSetup } from './engineJob.ts'

export interface EngineClientOptions {
  /** How to start an engine; Node's fork where absent. */
  spawn?: SpawnEngine
  /** What `auto` takes this machine for; looked up where absent. */
  host?: Host
}

/** Where in a preference a setup stands: a candidate, one of its tile sizes, and what was said on the way. */
interface Step {
  setup: string
  at: number
  tile: number
  warnings: readonly Warning[]
}

type Reply<T extends EngineReply['type']> = Extract<EngineReply, { type: T }>

/** The parent's side of the engine: keeps one process alive, one job at a time, and survives the process's death. */
export class EngineClient {
  readonly #spawn: SpawnEngine
  readonly #host: Host | undefined
  #process: EngineProcess | undefined
  #loaded: { key: string; report: DeviceReport } | undefined
  /** How far down the last `prepare` had to step, for the run that follows it: it need not fail there again. */
  #prepared: Step | undefined
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
   * Runs a job; jobs wait for each other. A device that runs out of memory goes on with the package's next smaller
   * tile, if it has one. A device that cannot be had, fails its check tile (before or after) or dies is left for the
   * next of the preference, and the run starts again there. Each step is a warning; a device named alone is never left.
   *
   * @throws WorkstationError `engine/…` (device-unavailable, golden-mismatch, bad-output, out-of-memory, run-failed,
   *   died), `model/…` where the package is not what it was, `cancelled` within a second of the signal, or what the pipeline found wrong with the input (`input/…`).
   */
  screen(job: EngineJob, options: EngineOptions = {}): Promise<EngineOutcome> {
    return this.#next(async () => {
      const { device, warnings, value } = await this.#onBestDevice(job, options, () =>
        this.#run(job, options),
      )
      const { goldenDeviationAtEnd } = value
      return {
        ...value,
        device: goldenDeviationAtEnd === undefined ? device : { ...device, goldenDeviationAtEnd },
        warnings: [...warnings, ...value.warnings],
      }
    })
  }

  /** Opens the network on the device that `screen` would take now, and says which. @throws as `screen` */
  prepare(setup: EngineSetup, options: EngineOptions = {}): Promise<DeviceReport> {
    return this.#next(async () => {
      const { device, step } = await this.#onBestDevice(setup, options, async () => {})
      this.#prepared = step
      return device
    })
  }

  /**
   * Runs the check tile of every tile size of a package on one device, the processor where absent.
   * @throws as `screen`
   */
  prove(
    pkg: ModelPackage,
    { device = 'cpu', signal }: { device?: Device; signal?: AbortSignal } = {},
  ): Promise<DeviceReport[]> {
    return this.#next(async () => {
      const reports: DeviceReport[] = []
      for (const tile of tileOptions(pkg.manifest).keys())
        reports.push(await this.#load({ pkg, device }, device, tile, signal))
      return reports
    })
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
    setup: EngineSetup & { resumeFolder?: string },
    options: EngineOptions,
    work: () => Promise<T>,
  ): Promise<{ device: DeviceReport; warnings: Warning[]; value: T; step: Step }> {
    const plan = planDevices(setup.device, this.#host)
    const warnings: Warning[] = []
    const warn = (warning: Warning) => {
      warnings.push(warning)
      options.onWarning?.(warning)
    }
    plan.warnings.forEach(warn)
    const tiles = tileOptions(setup.pkg.manifest)
    const key = JSON.stringify([setup.pkg.dir, setup.pkg.hash, plan.candidates, setup.threads])
    const prepared = this.#loaded && this.#prepared?.setup === key ? this.#prepared : undefined
    this.#prepared = undefined
    const taken: Warning[] = [...(prepared?.warnings ?? [])]
    taken.forEach(warn)
    const stepDown = (warning: Warning) => {
      taken.push(warning)
      warn(warning)
    }
    for (let { at, tile } = prepared ?? { at: 0, tile: 0 }; ; ) {
      const device = plan.candidates[at]
      try {
        const report = await this.#load(setup, device, tile, options.signal)
        if (report.partlyOnCpu) warn(partlyOnCpu(device))
        options.onDevice?.(report)
        const step = { setup: key, at, tile, warnings: taken }
        return { device: report, warnings, value: await work(), step }
      } catch (error) {
        if (!(error instanceof WorkstationError) || error.kind !== 'engine') throw error
        // A process that failed on a device may hold a broken driver context: the next attempt gets a fresh one.
        await this.#kill()
        const smaller = error.code === 'engine/out-of-memory' ? tiles[tile + 1] : undefined
        const next = plan.candidates[at + 1]
        // What a device that is refused, or left, had computed before is not trusted either.
        if (setup.resumeFolder !== undefined && (next || error.code !== 'engine/died'))
          await rm(journalFile(setup.resumeFolder, device), { force: true })
        if (smaller) {
          stepDown(smallerTile(error, smaller.patchSize))
          tile++
        } else if (next) {
          stepDown(nextDevice(error, next))
          at++
          tile = 0
        } else throw error
      }
    }
  }

  async #load(setup: EngineSetup, device: Device, tile: number, signal?: AbortSignal): Promise<DeviceReport> {
    const threads = setup.threads ?? defaultThreads()
    const key = JSON.stringify([setup.pkg.dir, setup.pkg.hash, device, threads, tile])
    if (this.#process && this.#loaded?.key === key) return this.#loaded.report
    this.#loaded = undefined
    const { dir: packageDir, hash: packageHash } = setup.pkg
    const reply = await this.#ask(
      { type: 'load', packageDir, packageHash, device, threads, tile },
      'loaded',
      signal,
    )
    this.#loaded = { key, report: reply.report }
    return reply.report
  }

  async #run(job: EngineJob, options: EngineOptions): Promise<EngineResult> {
    const { dims, spacing, origin, direction } = job.grid
    const grid = { dims, spacing, origin, direction }
    const { workFolder, findings, review = null, unscored = 'lowest', filledSlices = [], resumeFolder } = job
    const request: EngineRequest = {
      type: 'screen',
      workFolder,
      grid,
      findings,
      review,
      unscored,
      filledSlices,
      ...(resumeFolder === undefined ? {} : { resumeFolder }),
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
