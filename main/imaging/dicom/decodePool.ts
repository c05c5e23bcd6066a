import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type ErrorCode, WorkstationError } from '../../errors.ts'
import type { DicomHeader } from './header.ts'

/** What a decoding worker is asked: one image, and where its HU go. */
export interface DecodeJob {
  image: DicomHeader
  /** rows · columns voxels of shared memory; absent where the worker is to send the slice back. */
  out?: Int16Array
}

/** What it answers: how many voxels were clamped, or why the image cannot be read. */
export type DecodeReply =
  | { clamped: number; slice?: Int16Array<ArrayBuffer> }
  /** `code` is absent for an error that no input should be able to cause. */
  | { code?: ErrorCode; message: string; detail: string | undefined }

/** More decoders than this wait for the disk and cost memory. */
const MAX_WORKERS = 8

/**
 * A codec computes for at most this long on one image of up to a megapixel, larger ones in proportion. Sound images
 * take 10 to 200 ms; damaged JPEG-LS data have kept the decoder busy for 13 s.
 */
const LIMIT_MS = 4000
const LIMIT_PIXELS = 2 ** 20

/** How often the computing time is looked at. */
const WATCH_EVERY_MS = 100

/** Workers wait this long for more to do. Idle ones give back their codecs' memory, and the last volume. */
const IDLE_MS = 2000

/** JavaScript heap of a worker: voxels and codecs lie outside it, so only runaway parsing comes near. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 512 }

interface Task {
  job: DecodeJob
  resolve: (reply: { clamped: number; slice?: Int16Array<ArrayBuffer> }) => void
  reject: (reason: unknown) => void
}

interface Member {
  worker: Worker
  /** The task at hand; undefined while idle. */
  task: Task | undefined
  /** Computing time of the worker when it was given its task, ms. */
  busyBefore: number
  retirement: NodeJS.Timeout | undefined
}

/**
 * Threads that decode one image at a time each. A decoder that hangs, aborts or runs out of memory takes its thread
 * with it and no more: the image is refused and the next one finds a new thread.
 */
export class DecodePool {
  readonly size: number
  readonly #script: URL
  readonly #members = new Set<Member>()
  readonly #waiting: Task[] = []
  #watch: NodeJS.Timeout | undefined

  /** @param script the module that answers a DecodeJob with a DecodeReply */
  constructor(
    script: URL = new URL('./decodeWorker.ts', import.meta.url),
    size: number = Math.min(MAX_WORKERS, availableParallelism()),
  ) {
    this.#script = script
    this.size = size
  }

  /**
   * Decodes one image, as soon as a thread is free.
   * @throws WorkstationError as readSlice, or input/damaged if the decoder fails altogether; the signal's reason after
   *   an abort, at once: the thread is ended in the middle of its work
   */
  run(job: DecodeJob, signal?: AbortSignal): Promise<{ clamped: number; slice?: Int16Array<ArrayBuffer> }> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const stop = () => this.#cancel(task, signal?.reason)
      const settled = () => signal?.removeEventListener('abort', stop)
      const task: Task = {
        job,
        resolve: (reply) => {
          settled()
          resolve(reply)
        },
        reject: (reason) => {
          settled()
          reject(reason)
        },
      }
      signal?.addEventListener('abort', stop, { once: true })
      this.#waiting.push(task)
      this.#next()
    })
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      const idle = [...this.#members].find((m) => m.task === undefined)
      if (!idle && this.#members.size >= this.size) return
      this.#give(idle ?? this.#hire(), this.#waiting.shift()!)
    }
  }

  #give(member: Member, task: Task): void {
    clearTimeout(member.retirement)
    member.task = task
    member.busyBefore = busyMs(member.worker)
    member.worker.ref()
    member.worker.postMessage(task.job)
    this.#watch ??= setInterval(() => this.#endTheStuck(), WATCH_EVERY_MS).unref()
  }

  #hire(): Member {
    const worker = new Worker(this.#script, { resourceLimits: RESOURCE_LIMITS })
    const member: Member = { worker, task: undefined, busyBefore: 0, retirement: undefined }
    this.#members.add(member)
    worker.on('message', (reply: DecodeReply) => this.#finish(member, reply))
    worker.on('error', (error) => this.#lose(member, error))
    worker.on('messageerror', (error) => this.#lose(member, error))
    worker.on('exit', (code) => this.#lose(member, `the decoding thread ended with code ${code}`))
    return member
  }

  #finish(member: Member, reply: DecodeReply): void {
    const task = member.task
    if (!task) return
    member.task = undefined
    // Idle threads keep no process from ending.
    member.worker.unref()
    member.retirement = setTimeout(() => this.#dismiss(member), IDLE_MS).unref()
    if ('clamped' in reply) task.resolve(reply)
    else if (reply.code) task.reject(new WorkstationError(reply.code, reply.message, reply.detail))
    else task.reject(new Error(reply.message, { cause: reply.detail }))
    this.#next()
  }

  #endTheStuck(): void {
    for (const member of this.#members) {
      const image = member.task?.job.image
      if (!image || busyMs(member.worker) - member.busyBefore < decodeLimitMs(image)) continue
      this.#lose(
        member,
        `more than ${decodeLimitMs(image)} ms`,
        `The image ${basename(image.file)} takes too long to decode: it is damaged.`,
      )
    }
  }

  /** Gives up a thread and refuses the image that it had. */
  #lose(member: Member, detail: unknown, sentence?: string): void {
    const task = member.task
    this.#dismiss(member)
    if (!task) return
    const name = basename(task.job.image.file)
    const message = sentence ?? `The image ${name} is damaged: its picture cannot be decoded.`
    task.reject(new WorkstationError('input/damaged', message, detail))
    this.#next()
  }

  #cancel(task: Task, reason: unknown): void {
    const at = this.#waiting.indexOf(task)
    if (at >= 0) this.#waiting.splice(at, 1)
    for (const member of this.#members) if (member.task === task) this.#dismiss(member)
    task.reject(reason)
    this.#next()
  }

  #dismiss(member: Member): void {
    clearTimeout(member.retirement)
    member.task = undefined
    this.#members.delete(member)
    member.worker.unref()
    void member.worker.terminate()
    if (this.#members.size > 0) return
    clearInterval(this.#watch)
    this.#watch = undefined
  }
}

export function decodeLimitMs({ layout }: Pick<DicomHeader, 'layout'>): number {
  return LIMIT_MS * Math.max(1, (layout.rows * layout.columns) / LIMIT_PIXELS)
}

/** Time that a thread has computed so far. Waiting for a slow drive does not count: that says nothing of the image. */
function busyMs(worker: Worker): number {
  return worker.performance.eventLoopUtilization().active
}
