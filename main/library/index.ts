export { openLibrary } from './library.ts'
export type { Library, NewRun, NewSeries, RunChange, SeriesSource, StoredSeries } from './types.ts'
