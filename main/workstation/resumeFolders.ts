import { rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { RunEntry } from '../../preload/records.ts'
import { diskUsedBytes, foldersIn } from './dataFolder.ts'

/** Who has not asked again by then looks at the series anew. */
const KEPT_DAYS = 14

/** Some twenty abdomens: eight times their size at 2 mm. */
const LIMIT_BYTES = 10e9

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Finished tiles of runs that were interrupted (inference/resume.ts), in a folder for each series and package: the
 * same asked for again takes them up.
 */
export class ResumeFolders {
  readonly #folder: string

  constructor(dataFolder: string) {
    this.#folder = join(dataFolder, 'resume')
  }

  /** Not made here. */
  of(seriesId: string, packageHash: string): string {
    return join(this.#ofSeries(seriesId), packageHash.slice(0, 16))
  }

  /** A folder that cannot be removed now wastes room until the next start. */
  async remove(seriesId: string, packageHash?: string): Promise<void> {
    const folder = packageHash === undefined ? this.#ofSeries(seriesId) : this.of(seriesId, packageHash)
    await rm(folder, { recursive: true, force: true }).catch(() => {})
  }

  /** Removes what belongs to no series, what is too old, and the oldest of what is too much. */
  async tidy(seriesIds: ReadonlySet<string>, limitBytes = LIMIT_BYTES): Promise<void> {
    const kept: { folder: string; usedMs: number; bytes: number }[] = []
    for (const series of await foldersIn(this.#folder))
      for (const folder of await foldersIn(series)) {
        const usedMs = await stat(folder).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0,
        )
        const bytes = await diskUsedBytes(folder)
        if (seriesIds.has(basename(series))) kept.push({ folder, usedMs, bytes })
        else await rm(series, { recursive: true, force: true }).catch(() => {})
      }
    let total = 0
    for (const { folder, usedMs, bytes } of kept.sort((a, b) => b.usedMs - a.usedMs)) {
      total += bytes
      if (total > limitBytes || Date.now() - usedMs > KEPT_DAYS * DAY_MS)
        await rm(folder, { recursive: true, force: true }).catch(() => {})
    }
  }

  #ofSeries(seriesId: string): string {
    if (!/^[\w-]+$/.test(seriesId)) throw new Error(`${JSON.stringify(seriesId)} cannot be a folder`)
    return join(this.#folder, seriesId)
  }
}

/** Whether the tiles of a run that ended may be wanted again: it was not the reader, nor the network, that ended it. */
export function mayGoOn({ status, error }: RunEntry): boolean {
  if (status === 'interrupted') return true
  return status === 'failed' && (error?.code === 'engine/died' || !!error?.code.startsWith('input/'))
}
