import { z } from 'zod'
import { DamagedModel, ModelInspection, RunDetails } from './modelRecords.ts'
import {
  AppInfo,
  DeviceEntry,
  ErrorRecord,
  ExportRequest,
  ExportResult,
  FileHandle,
  FindingKey,
  FindingLabel,
  FolderListing,
  MeasurementRecord,
  ModelEntry,
  OpenedRun,
  OpenedSeries,
  ReviewRecord,
  RunEntry,
  SeriesEntry,
  WarningRecord,
} from './records.ts'

/**
 * Everything that the renderer may ask and may be told (DESIGN.md, control plane). Electron carries it over IPC, the
 * web host over HTTP and server-sent events; both check every input against these schemas.
 */

const text = z.string()
const id = z.string().min(1).max(200)
const handle = FileHandle.shape.handle
const nothing = z.object({})
/** Any name that a window gives itself: it comes back with the event, so that the window knows its own changes. */
const window = z.exactOptional(id)
/** The window that did it; null where it did not say. */
const byWindow = id.nullable()
const call = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O) => ({ input, output })

export const calls = {
  'app.info': call(nothing, AppInfo),
  /** What the data folder takes: every file of it is looked at, so it is not for the start of a window. */
  'app.diskUsed': call(nothing, z.object({ bytes: z.number().int().nonnegative() })),
  /** Preferences of the window (layout, theme, threshold …), by key; values are any JSON. */
  'settings.all': call(nothing, z.record(text, z.json())),
  'settings.set': call(z.object({ key: z.string().regex(/^[\w.-]{1,100}$/), value: z.json() }), nothing),

  /** A dialog of the system; null where the user cancelled. Only where AppInfo.picker is `native`. */
  'files.pick': call(
    z.object({
      purpose: z.enum(['open-files', 'open-folder', 'export-folder', 'model-folder', 'model-file']),
    }),
    z.array(FileHandle).nullable(),
  ),
  /** A folder's contents; the allowed roots for null. */
  'files.list': call(z.object({ folder: handle.nullable() }), FolderListing),
  /** A path that the user typed, if it lies within the allowed roots. */
  'files.resolve': call(z.object({ path: z.string().min(1).max(4096) }), FileHandle),
  'files.makeFolder': call(z.object({ parent: handle, name: z.string().min(1).max(255) }), FileHandle),
  'files.show': call(z.object({ handle }), nothing),

  'library.list': call(nothing, z.array(SeriesEntry)),
  /** Looks through what the user chose and adds each CT volume found; the answer comes when all is looked through. */
  'library.add': call(
    z.object({ job: id, handles: z.array(handle).min(1) }),
    z.object({
      added: z.array(SeriesEntry),
      /** What was found and not added, and why; a name of '' where it has none. */
      notAdded: z.array(
        z.object({
          seriesNumber: text,
          name: text,
          imageCount: z.number().int().nonnegative(),
          reason: WarningRecord,
        }),
      ),
      warnings: z.array(WarningRecord),
    }),
  ),
  'library.addSample': call(z.object({ job: id }), SeriesEntry),
  'library.cancel': call(z.object({ job: id }), nothing),
  /** From the library, with its runs and reviews; the source's files stay. */
  'library.remove': call(z.object({ seriesId: id }), nothing),

  'series.open': call(z.object({ seriesId: id }), OpenedSeries),
  /** What was measured on a series, in the order in which it was drawn. */
  'measurements.get': call(z.object({ seriesId: id }), z.array(MeasurementRecord)),
  /** Stores a measurement, in place of the one with its id; committed before the answer. */
  'measurements.put': call(z.object({ seriesId: id, measurement: MeasurementRecord, window }), nothing),
  'measurements.remove': call(z.object({ seriesId: id, id: MeasurementRecord.shape.id, window }), nothing),
  'series.setThumbnail': call(z.object({ seriesId: id, png: z.base64().max(1024 * 1024) }), SeriesEntry),

  /**
   * Queues a run. `model` is a package's name, `device` a DeviceEntry's id, or several, comma-separated, in the order to
   * try; the defaults where absent. A device that stands alone is never left for another.
   */
  'runs.start': call(
    z.object({ seriesId: id, model: z.exactOptional(text), device: z.exactOptional(text) }),
    RunEntry,
  ),
  'runs.cancel': call(z.object({ runId: id }), RunEntry),
  /** A running screening steps aside for the next; asked for again, it goes on with what it had computed. */
  'runs.pause': call(z.object({ runId: id }), RunEntry),
  'runs.list': call(z.object({ seriesId: z.exactOptional(id) }), z.array(RunEntry)),
  'runs.open': call(z.object({ runId: id }), OpenedRun),
  /** Of a run that is done. */
  'runs.details': call(z.object({ runId: id }), RunDetails),

  /** What was said about all findings of a run, or about one. */
  'reviews.get': call(z.object({ runId: id, key: z.exactOptional(FindingKey) }), z.array(ReviewRecord)),
  /** Stores what the reader said about a finding, in place of what was there; committed before the answer. */
  'reviews.put': call(z.object({ runId: id, record: ReviewRecord, window }), ReviewRecord),
  /** As if nothing had been said about a finding; a drawn finding is gone. */
  'reviews.remove': call(z.object({ runId: id, key: FindingKey, window }), nothing),
  'reviews.finish': call(z.object({ runId: id, finished: z.boolean(), window }), SeriesEntry),
  'labels.all': call(nothing, z.array(FindingLabel)),
  'labels.set': call(z.object({ labels: z.array(FindingLabel).max(500), window }), z.array(FindingLabel)),

  'export.write': call(ExportRequest.extend({ job: id }), ExportResult),
  'export.cancel': call(z.object({ job: id }), nothing),

  'models.list': call(nothing, z.array(ModelEntry)),
  /** Those that are there and cannot be used. */
  'models.damaged': call(nothing, z.array(DamagedModel)),
  /** What a folder or ZIP says of itself; nothing is written. */
  'models.inspect': call(z.object({ handle }), ModelInspection),
  /**
   * Checks a package and its network's check tile and keeps it; `replace` puts it in the place of another version. The
   * job's stages are `copying` and `proving`.
   */
  'models.import': call(
    z.object({ job: id, handle, replace: z.exactOptional(z.boolean()) }),
    z.array(ModelEntry),
  ),
  'models.cancel': call(z.object({ job: id }), nothing),
  'models.remove': call(z.object({ name: text }), z.array(ModelEntry)),
  'models.setDefault': call(z.object({ name: text }), z.array(ModelEntry)),
  /** What is known at once; `devices.changed` says more when the devices were tried. */
  'devices.list': call(nothing, z.array(DeviceEntry)),
  /** Tries each device anew; answers when all have been tried. */
  'devices.probe': call(nothing, z.array(DeviceEntry)),
} as const

/** Of a call that takes its time, by the job it was given or the series it opens. */
const JobProgress = z.object({
  job: id,
  stage: text,
  done: z.number(),
  /** 0 while unknown. */
  total: z.number(),
})
export type JobProgress = z.infer<typeof JobProgress>

export const events = {
  'job.progress': JobProgress,
  'series.changed': SeriesEntry,
  'series.removed': z.object({ seriesId: id }),
  'run.changed': RunEntry,
  /** Something else is said about a finding; what, `reviews.get` tells: an outline may be megabytes. */
  'review.changed': z.object({ runId: id, key: FindingKey, window: byWindow }),
  'review.finished': z.object({ runId: id, finished: z.boolean(), window: byWindow }),
  /** Stored or removed; which, `measurements.get` tells, in the order of all that was asked for. */
  'measurement.changed': z.object({ seriesId: id, id: MeasurementRecord.shape.id, window: byWindow }),
  'labels.changed': z.object({ labels: z.array(FindingLabel), window: byWindow }),
  /** The whole list, after an import, a removal or another choice of the default. */
  'models.changed': z.array(ModelEntry),
  'devices.changed': z.array(DeviceEntry),
  /** The system asked the window to open something: a file association, a second start, a drop on the icon. */
  'files.opened': z.array(FileHandle),
  /** A native menu item or the like asks for one of the renderer's commands (renderer/commands). */
  'command.run': z.object({ id }),
} as const

export type CallName = keyof typeof calls
export type CallInput<N extends CallName> = z.infer<(typeof calls)[N]['input']>
export type CallOutput<N extends CallName> = z.infer<(typeof calls)[N]['output']>
export type EventName = keyof typeof events
export type EventPayload<N extends EventName> = z.infer<(typeof events)[N]>

/** What comes back from a call, on either wire. */
export type CallResult<N extends CallName> =
  | { ok: true; value: CallOutput<N> }
  | { ok: false; error: ErrorRecord }

export const CallFailure = z.object({ ok: z.literal(false), error: ErrorRecord })

/**
 * What a host offers the renderer. Electron's preload exposes it as `window.workstation`; over HTTP the renderer makes
 * its own (renderer/api). `call` never rejects for what main says: it answers with an error record.
 */
export interface Bridge {
  call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallResult<N>>
  /** Returns a function that ends the subscription. */
  on<N extends EventName>(name: N, listener: (payload: EventPayload<N>) => void): () => void
  /** Handles for files dropped on the window: Electron asks for their paths, the web host uploads them. */
  filesDropped(
    files: readonly File[],
    onProgress?: (fraction: number) => void,
    /** Ends an upload; where none is needed the handles come all the same. */
    signal?: AbortSignal,
  ): Promise<FileHandle[]>
  /** False while the host cannot be reached; called at once with the present state. */
  onConnection(listener: (connected: boolean) => void): () => void
}
