import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WorkstationError } from '../errors.ts'
import type { InputReport } from '../imaging/inputReport.ts'
import type { ReadProgress } from '../imaging/open.ts'
import { type ChildExit, type ChildHandle, forkChild, type SpawnChild } from '../processes/childProcess.ts'
import { compileCacheEnv } from './compileCache.ts'
import { memoryKills, reasonOfDeath } from './killedForMemory.ts'
import {
  HANG_LIMIT_MS,
  HEARTBEAT_MS,
  type OpenedScan,
  type ReaderInput,
  ReaderReply,
  type ReaderRequest,
  type SeriesSeen,
  START_LIMIT_MS,
} from './protocol.ts'

export type { OpenedScan, ReaderInput, SeriesSeen } from './protocol.ts'

export interface OpenRequest {
  /** A folder, a file, or several files of one scan. */
  input: ReaderInput
  /** Which series, where the input holds several. */
  seriesInstanceUid?: string
  /** File to write the voxels to, in a folder of the caller's. It must not exist, and does not after a failure. */
  voxelsFile: string
}

export interface ReadOptions {
  /** Aborting ends the reading process, with all that it holds. */
  signal?: AbortSignal
  onProgress?: (progress: ReadProgress & { file?: string }) => void
}

export interface DescribeOptions extends ReadOptions {
  /** The series while they are found, each again as it grows; the report comes when all are. */
  onSeries?: (series: SeriesSeen) => void
}

export interface ReaderClientOptions {
  /** How to start a reading process; Node's fork where absent. */
  spawn?: SpawnChild
  /** Silence after which the process counts as hung, ms. */
  hangLimitMs?: number
}

export const READER_ENTRY = fileURLToPath(new URL('./readerProcess.ts', import.meta.url))

/**
 * Headers of 20,000 files take a fifth of this. Voxels are not counted: they lie outside the heap, where the reader
 * compares what a scan needs with what the computer has before it allocates.
 */
const HEAP_LIMIT_MB = 2048

/** A reading process with a temporary folder of its own, which goes when it does: a killed process cannot tidy up. */
export function forkReader(): ChildHandle {
  const folder = mkdtempSync(join(tmpdir(), 'screener-reading-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const child = forkChild(READER_ENTRY, {
    execArgv: [`--max-old-space-size=${HEAP_LIMIT_MB}`, '--expose-gc'],
    env: { TMPDIR: folder, TEMP: folder, TMP: folder, ...compileCacheEnv() },
  })
  process.once('exit', remove)
  child.onExit(() => {
    process.off('exit', remove)
    remove()
  })
  return child
}

/** A request without the number that the client gives it. */
type Asked<T extends ReaderRequest = ReaderRequest> = T extends { job: number } ? Omit<T, 'job'> : never
type Reply<T extends ReaderReply['type']> = Extract<ReaderReply, { type: T }>

/**
 * The parent's side of the reading process: parsing and decoding of what a user hands over happen in a process that
 * may die. Keeps one process alive, one job at a time, and survives the process's death: the next job gets a fresh one.
 */
export class ReaderClient {
  readonly #spawn: SpawnChild
  readonly #hangLimitMs: number
  #process: ChildHandle | undefined
  #queue: Promise<unknown> = Promise.resolve()
  #jobs = 0
  #onReply: ((reply: ReaderReply) => void) | undefined
  #onDeath: ((exit: ChildExit) => void) | undefined
  /** Whether the running process was heard at all, and for how many beats it has been silent since. */
  #heard = false
  #silentBeats = 0

  constructor({ spawn = forkReader, hangLimitMs = HANG_LIMIT_MS }: ReaderClientOptions = {}) {
    this.#spawn = spawn
    this.#hangLimitMs = hangLimitMs
  }

  /** Of the running process; undefined between a death and the next job. */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Starts the process ahead of the first request, for who has other things to do until then. */
  start(): void {
    this.#start()
  }

  /**
   * Opens a scan as `openCt` does; its voxels go to `voxelsFile` and are never held here. Jobs wait for each other.
   *
   * @throws WorkstationError what `openCt` throws; `input/reader-hung` or `input/reader-died` where the input keeps
   *   the process from answering or ends it; `input/reader-protocol`; `output/…` for the voxels file; `cancelled`
   *   within a second of the signal.
   */
  open(request: OpenRequest, options: ReadOptions = {}): Promise<OpenedScan> {
    const { input, seriesInstanceUid = null, voxelsFile } = request
    return this.#next(async () => {
      if (existsSync(voxelsFile)) {
        throw new WorkstationError(
          'output/write-failed',
          `The temporary file ${voxelsFile} is already there.`,
        )
      }
      try {
        const asked = { type: 'open', input, seriesInstanceUid, voxelsFile } as const
        return (await this.#ask(asked, 'opened', options)).scan
      } catch (error) {
        await rm(voxelsFile, { force: true })
        throw error
      }
    })
  }

  /** Says what an input holds, as `describeInput` does. @throws as `open` */
  describe(input: ReaderInput, options: DescribeOptions = {}): Promise<InputReport> {
    return this.#next(async () => (await this.#ask({ type: 'describe', input }, 'described', options)).report)
  }

  /** Lets the process end; kills it if it does not within two seconds. */
  async close(): Promise<void> {
    await this.#queue
    const reader = this.#process
    if (!reader) return
    this.#process = undefined
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => reader.kill(), 2000)
      reader.onExit(() => {
        clearTimeout(timer)
        resolve()
      })
      reader.send({ type: 'close' } satisfies ReaderRequest)
    })
  }

  /** Ends the process now, without waiting for it: for a host that is itself about to exit. */
  kill(): void {
    this.#process?.kill()
  }

  /** One thing at a time, in the order asked for; a failure does not hold up what waits. */
  #next<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work)
    this.#queue = turn.catch(() => {})
    return turn
  }

  /** Sends a request and waits for its answer, the process's end, its silence or the signal. */
  #ask<T extends 'opened' | 'described'>(
    asked: Asked,
    answer: T,
    { signal, onProgress, onSeries }: DescribeOptions,
  ): Promise<Reply<T>> {
    if (signal?.aborted) return Promise.reject(cancelled())
    const reader = this.#start()
    const job = ++this.#jobs
    return new Promise((resolve, reject) => {
      let last: (ReadProgress & { file?: string }) | undefined
      // Why this side ends the process; undefined where it ended by itself.
      let verdict: WorkstationError | undefined
      const end = (why: WorkstationError) => {
        verdict ??= why
        reader.kill()
      }
      const abort = () => end(cancelled())
      const settle = (finish: () => void) => {
        clearInterval(watch)
        signal?.removeEventListener('abort', abort)
        this.#onReply = undefined
        this.#onDeath = undefined
        finish()
      }
      // Beats are counted, not time: a computer that slept, or a busy parent, must not be taken for a silent reader.
      this.#silentBeats = 0
      const watch = setInterval(() => {
        this.#silentBeats++
        const limit = this.#heard ? this.#hangLimitMs : START_LIMIT_MS
        if (this.#silentBeats * HEARTBEAT_MS > limit) end(hung(asked.input, last, limit))
      }, HEARTBEAT_MS)
      signal?.addEventListener('abort', abort, { once: true })
      const kills = memoryKills()
      this.#onDeath = (exit) => {
        const why = reasonOfDeath(exit, kills, memoryKills())
        settle(() => reject(verdict ?? died(asked.input, last, exit, why)))
      }
      this.#onReply = (reply) => {
        if (verdict || reply.type === 'alive' || reply.job !== job) return
        if (reply.type === 'progress') {
          last = reply.progress
          onProgress?.(reply.progress)
        } else if (reply.type === 'series') onSeries?.(reply.series)
        else if (reply.type === 'failed') {
          const { code, message, detail } = reply
          // What does not speak this language is not asked again.
          if (code === 'input/reader-protocol') end(new WorkstationError(code, message, detail))
          else settle(() => reject(new WorkstationError(code, message, detail)))
        } else if (reply.type === answer) settle(() => resolve(reply as Reply<T>))
      }
      reader.send({ ...asked, job })
    })
  }

  #start(): ChildHandle {
    if (this.#process) return this.#process
    const reader = this.#spawn()
    this.#process = reader
    this.#heard = false
    reader.onMessage((message) => {
      if (this.#process !== reader) return
      this.#heard = true
      this.#silentBeats = 0
      this.#onReply?.(understand(message, this.#jobs))
    })
    reader.onExit((exit) => {
      if (this.#process !== reader) return
      this.#process = undefined
      this.#onDeath?.(exit)
    })
    return reader
  }
}

function understand(message: unknown, job: number): ReaderReply {
  const parsed = ReaderReply.safeParse(message)
  if (parsed.success) return parsed.data
  const sentence = 'The reader and this program do not understand each other: their versions differ.'
  return {
    type: 'failed',
    job,
    code: 'input/reader-protocol',
    message: sentence,
    detail: parsed.error.message,
  }
}

function cancelled(): WorkstationError {
  return new WorkstationError('cancelled', 'The reading was cancelled.')
}

/** What was being read, in words. */
function subject(input: ReaderInput, last?: ReadProgress & { file?: string }): string {
  const what = typeof input === 'string' ? input : `${input.length} files (${input[0]} and others)`
  if (!last) return what
  if (last.file) return `${last.file} of ${what}`
  const unit = last.stage === 'scanning' ? 'file' : 'slice'
  const of = last.total > 0 ? ` of ${last.total}` : ''
  return `${what}, after ${unit} ${last.done}${of}`
}

function hung(input: ReaderInput, last: ReadProgress | undefined, limitMs: number): WorkstationError {
  return new WorkstationError(
    'input/reader-hung',
    `Reading ${subject(input, last)} was given up: nothing moved for ${limitMs / 1000} seconds. A damaged file is the usual cause.`,
  )
}

function died(
  input: ReaderInput,
  last: ReadProgress | undefined,
  exit: ChildExit,
  why: string,
): WorkstationError {
  const how = exit.signal ? `ended by ${exit.signal}` : `exit code ${exit.code}`
  return new WorkstationError(
    'input/reader-died',
    `The reader stopped unexpectedly (${how}) at ${subject(input, last)}. ${why}`,
    exit.stderr,
  )
}
