import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { WorkstationError } from '../../../main/errors.ts'
import {
  createWorkstation,
  type Workstation,
  type WorkstationOptions,
} from '../../../main/workstation/index.ts'
import type { RunEntry, RunStatus, SeriesEntry } from '../../../preload/records.ts'
import { temporaryFolder } from '../inference/packages.ts'
import { type EngineScript, fakeEngine, fakeReaders, makeSource, type ReaderScript } from './fakes.ts'

/** A workstation whose reader and engine do as the test says, and what it said. */
export interface Bed {
  workstation: Workstation
  folder: string
  dataFolder: string
  reader: ReaderScript
  engine: EngineScript
  runs: RunEntry[]
  /** Ends the workstation and starts another on its data. */
  restart(): Promise<void>
}

export async function makeBed(more: Partial<WorkstationOptions> = {}): Promise<Bed> {
  const folder = await temporaryFolder(onTestFinished)
  const start = async () => {
    const workstation = await createWorkstation({
      dataFolder: bed.dataFolder,
      roots: [folder],
      abilities: { host: 'web', picker: 'list' },
      modelsFolder: join(import.meta.dirname, '../../golden'),
      newReader: fakeReaders(bed.reader),
      engine: fakeEngine(bed.engine),
      probeDevices: async () => [],
      ...more,
    })
    workstation.on('run.changed', (run) => bed.runs.push(run))
    return workstation
  }
  const bed: Bed = {
    workstation: undefined as never,
    folder,
    dataFolder: join(folder, 'data'),
    reader: { opened: [] },
    engine: { started: 0 },
    runs: [],
    restart: async () => {
      await bed.workstation.close()
      bed.workstation = await start()
    },
  }
  bed.workstation = await start()
  onTestFinished(() => bed.workstation.close())
  return bed
}

let sources = 0

/** A series in the library, of a folder of its own. */
export async function addSource({
  workstation,
  folder,
}: Bed): Promise<{ series: SeriesEntry; source: string }> {
  const source = await makeSource(folder, `scan-${++sources}`)
  const { handle } = workstation.grantPath(source)
  const { added } = await workstation.call('library.add', { job: `add-${sources}`, handles: [handle] })
  return { series: added[0], source }
}

export const startRun = ({ workstation }: Bed, seriesId: string) =>
  workstation.call('runs.start', { seriesId, model: 'tinymodel' })

/** Waits until the run is said to be so. */
export async function runIs({ workstation }: Bed, runId: string, status: RunStatus): Promise<RunEntry> {
  const now = (await workstation.call('runs.list', {})).find(({ id }) => id === runId)!
  if (now.status === status) return now
  return new Promise((resolve) => {
    const end = workstation.on('run.changed', (run) => {
      if (run.id !== runId || run.status !== status) return
      end()
      resolve(run)
    })
  })
}

export const failure = (promise: Promise<unknown>): Promise<WorkstationError> =>
  promise.then(
    () => expect.unreachable('it should have failed'),
    (error) => error,
  )
