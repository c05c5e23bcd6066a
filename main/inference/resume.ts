import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, rm, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Warning } from '../errors.ts'
import type { Device } from './devices.ts'
import { HEAD_BYTES, tileOfRecord } from './tileRecord.ts'
import type { TileWriter } from './tileWriter.ts'

/**
 * The finished tiles of a run, on disk, for the same run asked for again after its process or the power was gone.
 *
 * `tiles-DEVICE.journal` holds the key of the run as a line of text, then a record (tileRecord.ts) for each tile, in the
 * order they were computed. What stands after the first record that is not whole was being written when the end came.
 * Scores are kept as the network gave them: blended again in the same order they make the same map, bit by bit.
 */
export function journalFile(folder: string, device: Device): string {
  return join(folder, `tiles-${device}.journal`)
}

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
  /** The caller's, who ends it. */
  writer: TileWriter
}

/**
 * What the tiles of a run depend on, as one hash: the network, the device, and all that the network is shown. That goes
 * in as a CRC-32 of each part: they differ by chance if at all, and a SHA-256 of a trunk takes as long as two tiles.
 */
export function runKey(
  facts: Readonly<Record<string, unknown>>,
  shown: readonly (Float32Array | Uint8Array)[],
): string {
  const sums = shown.map((part) => crc32(new Uint8Array(part.buffer, part.byteOffset, part.byteLength)))
  return createHash('sha256')
    .update(JSON.stringify({ ...facts, shown: sums }))
    .digest('hex')
}

/**
 * Keeps each tile while the next ones are computed. After a kill or a power cut those are missing that were being
 * written, and those that had come in the meantime (TileWriter); where the disk is slower than the network, also tiles
 * between. A journal that fails costs no run: it is removed, and says so in `warnings`.
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
  /** Tiles of an earlier process are read from it. */
  #file: FileHandle | undefined
  /** Nothing more is kept where undefined. */
  #writer: TileWriter | undefined

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
      journal.#file = await open(options.path, 'r')
      const { bavail, bsize } = await statfs(dirname(options.path))
      const missing = options.tiles - journal.#kept.size
      if (bavail * bsize < missing * (HEAD_BYTES + journal.#bytes) + options.roomForOthers)
        journal.#warnOff('the disk has too little room for them')
      else {
        await options.writer.ready
        journal.#writeFrom(Math.max(good, header.length))
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
    const score = await run(input)
    this.computed++
    if (tile !== this.#unproved) {
      this.#fresh++
      await this.#keep(tile, score)
      return score
    }
    if (!kept || deviates(score, kept, this.#options.tolerance)) throw new DoubtfulTiles()
    this.resumed++
    return kept
  }

  /** Forgets every tile, to begin again. */
  restart(): void {
    this.#kept.clear()
    this.#unproved = undefined
    this.#next = 0
    this.resumed = 0
    this.computed = 0
    this.#fresh = 0
    const message =
      'The tiles that an interrupted screening had left were not confirmed by the network and were computed anew.'
    this.warnings.push({ code: 'resume-refused', message })
    if (this.#writer) this.#writeFrom(this.#options.key.length + 1)
  }

  /** Ends the writing; the file stays, for the run may still be interrupted before its results are kept. */
  async close(): Promise<void> {
    await this.#checkWriter()
    await this.#writer?.end()
    this.#writer = undefined
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
        const tile = bytesRead === record.length ? tileOfRecord(record) : undefined
        if (tile === undefined || tile >= tiles) return at
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

  #writeFrom(end: number): void {
    const { writer, path, voxels } = this.#options
    writer.begin(path, end, voxels)
    this.#writer = writer
  }

  async #keep(tile: number, score: Float32Array): Promise<void> {
    await this.#checkWriter()
    this.#writer?.write(tile, score)
  }

  async #checkWriter(): Promise<void> {
    const failure = this.#writer?.failure
    if (failure) await this.#switchOff(failure)
  }

  /** The room that the file took is the results'. */
  async #switchOff(error: unknown): Promise<void> {
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC'
    this.#warnOff(full ? 'the disk is full' : 'their file cannot be written')
    await this.#writer?.end()
    this.#writer = undefined
    await this.#file?.close().catch(() => {})
    this.#file = undefined
    await rm(this.#options.path, { force: true }).catch(() => {})
  }

  #warnOff(why: string): void {
    const message = `The finished tiles of this screening are not kept: ${why}. If it is interrupted, it has to begin again.`
    this.warnings.push({ code: 'resume-off', message })
  }
}

function deviates(score: Float32Array, kept: Float32Array, tolerance: number): boolean {
  for (let i = 0; i < kept.length; i++)
    // Written so that NaN deviates.
    if (!(Math.abs(score[i] - kept[i]) <= tolerance * Math.max(1, Math.abs(kept[i])))) return true
  return false
}
