import { randomBytes } from 'node:crypto'
import { renameSync, rmSync } from 'node:fs'
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Warning } from '../errors.ts'
import type { ReadProgress } from '../imaging/open.ts'
import { voxelCount } from '../imaging/volume.ts'
import type { StoredSeries } from '../library/types.ts'
import { flush, flushFolder } from '../processes/flush.ts'
import type { OpenedScan, ReaderClient } from '../reading/client.ts'
import { diskFull, foldersIn, needRoom } from './dataFolder.ts'
import { abortable, cancelled } from './failures.ts'
import { fingerprint } from './fingerprint.ts'
import { readScan, SCAN_FILE, writeScan } from './scanFile.ts'

/** int16 HU, x fastest, on the scan's grid. */
const VOXELS_FILE = 'volume.i16'
/** Fingerprint of the source that was read. Its time of change says when the series was last opened. */
const SOURCE_FILE = 'source.sha256'
/** The version that a power cut would leave whole: what a later process may take for read. */
const FLUSHED_FILE = 'flushed'
/** Begins the name of a folder whose voxels are still being read. No id of a series begins with a dot. */
const PARTIAL = '.partial-'

/** A series' voxels on disk, which stay there until it is released. */
export interface VoxelLease {
  scan: OpenedScan
  voxelsFile: string
  /** Changes where the voxels may have changed. */
  version: string
  release(): void
}

export interface OpenVoxelsOptions {
  signal: AbortSignal
  /** Who reads where it must be read; the first to ask decides. */
  reader: ReaderClient
  onProgress: (progress: ReadProgress) => void
}

interface Reading {
  result: Promise<Cached>
  controller: AbortController
  listeners: Set<OpenVoxelsOptions['onProgress']>
}

type Cached = Omit<VoxelLease, 'release'>

export interface VoxelCacheOptions {
  /** Folder of its own. */
  folder: string
  /** Above this the series opened longest ago are let go, but for those in use. */
  limitBytes: number
}

/**
 * The voxels of series as the data plane and the engine need them: each read once, kept as raw files, and read again
 * only where the source has changed. Whoever asks for a series that is being read waits for the same reading.
 */
export class VoxelCache {
  readonly #folder: string
  readonly #limitBytes: number
  readonly #readings = new Map<string, Reading>()
  readonly #leases = new Map<string, number>()
  readonly #flushes = new Set<Promise<void>>()
  /** What the window shows: it fetches the voxels after the call that opened them. */
  #shown: string | undefined

  constructor({ folder, limitBytes }: VoxelCacheOptions) {
    this.#folder = folder
    this.#limitBytes = limitBytes
  }

  /** Removes, at start, readings that never came to their end, and what may not all have reached the disk. */
  async tidy(): Promise<void> {
    for (const folder of await foldersIn(this.#folder)) {
      const flushed = await readFile(join(folder, FLUSHED_FILE), 'utf8').catch(() => undefined)
      const { version } = await voxelsIn(folder).catch(() => ({ version: '' }))
      if (basename(folder).startsWith(PARTIAL) || flushed !== version)
        await rm(folder, { recursive: true, force: true }).catch(() => {})
    }
  }

  /** Not let go while another series is opened; until `show` names the next. */
  show(seriesId: string): void {
    this.#shown = seriesId
  }

  /**
   * @throws WorkstationError what ReaderClient.open throws; `output/disk-full`; `cancelled` at once after the signal,
   *   and the reading itself ends when nobody waits for it any more
   */
  async open(series: StoredSeries, options: OpenVoxelsOptions): Promise<VoxelLease> {
    const { signal, onProgress } = options
    if (signal.aborted) throw cancelled()
    const lease = this.#lease(series.id)
    let reading = this.#readings.get(series.id)
    if (!reading || reading.controller.signal.aborted) {
      reading = this.#begin(series, options, reading)
      this.#readings.set(series.id, reading)
    }
    reading.listeners.add(onProgress)
    try {
      const cached = await abortable(reading.result, signal)
      return { ...cached, release: lease }
    } catch (error) {
      lease()
      throw error
    } finally {
      reading.listeners.delete(onProgress)
      if (reading.listeners.size === 0) reading.controller.abort(cancelled())
    }
  }

  /** What is in the cache now, without reading the source; undefined where there is nothing. */
  async peek(seriesId: string): Promise<Omit<VoxelLease, 'scan'> | undefined> {
    const release = this.#lease(seriesId)
    try {
      const { voxelsFile, version } = await voxelsIn(this.#at(seriesId))
      return { voxelsFile, version, release }
    } catch {
      release()
      return undefined
    }
  }

  /** Ends a reading of the series and removes its voxels. */
  async remove(seriesId: string): Promise<void> {
    // Not waited for: it may stand in the reader's queue, and puts nothing in its place any more.
    this.#readings.get(seriesId)?.controller.abort(cancelled())
    await rm(this.#at(seriesId), { recursive: true, force: true })
  }

  async close(): Promise<void> {
    const readings = [...this.#readings.values()]
    for (const { controller } of readings) controller.abort(cancelled())
    await Promise.all(readings.map(({ result }) => result.catch(() => {})))
    await Promise.all(this.#flushes)
  }

  #begin(series: StoredSeries, { reader }: OpenVoxelsOptions, before?: Reading): Reading {
    const controller = new AbortController()
    const listeners: Reading['listeners'] = new Set()
    const work = async () => {
      // One that nobody waits for still tidies up after itself.
      await before?.result.catch(() => {})
      return this.#load(series, reader, controller.signal, (progress) => {
        for (const listener of listeners) listener(progress)
      })
    }
    const result = work()
    const reading = { result, controller, listeners }
    const over = () => {
      if (this.#readings.get(series.id) === reading) this.#readings.delete(series.id)
    }
    result.then(over, over)
    return reading
  }

  async #load(
    series: StoredSeries,
    reader: ReaderClient,
    signal: AbortSignal,
    onProgress: (progress: ReadProgress) => void,
  ): Promise<Cached> {
    const now = await fingerprint(series.source.inputs)
    const stored = await this.#stored(series.id).catch(() => undefined)
    if (stored && (now === undefined || now === stored.source)) {
      await markUsed(join(this.#at(series.id), SOURCE_FILE))
      return now === undefined ? withWarning(stored, sourceGone(series)) : stored
    }
    await this.#makeRoom(series.dims ? 2 * voxelCount({ dims: series.dims }) : 0)
    await this.#read(series, now ?? '', reader, signal, onProgress)
    const read = await this.#stored(series.id)
    // Not waited for: half a gigabyte takes a slow disk long, and a process that ends too early reads again.
    const flushing = flushVoxels(this.#at(series.id), read.version).catch(() => {})
    this.#flushes.add(flushing)
    flushing.then(() => this.#flushes.delete(flushing))
    await this.#evict(this.#limitBytes)
    return read
  }

  /** Reads beside what is there and puts it in its place whole. */
  async #read(
    { id, source }: StoredSeries,
    sourceHash: string,
    reader: ReaderClient,
    signal: AbortSignal,
    onProgress: (progress: ReadProgress) => void,
  ): Promise<void> {
    const partial = join(this.#folder, `${PARTIAL}${randomBytes(8).toString('hex')}`)
    await mkdir(partial, { mode: 0o700 })
    try {
      const scan = await reader.open(
        {
          input: source.inputs.length === 1 ? source.inputs[0] : source.inputs,
          ...(source.seriesId === '' ? {} : { seriesInstanceUid: source.seriesId }),
          voxelsFile: join(partial, VOXELS_FILE),
        },
        { signal, onProgress },
      )
      await writeScan(join(partial, SCAN_FILE), scan)
      await writeFile(join(partial, SOURCE_FILE), sourceHash)
      await markUsed(join(partial, SOURCE_FILE))
      if (signal.aborted) throw cancelled()
      // In one go: a removal of the series comes before or after, never in between.
      rmSync(this.#at(id), { recursive: true, force: true })
      renameSync(partial, this.#at(id))
    } catch (error) {
      await rm(partial, { recursive: true, force: true })
      // The reader knows the file, not whose folder it lies in.
      const code = (error as { code?: string }).code
      throw code === 'output/disk-full' || code === 'ENOSPC' ? diskFull(this.#folder) : error
    }
  }

  /** @throws where the cache holds nothing whole */
  async #stored(seriesId: string): Promise<Cached & { source: string }> {
    const { bytes, ...voxels } = await voxelsIn(this.#at(seriesId))
    const scan = await readScan(join(this.#at(seriesId), SCAN_FILE))
    if (bytes !== 2 * voxelCount(scan.grid)) throw new Error(`${voxels.voxelsFile} has ${bytes} bytes`)
    return { scan, ...voxels }
  }

  async #makeRoom(bytes: number): Promise<void> {
    await this.#evict(Math.max(0, this.#limitBytes - bytes))
    await needRoom(this.#folder, bytes).catch(async () => {
      await this.#evict(0)
      await needRoom(this.#folder, bytes)
    })
  }

  /** Lets series go, the one opened longest ago first, until the others take no more than this. */
  async #evict(limitBytes: number): Promise<void> {
    const entries = await Promise.all(
      (await foldersIn(this.#folder)).map(async (folder) => {
        const used = await stat(join(folder, SOURCE_FILE)).catch(() => undefined)
        const voxels = await stat(join(folder, VOXELS_FILE)).catch(() => undefined)
        return { folder, id: basename(folder), usedMs: used?.mtimeMs ?? 0, bytes: voxels?.size ?? 0 }
      }),
    )
    let total = entries.reduce((sum, { bytes }) => sum + bytes, 0)
    for (const { folder, id, bytes } of entries.sort((a, b) => a.usedMs - b.usedMs)) {
      if (total <= limitBytes) return
      if (id.startsWith(PARTIAL) || id === this.#shown || this.#leases.has(id)) continue
      // Again where a flush in the background puts its mark there meanwhile.
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
      total -= bytes
    }
  }

  #at(seriesId: string): string {
    if (!/^[\w-]+$/.test(seriesId)) throw new Error(`${JSON.stringify(seriesId)} cannot be a folder`)
    return join(this.#folder, seriesId)
  }

  #lease(seriesId: string): () => void {
    this.#leases.set(seriesId, (this.#leases.get(seriesId) ?? 0) + 1)
    let held = true
    return () => {
      if (!held) return
      held = false
      const left = this.#leases.get(seriesId)! - 1
      if (left > 0) this.#leases.set(seriesId, left)
      else this.#leases.delete(seriesId)
    }
  }
}

/** By one clock and finer than a millisecond: file systems stamp what they write by a clock that lags some milliseconds. */
function markUsed(file: string): Promise<void> {
  const seconds = (performance.timeOrigin + performance.now()) / 1000
  return utimes(file, seconds, seconds)
}

/** @throws where not all of a series is in its folder */
async function voxelsIn(folder: string) {
  const voxelsFile = join(folder, VOXELS_FILE)
  const source = await readFile(join(folder, SOURCE_FILE), 'utf8')
  const { size, mtimeMs } = await stat(voxelsFile)
  return { voxelsFile, source, version: `${source.slice(0, 16)}-${Math.trunc(mtimeMs)}`, bytes: size }
}

/** @throws where the folder was removed in the meantime */
async function flushVoxels(folder: string, version: string): Promise<void> {
  for (const file of [VOXELS_FILE, SCAN_FILE, SOURCE_FILE]) await flush(join(folder, file))
  await flushFolder(folder)
  await flushFolder(dirname(folder))
  await writeFile(join(folder, FLUSHED_FILE), version, { mode: 0o600 })
}

function sourceGone({ source }: StoredSeries): Warning {
  const message = `The files of this scan are no longer at ${source.inputs.join(', ')}, or that disk is not connected. What was read before is shown.`
  return { code: 'source-gone', message }
}

function withWarning(cached: Cached, warning: Warning): Cached {
  const { scan } = cached
  return { ...cached, scan: { ...scan, warnings: [...scan.warnings, warning] } }
}
