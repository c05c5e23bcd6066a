import { Worker } from 'node:worker_threads'

/** Finished tiles that may wait for the disk, bytes. */
const WAITING_BYTES = 64 * 2 ** 20
const MOST_SLOTS = 256

/** State of a slot; of the writer in the last place, FREE while it works. */
export const FREE = 0
const TAKEN = 1
export const FAILURE = { full: 1, other: 2 } as const

/** The file is cut off at `end`, and records follow there. */
export interface Begin {
  path: string
  end: number
  /** Scores on their way, each of `slotBytes`. */
  slots: SharedArrayBuffer
  slotBytes: number
  /** One for each slot, then the writer's own. */
  states: Int32Array<SharedArrayBuffer>
}

/** A score that lies in its slot. */
export interface Finished {
  tile: number
  slot: number
}

/**
 * Appends records (tileRecord.ts) to a file in a thread of its own. A checksum and a flush for every tile would take a
 * seventh of the time of a graphics card; the copy into memory that both threads see takes a hundredth.
 */
export class TileWriter {
  /** The thread runs, or never will (see `failure`). */
  readonly ready: Promise<void>
  readonly #worker: Worker
  #slots: Float32Array[] = []
  #states = new Int32Array(new SharedArrayBuffer(4))

  /** Starts the thread: some 50 ms, beside other work. */
  constructor() {
    this.#worker = new Worker(new URL('./tileWriterWorker.ts', import.meta.url))
    this.ready = new Promise((resolve) => {
      this.#worker.once('message', resolve)
      this.#worker.once('exit', resolve)
    })
    this.#worker.on('error', () => this.#fail())
  }

  /**
   * Cuts the file off at `end`, forgetting what waits, and goes on there.
   * @param voxels float32 values of a tile's score
   */
  begin(path: string, end: number, voxels: number): void {
    const slotBytes = 4 * voxels
    const count = Math.max(2, Math.min(MOST_SLOTS, Math.floor(WAITING_BYTES / slotBytes)))
    // The system gives the memory of a slot when it is first used: a slow network needs that of one.
    const slots = new SharedArrayBuffer(count * slotBytes)
    this.#slots = Array.from({ length: count }, (_, i) => new Float32Array(slots, i * slotBytes, voxels))
    this.#states = new Int32Array(new SharedArrayBuffer(4 * (count + 1)))
    this.#worker.postMessage({ path, end, slots, slotBytes, states: this.#states } satisfies Begin)
  }

  /** Why nothing is written any more: the disk is full where the code is ENOSPC. */
  get failure(): { code: 'ENOSPC' | undefined } | undefined {
    const state = Atomics.load(this.#states, this.#slots.length)
    return state === FREE ? undefined : { code: state === FAILURE.full ? 'ENOSPC' : undefined }
  }

  /** Takes a copy, if there is room for it: not where the disk is slower than the network. */
  write(tile: number, score: Float32Array): void {
    const slot = this.#slots.findIndex((_, i) => Atomics.load(this.#states, i) === FREE)
    if (slot < 0) return
    this.#slots[slot]!.set(score)
    Atomics.store(this.#states, slot, TAKEN)
    this.#worker.postMessage({ tile, slot } satisfies Finished)
  }

  /** Drops what still waits; when it returns, nothing is written any more, and the last record may be torn. */
  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #fail(): void {
    Atomics.store(this.#states, this.#slots.length, FAILURE.other)
  }
}
