import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CallInput } from '../../preload/contract.ts'
import type { RunEntry, RunProgress } from '../../preload/records.ts'
import { WorkstationError } from '../errors.ts'
import { preferenceText, readPreference } from '../inference/devices.ts'
import type { ModelPackage } from '../inference/package.ts'
import type { DeviceReport } from '../inference/protocol.ts'
import type { Library, RunChange } from '../library/types.ts'
import { flushFolderNow } from '../processes/flush.ts'
import { entryOf } from './entries.ts'
import type { Events } from './events.ts'
import { asFailure, cancelled, errorRecord, noSuchRun, noSuchSeries } from './failures.ts'
import { mayGoOn, ResumeFolders } from './resumeFolders.ts'
import { performRun, type RunTools } from './runWork.ts'

/** At most ten times a second. */
const PROGRESS_EVERY_MS = 100

/** An engine that has nothing to do gives its memory back, but not between two runs that a reader starts. */
const ENGINE_IDLE_MS = 60_000

/** What says of a device that it cannot be used here. */
const DEVICE_FAILURES = new Set<string>(['engine/device-unavailable', 'engine/golden-mismatch'])

export interface RunQueueOptions extends RunTools {
  library: Library
  events: Events
  /** Folder for what is not done yet. */
  work: string
  dataFolder: string
  findModel: (name?: string) => Promise<ModelPackage>
  /** How an attempt on a device ended. */
  onDevice: (outcome: { device: string } & ({ report: DeviceReport } | { failure: WorkstationError })) => void
}

interface Current {
  id: string
  seriesId: string
  controller: AbortController
  progress: RunProgress | null
  ended: Promise<void>
}

/**
 * Screening runs: one at a time, in the order they were asked for. Queued runs are in the library, and go on after a
 * restart. A run's results are moved into its folder whole, and only then the library calls it done.
 */
export class RunQueue {
  readonly #options: RunQueueOptions
  readonly #unfinished: ResumeFolders
  readonly #queued: string[] = []
  #current: Current | undefined
  #closed = false
  #idle: NodeJS.Timeout | undefined
  #progressTimer: NodeJS.Timeout | undefined
  #progressTold = 0
  /** What the library could not be told, for its disk was full. */
  readonly #unsaved = new Map<string, Partial<RunEntry>>()

  constructor(options: RunQueueOptions) {
    this.#options = options
    this.#unfinished = new ResumeFolders(options.dataFolder)
  }

  /** Takes up the runs that were queued when the last process ended, and removes what unfinished ones left. */
  async resume(): Promise<void> {
    const { library } = this.#options
    for (const run of library.listRuns().reverse()) {
      if (run.status === 'queued') this.#queued.push(run.id)
      if (run.status !== 'done') await rm(library.runFolder(run.id), { recursive: true, force: true })
    }
    await this.#unfinished.tidy(new Set(library.listSeries().map(({ id }) => id)))
    this.#next()
  }

  /** The same series, model and device asked for again while they wait or run give the run that is there. */
  async start({ seriesId, model, device = 'auto' }: CallInput<'runs.start'>): Promise<RunEntry> {
    const { library, findModel } = this.#options
    const choices = readPreference(device)
    if (!choices) throw new WorkstationError('usage/device', `There is no device named ${device}.`)
    const pkg = await findModel(model)
    const series = library.getSeries(seriesId)
    if (!series) throw noSuchSeries()
    if (!series.canScreen) {
      const { code, message } = series.reason ?? { code: '', message: 'This series cannot be screened.' }
      throw new WorkstationError('input/cannot-screen', message, code)
    }
    this.#mustBeOpen()
    const { name, version, title } = pkg.manifest
    const same = (run: RunEntry) =>
      (run.status === 'queued' || run.status === 'running') &&
      run.deviceRequested === preferenceText(choices) &&
      library.getRun(run.id)?.packageHash === pkg.hash
    const there = library.listRuns(seriesId).find((run) => same(this.#entry(run)))
    if (there) return this.#entry(there)
    const run = library.addRun({
      seriesId,
      model: { name, version, title },
      packageHash: pkg.hash,
      deviceRequested: preferenceText(choices),
    })
    this.#queued.push(run.id)
    this.#tell(run.id)
    this.#next()
    return this.get(run.id)
  }

  /** What has ended stays as it is. The run counts as cancelled at once; the engine is gone within a second. */
  cancel(runId: string): RunEntry {
    const run = this.get(runId)
    if (run.status !== 'queued' && run.status !== 'running') return run
    const at = this.#queued.indexOf(runId)
    if (at >= 0) this.#queued.splice(at, 1)
    this.#save(runId, { status: 'cancelled' })
    if (this.#current?.id === runId) this.#current.controller.abort(cancelled())
    this.#tell(runId)
    return this.get(runId)
  }

  /** What does not run stays as it is. Finished tiles are kept: the same screening asked for again takes them up. */
  pause(runId: string): RunEntry {
    const run = this.get(runId)
    if (run.status === 'running' && this.#current?.id === runId) {
      const message = 'The screening was paused. What it had computed is kept for 14 days.'
      this.#save(runId, { status: 'interrupted', error: { code: 'engine/paused', message } })
      this.#current.controller.abort(cancelled())
      this.#tell(runId)
    }
    return this.get(runId)
  }

  list(seriesId?: string): RunEntry[] {
    return this.#options.library.listRuns(seriesId).map((run) => this.#entry(run))
  }

  get(runId: string): RunEntry {
    const run = this.#options.library.getRun(runId)
    if (!run) throw noSuchRun()
    const { packageHash: _hash, record: _record, ...entry } = run
    return this.#entry(entry)
  }

  /** Cancels what waits or runs for a series that is to be removed; returns when nothing writes for it any more. */
  async endOf(seriesId: string): Promise<void> {
    for (const run of this.list(seriesId)) this.cancel(run.id)
    if (this.#current?.seriesId === seriesId) await this.#current.ended
    await this.#unfinished.remove(seriesId)
  }

  /** Queued runs stay queued for the next start; a running one is interrupted. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#idle)
    const current = this.#current
    if (current) {
      const message = 'The program was closed while this screening ran. Start it again to go on with it.'
      if (this.get(current.id).status === 'running')
        this.#save(current.id, { status: 'interrupted', error: { code: 'engine/interrupted', message } })
      current.controller.abort(cancelled())
      await current.ended
    }
    clearTimeout(this.#progressTimer)
  }

  #next(): void {
    if (this.#closed || this.#current) return
    const id = this.#queued.shift()
    clearTimeout(this.#idle)
    if (id === undefined) {
      const { engine } = this.#options
      this.#idle = setTimeout(() => engine.close().catch(() => {}), ENGINE_IDLE_MS).unref()
      return
    }
    const controller = new AbortController()
    const current: Current = { id, seriesId: '', controller, progress: null, ended: Promise.resolve() }
    this.#current = current
    current.ended = this.#run(current).finally(() => {
      this.#current = undefined
      this.#next()
    })
  }

  async #run(current: Current): Promise<void> {
    const { id, controller } = current
    const { work, dataFolder } = this.#options
    const workFolder = join(work, id)
    try {
      await this.#perform(current, workFolder)
    } catch (error) {
      if (!controller.signal.aborted)
        this.#save(id, { status: 'failed', error: errorRecord(asFailure(error, dataFolder)) })
    } finally {
      current.progress = null
      await rm(workFolder, { recursive: true, force: true }).catch(() => {})
      await this.#forgetTiles(current)
      this.#tell(id)
    }
  }

  /** What was interrupted, by whatever, goes on with its finished tiles when it is asked for again. */
  async #forgetTiles({ id, seriesId }: Current): Promise<void> {
    const run = this.#options.library.getRun(id)
    if (run && seriesId && !mayGoOn(this.#entry(run)))
      await this.#unfinished.remove(seriesId, run.packageHash)
  }

  async #perform(current: Current, workFolder: string): Promise<void> {
    const { id, controller } = current
    const { library, findModel, events, onDevice } = this.#options
    const { signal } = controller
    const run = library.getRun(id)
    const series = run && library.getSeries(run.seriesId)
    if (!run || !series) throw noSuchSeries()
    current.seriesId = series.id
    library.changeRun(id, { status: 'running' })
    this.#tell(id)
    const pkg = await findModel(run.model.name)
    if (pkg.hash !== run.packageHash) {
      const sentence = `The model ${run.model.name} was replaced after this screening was asked for. Start it again.`
      throw new WorkstationError('model/replaced', sentence)
    }
    const device = readPreference(run.deviceRequested) ?? ['auto' as const]
    const result = await performRun(
      {
        series,
        pkg,
        device,
        workFolder,
        resumeFolder: this.#unfinished.of(series.id, pkg.hash),
        signal,
        onProgress: (progress) => this.#progress(current, progress),
        onWarning: (warning) => {
          // Told as it happens, and kept where the run fails after it.
          if (signal.aborted) return
          const { warnings = [] } = library.getRun(id) ?? {}
          library.changeRun(id, { status: 'running', warnings: [...warnings, warning] })
          this.#tell(id)
        },
        onDevice: (report) => {
          onDevice({ device: report.device, report })
          if (signal.aborted) return
          library.changeRun(id, { status: 'running', device: report.device })
        },
      },
      this.#options,
    ).catch((error) => {
      const [only, next] = device
      if (error instanceof WorkstationError && !next && only !== 'auto' && DEVICE_FAILURES.has(error.code))
        onDevice({ device: only, failure: error })
      throw error
    })
    // From here on in one go: a cancel comes before, and nothing is moved, or after, and the run is done.
    signal.throwIfAborted()
    const folder = library.runFolder(id)
    mkdirSync(dirname(folder), { recursive: true, mode: 0o700 })
    rmSync(folder, { recursive: true, force: true })
    renameSync(workFolder, folder)
    flushFolderNow(dirname(folder))
    const { device: used, warnings, record } = result
    try {
      library.changeRun(id, { status: 'done', device: used.device, warnings, record })
    } catch (error) {
      rmSync(folder, { recursive: true, force: true })
      throw error
    }
    events.emit('series.changed', entryOf(library, run.seriesId))
  }

  /** What the library says, with what only this process knows. */
  #entry(run: RunEntry): RunEntry {
    const progress = this.#current?.id === run.id && run.status === 'running' ? this.#current.progress : null
    return { ...run, progress, ...this.#unsaved.get(run.id) }
  }

  #progress(current: Current, progress: RunProgress): void {
    if (current.controller.signal.aborted) return
    current.progress = progress
    if (this.#progressTimer) return
    const wait = Math.max(0, PROGRESS_EVERY_MS - (performance.now() - this.#progressTold))
    this.#progressTimer = setTimeout(() => {
      this.#progressTimer = undefined
      this.#progressTold = performance.now()
      // It may be the next run by now.
      if (this.#current?.progress) this.#tell(this.#current.id)
    }, wait)
  }

  #tell(id: string): void {
    try {
      this.#options.events.emit('run.changed', this.get(id))
    } catch {
      // Removed in between, or the library cannot be read: who asks for it hears why.
    }
  }

  /** A run must not stay `running` on the screen because the disk is too full to write that it ended. */
  #save(id: string, change: RunChange): void {
    try {
      this.#options.library.changeRun(id, change)
    } catch {
      const { status, error = null } = change
      this.#unsaved.set(id, { status, error, progress: null })
    }
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new WorkstationError('usage/closed', 'The program is being closed.')
  }
}
