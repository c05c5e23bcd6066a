import type { RunEntry, SeriesEntry } from '../../preload/records.ts'
import { mainWords } from '../words/main.ts'
import { isActive } from './runWords.ts'

export interface ScreenTarget {
  series: SeriesEntry[]
  /** Why it cannot be screened, in words or as a key of the catalogue; null if it can. */
  obstacle: { text: string } | { key: string } | null
}

/**
 * What the Screen button screens: several series that are chosen in the library, else the one on screen, else the one
 * that is chosen.
 */
export function screenTarget(
  all: readonly SeriesEntry[],
  chosenIds: ReadonlySet<string>,
  openId: string | null,
  runs: readonly RunEntry[],
): ScreenTarget {
  const chosen = all.filter(({ id }) => chosenIds.has(id))
  const open = all.find(({ id }) => id === openId)
  const series = chosen.length > 1 ? chosen : open ? [open] : chosen
  if (series.length === 0) return { series, obstacle: { key: 'run.obstacle.nothing' } }
  const able = series.filter(({ canScreen }) => canScreen)
  if (able.length === 0) {
    const { reason } = series[0]
    return { series, obstacle: reason ? { text: mainWords(reason) } : { key: 'run.obstacle.cannot' } }
  }
  const waiting = new Set(runs.filter(isActive).map(({ seriesId }) => seriesId))
  const free = able.filter(({ id }) => !waiting.has(id))
  if (free.length === 0) return { series: able, obstacle: { key: 'run.obstacle.already' } }
  return { series: free, obstacle: null }
}
