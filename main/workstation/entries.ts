import type { SeriesEntry } from '../../preload/records.ts'
import type { Library, StoredSeries } from '../library/types.ts'
import { noSuchSeries } from './failures.ts'

/** A series as the window knows it: without where it is read from. */
export function entryOf(library: Library, seriesId: string): SeriesEntry {
  const { source: _source, ...entry } = storedSeries(library, seriesId)
  return entry
}

/** @throws WorkstationError `input/no-such-series` */
export function storedSeries(library: Library, seriesId: string): StoredSeries {
  const series = library.getSeries(seriesId)
  if (!series) throw noSuchSeries()
  return series
}
