import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, rm, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import type { Warning } from '../errors.ts'
import type { Device } from './devices.ts'

/**
 * The finished tiles of a run, on disk, for the same run asked for again after its process or the power was gone.
 *
 * `tiles-DEVICE.journal` holds the key of the run as a line of text, then a record for each tile, in the order they were
 * computed: uint32 number of the tile in the plan, uint32 bytes of its score, uint32 CRC-32 of these two and of the
 * score, then the score, float32 [D, H, W]. Little-endian, as rawFile.ts. What stands after the first record that is
 * not whole was being written when the end came. Scores are kept as the network gave them: blended again in the same
 * order they make the same map, bit by bit.
 */
export function journalFile(folder: string, device: Device): string {
  return join(folder, `tiles-${device}.journal`)
}

const HEAD_BYTES = 12

/** Of the time of the tiles that the journal may take: on a device as quick as the disk only some tiles are kept. */
const LARGEST_SHARE = 0.02

/** What it may take in any case, ms: nobody notices it, and a short run is kept whole. */
const ALWAYS_MS = 100

/** A record that the network does not confirm: the tiles before it may be as wrong. */
export class DoubtfulTiles extends Error {}

export interface TileJournalOptions {
  /** `journalFile`, in a folder that is made where missing; the caller's, who removes it when the run is over. */
  path: string
  /** What `runKey` says. */
  key: string
  /** float32 values of a tile's score. */
  voxels: number
  /** Tiles of the run. */
  tiles: number
  /** Bytes that others will want on the same disk while the journal is there. */
  roomForOthers: number
  /** Largest |difference| / max(1, |kept|) between a kept score and the network's: what the device may deviate by. */
  tolerance: number
}

/** What the tiles of a run depend on, as one hash: the network, the device, and all that the network is shown. */
export function runKey(
  facts: Readonly<Record<string, unknown>>,
  shown: readonly (Float32Array | Uint8Array)[],
): string {
  const hash = createHash('sha256').update(JSON.stringify(facts))
  for (const part of shown) hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength))
  return hash.digest('hex')
}

/**
 * Keeps each tile while the next one is computed, flushed: after a power cut at most the tile being computed and the
 * one being written are missing, unless the disk is slower than the network. A journal that fails costs no run: it is
 * removed, and says so in `warnings`.
 */
export class TileJournal {
  readonly warnings: Warning[] = []
  /** Tiles of an earlier process that this run did not compute. */
  resumed = 0
  /** Tiles that this run had to compute. */
  computed = 0
  /** Those of them that had not been kept. */
  #fresh = 0
  readonly #options: TileJournalOptions
  /** Where in the file the score of a tile of an earlier process begins. */
  readonly #kept = new Map<number, number>()
  /** The kept tile that was written last. */
  #unproved: number | undefined
  #next = 0
  #file: FileHandle | undefined
  /** Where the next record begins; none is written where undefined. */
  #end: number | undefined
  #pending: Promise<void> | undefined
  #inferenceMs = 0
  /** What the tiles waited for the journal. */
  #spentMs = 0

  private constructor(options: TileJournalOptions) {
    this.#options = options
  }

  /** Takes up what lies in the folder, if it is of the same run; removes it otherwise. Never throws. */
  static async open(options: TileJournalOptions): Promise<TileJournal> {
    const journal = new TileJournal(options)
    try {
      await mkdir(dirname(options.path), { recursive: true, mode: 0o700 })
      const good = await journal.#takeUp()
      const header = `${options.key}\n`
      if (good === 0) await writeFile(options.path, header, { mode: 0o600 })
      // Synchronous: a write that has returned outlasts a power cut.
      journal.#file = await open(options.path, 'rs+')
      const { bavail, bsize } = await statfs(dirname(options.path))
      const missing = options.tiles - journal.#kept.size
      if (bavail * bsize < missing * (HEAD_BYTES + journal.#bytes) + options.roomForOthers)
        journal.#warnOff('the disk has too little room for them')
      else {
        journal.#end = Math.max(good, header.length)
        await journal.#file.truncate(journal.#end)
      }
    } catch (error) {
      await journal.#switchOff(error)
    }
    return journal
  }

  /** Tiles that need not be computed any more. */
  get finished(): number {
    return this.#kept.size + this.#fresh
  }

  /**
   * The next tile of the plan: the kept score, or else what `run` computes, which is then kept. The device may have
   * failed silently before the earlier process ended, so the tile it wrote last is computed once more.
   * @throws DoubtfulTiles where that one differs: every tile must be computed, after `restart`
   */
  async tile(
    input: Float32Array,
    run: (input: Float32Array) => Promise<Float32Array>,
  ): Promise<Float32Array> {
    const tile = this.#next++
    const kept = await this.#read(tile)
    if (kept && tile !== this.#unproved) {
      this.resumed++
      return kept
    }
    const from = performance.now()
    const score = await run(input)
    this.computed++
    if (tile !== this.#unproved) {
      this.#fresh++
      await this.#append(tile, score, performance.now() - from)
      return score
    }
    if (!kept || deviates(score, kept, this.#options.tolerance)) throw new DoubtfulTiles()
    this.resumed++
    return kept
  }

  /** Forgets every tile, to begin again. */
  async restart(): Promise<void> {
    this.#kept.clear()
    this.#unproved = undefined
    this.#next = 0
    this.resumed = 0
    this.computed = 0
    this.#fresh = 0
    const message =
      'The tiles that an interrupted screening had left were not confirmed by the network and were computed anew.'
    this.warnings.push({ code: 'resume-refused', message })
    try {
      await this.#pending
      this.#end = this.#options.key.length + 1
      await this.#file?.truncate(this.#end)
    } catch (error) {
      await this.#switchOff(error)
    }
  }

  /** Ends the writing; the file stays, for the run may still be interrupted before its results are kept. */
  async close(): Promise<void> {
    await this.#pending
    await this.#file?.close().catch(() => {})
    this.#file = undefined
  }

  /** Removes all that was kept: it came from a device that is not to be trusted. */
  async discard(): Promise<void> {
    await this.close()
    await rm(this.#options.path, { force: true }).catch(() => {})
  }

  get #bytes(): number {
    return 4 * this.#options.voxels
  }

  /** @returns bytes from the file's start that are sound, 0 where it is another run's, or not there */
  async #takeUp(): Promise<number> {
    const { key, tiles } = this.#options
    const file = await open(this.#options.path, 'r').catch(() => undefined)
    if (!file) return 0
    try {
      const line = Buffer.alloc(key.length + 1)
      await file.read(line, 0, line.length, 0)
      if (line.toString('latin1') !== `${key}\n`) return 0
      const record = Buffer.alloc(HEAD_BYTES + this.#bytes)
      let at = line.length
      for (; ; at += record.length) {
        const { bytesRead } = await file.read(record, 0, record.length, at)
        const tile = record.readUInt32LE(0)
        const whole =
          bytesRead === record.length &&
          tile < tiles &&
          record.readUInt32LE(4) === this.#bytes &&
          record.readUInt32LE(8) === checksum(record.subarray(0, 8), record.subarray(HEAD_BYTES))
        if (!whole) return at
        this.#kept.set(tile, at + HEAD_BYTES)
        this.#unproved = tile
      }
    } finally {
      await file.close()
    }
  }

  async #read(tile: number): Promise<Float32Array | undefined> {
    const at = this.#kept.get(tile)
    if (at === undefined) return undefined
    const score = new Float32Array(this.#options.voxels)
    const bytes = new Uint8Array(score.buffer)
    const read = await this.#file?.read(bytes, 0, bytes.length, at).catch(() => undefined)
    if (read?.bytesRead === this.#bytes) return score
    // Computed like any other.
    this.#kept.delete(tile)
    return undefined
  }

  async #append(tile: number, score: Float32Array, tookMs: number): Promise<void> {
    this.#inferenceMs += tookMs
    if (this.#end === undefined || this.#spentMs > ALWAYS_MS + LARGEST_SHARE * this.#inferenceMs) return
    const from = performance.now()
    await this.#startWriting(tile, score, tookMs)
    this.#spentMs += performance.now() - from
  }

  async #startWriting(tile: number, score: Float32Array, tookMs: number): Promise<void> {
    // The network blocks this process while it runs: without this turn it would never hear that a write is over.
    if (this.#pending) await Promise.race([this.#pending, sleep(Math.max(1, LARGEST_SHARE * tookMs))])
    if (!this.#file || this.#end === undefined || this.#pending) return
    const bytes = new Uint8Array(score.buffer, score.byteOffset, score.byteLength)
    const head = Buffer.alloc(HEAD_BYTES)
    head.writeUInt32LE(tile, 0)
    head.writeUInt32LE(bytes.length, 4)
    head.writeUInt32LE(checksum(head.subarray(0, 8), bytes), 8)
    this.#pending = this.#write(this.#file, [head, bytes], this.#end)
      .catch((error) => this.#switchOff(error))
      .finally(() => {
        this.#pending = undefined
      })
  }

  async #write(file: FileHandle, parts: Uint8Array[], at: number): Promise<void> {
    const wanted = parts.reduce((sum, { length }) => sum + length, 0)
    const { bytesWritten } = await file.writev(parts, at)
    if (bytesWritten < wanted) throw Object.assign(new Error('A part was written.'), { code: 'ENOSPC' })
    this.#end = at + wanted
  }

  /** The room that the file took is the results'. */
  async #switchOff(error: unknown): Promise<void> {
    this.#warnOff(
      (error as NodeJS.ErrnoException).code === 'ENOSPC'
        ? 'the disk is full'
        : 'their file cannot be written',
    )
    this.#end = undefined
    const file = this.#file
    this.#file = undefined
    await file?.close().catch(() => {})
    await rm(this.#options.path, { force: true }).catch(() => {})
  }

  #warnOff(why: string): void {
    const message = `The finished tiles of this screening are not kept: ${why}. If it is interrupted, it has to begin again.`
    this.warnings.push({ code: 'resume-off', message })
  }
}

function checksum(...parts: Uint8Array[]): number {
  return parts.reduce((sum, part) => crc32(part, sum), 0)
}

function deviates(score: Float32Array, kept: Float32Array, tolerance: number): boolean {
  for (let i = 0; i < kept.length; i++)
    // Written so that NaN deviates.
    if (!(Math.abs(score[i] - kept[i]) <= tolerance * Math.max(1, Math.abs(kept[i])))) return true
  return false
}
