import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Library, openLibrary } from '../../../main/library/index.ts'
import type { ReviewRecord, RunEntry } from '../../../preload/records.ts'
import { aRun, aSeries } from './records.ts'

export { aReview, aRun, aSeries } from './records.ts'

/** A folder that goes when the test ends. */
export function libraryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'library-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Closed when the test ends, so that its folder can go. */
export function open(folder: string): Library {
  const library = openLibrary(folder)
  onTestFinished(() => library.close())
  return library
}

/** A series with a run that is done. */
export function screened(library: Library, name = 'scan'): RunEntry {
  const { id } = library.addSeries(aSeries(name))
  const run = library.addRun(aRun(id))
  library.changeRun(run.id, { status: 'running' })
  return library.changeRun(run.id, { status: 'done', device: 'CPU', record: { tiles: 7 } })
}

/** The record as it was put: the time is the library's. */
export const said = ({ updatedAt: _, ...rest }: ReviewRecord) => rest
