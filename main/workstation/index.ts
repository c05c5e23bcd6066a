import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { CallInput, CallName, CallOutput } from '../../preload/contract.ts'
import type { WarningRecord } from '../../preload/records.ts'
import { WorkstationError } from '../errors.ts'
import { EngineClient } from '../inference/client.ts'
import type { Host } from '../inference/devices.ts'
import type { Library } from '../library/index.ts'
import { ReaderClient } from '../reading/client.ts'
import { modelStore } from '../screening/models.ts'
import { addSeries } from './addSeries.ts'
import { Annotations } from './annotations.ts'
import { appInfo } from './appInfo.ts'
import { serveData } from './data.ts'
import { diskUsedBytes, openDataFolder } from './dataFolder.ts'
import { entryOf, storedSeries } from './entries.ts'
import { Devices, type ProbeDevices } from './equipment.ts'
import { Events } from './events.ts'
import { exportedTo, windowSettings } from './exportedTo.ts'
import type { ExportReview } from './exportReview.ts'
import { writeExport } from './exports.ts'
import { asFailure } from './failures.ts'
import { FileHandles } from './fileHandles.ts'
import { Jobs } from './jobs.ts'
import { Models } from './models.ts'
import { OpenedRuns } from './openedRuns.ts'
import { openOrReplace } from './openOrReplace.ts'
import { openSeries } from './openSeries.ts'
import { reclaim } from './reclaim.ts'
import { removeSeries } from './removeSeries.ts'
import { thumbnailBytes } from './reviews.ts'
import { runDetails } from './runDetails.ts'
import { RunQueue } from './runs.ts'
import { SAMPLE, Sample, type SampleOptions } from './sample.ts'
import type { HostAbilities, Workstation } from './types.ts'
import { VoxelCache } from './voxelCache.ts'

export type { HostAbilities, Workstation } from './types.ts'

export interface WorkstationOptions {
  /** User data: library, runs, voxel cache. Made where missing; one process at a time. */
  dataFolder: string
  /** Folders that the window may look through. */
  roots: readonly string[]
  abilities: HostAbilities
  /** Where built-in model packages are; the ones that come with the product where absent. Imported ones are user data. */
  modelsFolder?: string
  /** Most that the voxels of opened series may take on disk, those in use excepted. */
  cacheLimitBytes?: number
  /** What does the work; the product's own where absent. Each is closed with the workstation. */
  library?: Library
  newReader?: () => ReaderClient
  engine?: EngineClient
  /** For what is done beside the screening. */
  newEngine?: () => EngineClient
  probeDevices?: ProbeDevices
  exportReview?: ExportReview
  machine?: Host
  sample?: SampleOptions
}

/** Some hundred abdomens. */
const CACHE_LIMIT_BYTES = 20e9

type Handlers = { [N in CallName]: (input: CallInput<N>) => CallOutput<N> | Promise<CallOutput<N>> }

/**
 * The application, whatever the host. Takes up what the last process left: queued runs go on.
 * @throws WorkstationError what opening the library throws; `output/…` where the data folder cannot be used
 */
export async function createWorkstation(options: WorkstationOptions): Promise<Workstation> {
  const { roots, abilities, modelsFolder } = options
  const path = resolve(options.dataFolder)
  // First: it is what keeps a second process out of the folder.
  const notices: WarningRecord[] = []
  const library = options.library ?? openOrReplace(path, notices)
  try {
    return await build()
  } catch (error) {
    library.close()
    throw asFailure(error, path)
  }

  async function build(): Promise<Workstation> {
    const folder = await openDataFolder(path)
    const files = await FileHandles.create(roots, exportedTo(library))
    const events = new Events()
    const jobs = new Jobs(events)
    const cache = new VoxelCache({
      folder: folder.cache,
      limitBytes: options.cacheLimitBytes ?? CACHE_LIMIT_BYTES,
    })
    await cache.tidy()
    const unclaimed = await reclaim(folder, library)
    if (unclaimed) notices.push(unclaimed)

    // Three, for looking through a folder and reading for a run that waits its turn
    // must not keep the reader from the series he opens.
    const newReader = options.newReader ?? (() => new ReaderClient())
    const readers = { adding: newReader(), showing: newReader(), screening: newReader() }
    const newEngine =
      options.newEngine ?? (() => new EngineClient(options.machine ? { host: options.machine } : {}))
    const engine = options.engine ?? newEngine()
    const devices = new Devices(options.machine, { events, probe: options.probeDevices })
    const store = modelStore(join(path, 'models'), modelsFolder)
    const models = new Models({ store, events, newEngine, uploads: folder.uploads })

    const adding = { library, events, reader: readers.adding, folder }
    const sample = new Sample(adding, options.sample ?? SAMPLE)
    const runs = new RunQueue({
      library,
      events,
      cache,
      reader: readers.screening,
      engine,
      work: folder.work,
      dataFolder: path,
      findModel: (name) => models.find(name),
      onDevice: (outcome) => devices.learn(outcome),
    })
    const opened = new OpenedRuns(library, events)
    const annotations = new Annotations(library, events)
    const opening = { library, events, cache, reader: readers.showing }
    const exporting = { library, runs: opened, cache, reader: readers.screening, files }

    /** Two windows that open one series wait for the same job. */
    const openings = new Map<string, Promise<CallOutput<'series.open'>>>()

    const cancelJob = ({ job }: { job: string }) => {
      jobs.cancel(job)
      return {}
    }

    const handlers: Handlers = {
      'app.info': () => {
        // A window has come up: by the time that its reader chooses something, the readers are there.
        readers.adding.start()
        readers.showing.start()
        return appInfo(path, abilities, notices)
      },
      'app.diskUsed': async () => ({ bytes: await diskUsedBytes(path) }),
      'settings.all': () => windowSettings(library),
      'settings.set': ({ key, value }) => {
        library.setSetting(key, value)
        return {}
      },
      'files.pick': async ({ purpose }) => {
        if (!abilities.pick)
          throw new WorkstationError('usage/no-dialog', 'This program has no dialog of the system to show.')
        return (await abilities.pick(purpose))?.map((chosen) => files.grant(chosen)) ?? null
      },
      'files.list': ({ folder: handle }) => files.list(handle),
      'files.resolve': ({ path: typed }) => files.resolve(typed),
      'files.makeFolder': ({ parent, name }) => files.makeFolder(parent, name),
      'files.show': async ({ handle }) => {
        if (!abilities.showInFolder)
          throw new WorkstationError('usage/cannot-show', 'Folders cannot be shown from here.')
        await abilities.showInFolder(files.path(handle))
        return {}
      },

      'library.list': () => library.listSeries(),
      'library.add': ({ job, handles }) => {
        const paths = handles.map((handle) => files.path(handle))
        return jobs.run(job, (running) => addSeries(paths, running, adding))
      },
      'library.addSample': ({ job }) => jobs.run(job, (running) => sample.add(running)),
      'library.cancel': cancelJob,
      'library.remove': async ({ seriesId }) => {
        await removeSeries(seriesId, { ...adding, jobs, runs, cache })
        return {}
      },

      'series.open': ({ seriesId }) => {
        const there = openings.get(seriesId)
        if (there) return there
        const waiting = jobs.run(seriesId, (running) => openSeries(seriesId, running, opening))
        openings.set(seriesId, waiting)
        const over = () => openings.delete(seriesId)
        waiting.then(over, over)
        return waiting
      },
      'series.setThumbnail': ({ seriesId, png }) => {
        storedSeries(library, seriesId)
        library.setThumbnail(seriesId, thumbnailBytes(png))
        const entry = entryOf(library, seriesId)
        events.emit('series.changed', entry)
        return entry
      },

      'measurements.get': ({ seriesId }) => library.getMeasurements(seriesId),
      'measurements.put': (input) => {
        annotations.putMeasurement(input)
        return {}
      },
      'measurements.remove': (input) => {
        annotations.removeMeasurement(input)
        return {}
      },

      'runs.start': (input) => runs.start(input),
      'runs.cancel': ({ runId }) => runs.cancel(runId),
      'runs.pause': ({ runId }) => runs.pause(runId),
      'runs.list': ({ seriesId }) => runs.list(seriesId),
      'runs.open': ({ runId }) => opened.open(runId),
      'runs.details': ({ runId }) => runDetails(library, runId),

      'reviews.get': ({ runId, key }) =>
        opened.inTurn(() =>
          library.getReviews(runId).filter((record) => key === undefined || record.key === key),
        ),
      'reviews.put': (input) => opened.putReview(input),
      'reviews.remove': async (input) => {
        await opened.removeReview(input)
        return {}
      },
      'reviews.finish': (input) => opened.finishReview(input),
      'labels.all': () => library.labels(),
      'labels.set': (input) => annotations.setLabels(input),

      'export.write': (input) =>
        jobs.run(input.job, async (running) => {
          // Who only reads never loads the writers of three formats.
          const write = options.exportReview ?? (await import('./exportReview.ts')).exportReview
          return writeExport(input, running, { ...exporting, exportReview: write })
        }),
      'export.cancel': cancelJob,

      'models.list': () => models.list(),
      'models.damaged': () => models.damaged(),
      'models.inspect': ({ handle }) => models.inspect(files.path(handle)),
      'models.import': ({ job, handle, replace = false }) => {
        const chosen = files.path(handle)
        return jobs.run(job, (running) => models.import(chosen, replace, running))
      },
      'models.cancel': cancelJob,
      'models.remove': ({ name }) => models.remove(name),
      'models.setDefault': ({ name }) => models.setDefault(name),
      'devices.list': () => devices.list(),
      'devices.probe': () => devices.probe(),
    }

    let closing: Promise<void> | undefined
    async function close(): Promise<void> {
      await Promise.all([runs.close(), jobs.close(), cache.close(), devices.close()])
      await Promise.all([...Object.values(readers), engine].map((client) => client.close()))
      for (const passing of [folder.work, folder.uploads]) await rm(passing, { recursive: true, force: true })
      library.close()
    }

    await runs.resume()
    return {
      notices,
      call: async (name, input) => {
        if (closing) throw closed()
        try {
          return await handlers[name](input)
        } catch (error) {
          if (closing) throw closed()
          throw asFailure(error, path)
        }
      },
      on: (name, listener) => events.on(name, listener),
      onAny: (listener) => events.onAny(listener),
      data: async (request) => {
        if (closing) return new Response(null, { status: 404 })
        return serveData(request, { library, cache })
      },
      grantPath: (chosen) => files.grant(resolve(chosen)),
      uploadFolder: async () => {
        const upload = join(folder.uploads, randomUUID())
        await mkdir(upload, { recursive: true, mode: 0o700 })
        return upload
      },
      openPaths: (paths) => {
        events.emit(
          'files.opened',
          paths.map((chosen) => files.grant(resolve(chosen))),
        )
      },
      close: () => {
        closing ??= close()
        return closing
      },
    }
  }
}

function closed(): WorkstationError {
  return new WorkstationError('usage/closed', 'The program is being closed.')
}
