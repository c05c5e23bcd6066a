import { z } from 'zod'
import { GridSchema, Vec3Schema } from '../main/imaging/gridSchema.ts'

/** What the contract's calls and events are made of. Times are ISO 8601 in UTC; lengths mm; volumes mL. */

const text = z.string()
const time = z.iso.datetime()
const count = z.number().int().nonnegative()

/** What a sentence of main names, by what it stands for (`folder`, `needed`): for a catalogue that words it anew. */
const values = z.exactOptional(z.record(text, z.union([text, z.number()])))

export const WarningRecord = z.object({ code: text, message: text, values })
export type WarningRecord = z.infer<typeof WarningRecord>

/** An error as it travels: `message` is a sentence for the reader, `detail` is for a bug report. */
export const ErrorRecord = z.object({ code: text, message: text, detail: z.exactOptional(text), values })
export type ErrorRecord = z.infer<typeof ErrorRecord>

/**
 * A file or folder that the user chose, named by an opaque handle: the renderer never makes up a path. Handles come
 * from dialogs, drops, uploads and the folder picker, and are valid until the host ends.
 */
export const FileHandle = z.object({
  handle: z.string().regex(/^[\w-]{16,64}$/),
  /** To show, not to open. */
  name: text,
})
export type FileHandle = z.infer<typeof FileHandle>

export const FolderListing = z.object({
  folder: FileHandle,
  /** Where the folder lies, to show. */
  path: text,
  /** Null at an allowed root. */
  parent: FileHandle.nullable(),
  entries: z.array(
    FileHandle.extend({ kind: z.enum(['folder', 'file']), sizeBytes: count, modifiedAt: time }),
  ),
})
export type FolderListing = z.infer<typeof FolderListing>

export const AppInfo = z.object({
  name: text,
  version: text,
  host: z.enum(['electron', 'web']),
  platform: text,
  versions: z.record(text, text),
  /** Where studies, runs and reviews are kept, to show. */
  dataFolder: text,
  /** `native`: `files.pick` opens a dialog of the system. `list`: the renderer shows its own, made of `files.list`. */
  picker: z.enum(['native', 'list']),
  canShowInFolder: z.boolean(),
  researchUseOnly: text,
  /** What happened at the start that the reader must know, such as a damaged library that was set aside. */
  notices: z.array(WarningRecord),
})
export type AppInfo = z.infer<typeof AppInfo>

/** new: never screened; screened: a run finished; reviewed: the reader said the review of a run is finished. */
export const SeriesState = z.enum(['new', 'screened', 'reviewed'])
export type SeriesState = z.infer<typeof SeriesState>

/** A volume in the library. Empty string where the source says nothing. */
export const SeriesEntry = z.object({
  id: text,
  kind: z.enum(['dicom', 'nifti', 'nrrd', 'metaimage']),
  patientName: text,
  patientId: text,
  patientBirthDate: text,
  patientSex: text,
  studyInstanceUid: text,
  studyDescription: text,
  /** DICOM DA, YYYYMMDD. */
  studyDate: text,
  seriesNumber: text,
  seriesDescription: text,
  modality: text,
  manufacturer: text,
  convolutionKernel: text,
  dims: Vec3Schema.nullable(),
  spacingMm: Vec3Schema.nullable(),
  imageCount: count,
  canScreen: z.boolean(),
  /** Why it cannot be screened; null if it can. */
  reason: ErrorRecord.nullable(),
  warnings: z.array(WarningRecord),
  /** True for the procedural CT that comes with the product. */
  sample: z.boolean(),
  addedAt: time,
  openedAt: time.nullable(),
  state: SeriesState,
  /** The latest run that is done. */
  latestRunId: text.nullable(),
  /** Data plane; null until the series was opened once. PNG, at most 128 pixels. */
  thumbnailUrl: text.nullable(),
  /** Where it was read from, to show. */
  path: text,
})
export type SeriesEntry = z.infer<typeof SeriesEntry>

/** A series ready to be shown. Its voxels are fetched from the data plane. */
export const OpenedSeries = z.object({
  series: SeriesEntry,
  grid: GridSchema,
  /** Slices k of the grid that fill a gap in the acquisition. */
  filledSlices: z.array(count),
  /** '' where the source has none. Only series with equal, non-empty UIDs may be linked. */
  frameOfReferenceUid: text,
  warnings: z.array(WarningRecord),
  /** int16 HU, little endian, x fastest, on the grid. */
  voxelsUrl: text,
})
export type OpenedSeries = z.infer<typeof OpenedSeries>

export const RunStatus = z.enum(['queued', 'running', 'done', 'failed', 'cancelled', 'interrupted'])
export type RunStatus = z.infer<typeof RunStatus>

export const RunProgress = z.object({
  stage: z.enum([
    'scanning',
    'reading',
    'starting',
    'preprocessing',
    'inference',
    'mapping',
    'findings',
    'tree',
    'writing',
  ]),
  /** Files, slices or tiles, by stage. */
  done: count,
  /** 0 while unknown. */
  total: count,
  /** Until the end of the stage; null while unknown. */
  secondsLeft: z.number().nullable(),
})
export type RunProgress = z.infer<typeof RunProgress>

/** A screening run: immutable once done. */
export const RunEntry = z.object({
  id: text,
  seriesId: text,
  model: z.object({ name: text, version: text, title: text }),
  status: RunStatus,
  /** What was asked for, `auto` included. */
  deviceRequested: text,
  /** What really ran, in words; null before the network is loaded. */
  device: text.nullable(),
  /** While running. */
  progress: RunProgress.nullable(),
  /** Why it failed. */
  error: ErrorRecord.nullable(),
  warnings: z.array(WarningRecord),
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
})
export type RunEntry = z.infer<typeof RunEntry>

/** A finished run ready to be reviewed. Steps and tree: main/findings/steps.ts, componentTreeQuery.ts. */
export const OpenedRun = z.object({
  run: RunEntry,
  grid: GridSchema,
  /** The package's table: `score[i]` is the score below which `percentile[i]` % of normal voxels lie. */
  calibration: z.object({ percentile: z.array(z.number()), score: z.array(z.number()) }),
  /** uint8 threshold step of every voxel of the grid (0: below all steps, or not scored), x fastest. */
  stepsUrl: text,
  /** The component tree, as encodeTree writes it. */
  treeUrl: text,
  /** JSON of the BodyProfile. */
  profileUrl: text,
  /** Whether the reader said the review is finished. */
  reviewFinished: z.boolean(),
})
export type OpenedRun = z.infer<typeof OpenedRun>

export const ReviewState = z.enum(['unreviewed', 'confirmed', 'false-positive', 'uncertain'])
export type ReviewState = z.infer<typeof ReviewState>

/** A name for what a finding is; `code` is a SNOMED CT concept (scheme SCT, DICOM PS3.16) where there is one. */
export const FindingLabel = z.object({
  text: z.string().min(1).max(200),
  code: z.object({ scheme: text, value: text, meaning: text }).nullable(),
})
export type FindingLabel = z.infer<typeof FindingLabel>

/** At most 2 GiB of voxels in a box; a lesion's box is a thousandth of that. */
const MAX_OUTLINE_BASE64 = 64 * 1024 * 1024

/**
 * Voxels of a finding that a reader drew or corrected: a box of the grid (both ends inclusive) and one bit a voxel,
 * x fastest, lowest bit of a byte first, base64.
 */
export const OutlineRecord = z.object({
  min: Vec3Schema,
  max: Vec3Schema,
  bits: z.base64().max(MAX_OUTLINE_BASE64),
})
export type OutlineRecord = z.infer<typeof OutlineRecord>

/**
 * What a finding is known by, whatever the threshold: `peak-N`, where N is the offset in the grid of the voxel with
 * the machine's highest score in it; `drawn-…` for what the reader drew.
 */
export const FindingKey = z.string().regex(/^(peak-\d{1,12}|drawn-[\w-]{8,40})$/)
export type FindingKey = z.infer<typeof FindingKey>

/** What a reader said about one finding of a run. */
export const ReviewRecord = z.object({
  key: FindingKey,
  state: ReviewState,
  label: FindingLabel.nullable(),
  note: z.string().max(10_000),
  /** In place of the machine's region, or the only region of a drawn finding; null for the machine's. */
  outline: OutlineRecord.nullable(),
  /** Anomaly level of the threshold when the state was last set; null for drawn findings. */
  thresholdLevel: z.number().min(0).max(100).nullable(),
  /** Set by main when it is stored. */
  updatedAt: time.nullable(),
})
export type ReviewRecord = z.infer<typeof ReviewRecord>

/**
 * What a reader measured on one plane of the patient, LPS mm. `points` of a length: both ends; of an angle: end, vertex,
 * end; of an ellipse or rectangle: opposite corners of the box whose sides lie along the unit vectors `right` and `down`.
 */
export const MeasurementRecord = z
  .object({
    id: z.string().regex(/^[\w-]{8,64}$/),
    kind: z.enum(['length', 'angle', 'ellipse', 'rectangle']),
    points: z.array(Vec3Schema).min(2).max(3).readonly(),
    right: Vec3Schema,
    down: Vec3Schema,
    /** Unit normal of the plane. */
    normal: Vec3Schema,
  })
  .refine(({ kind, points }) => points.length === (kind === 'angle' ? 3 : 2), {
    message: 'not as many points as its kind has',
  })
export type MeasurementRecord = z.infer<typeof MeasurementRecord>

/** Title, intended use, provenance and limitations are the author's words: no window says them in others. */
export const ModelEntry = z.object({
  name: text,
  version: text,
  title: text,
  licence: text,
  intendedUse: text,
  provenance: text,
  limitations: z.array(text),
  trainingData: z.array(z.object({ name: text, licence: text })),
  hash: text,
  /** Used where a run names no model. */
  isDefault: z.boolean(),
  /** `built-in` ones come with the product and stay; `imported` ones the user can remove. */
  origin: z.enum(['built-in', 'imported']),
})
export type ModelEntry = z.infer<typeof ModelEntry>

export const DeviceEntry = z.object({
  /** What `runs.start` takes. */
  id: text,
  /** English, as main's sentences are; the window may have a name of its own for the id. */
  label: text,
  state: z.enum(['available', 'unavailable', 'not-tried']),
  /** Why not, or what is to be known of it: sentences, each with its code. */
  notes: z.array(WarningRecord),
  /** Of the processor or card, as its maker calls it; null where the system does not say. */
  name: text.nullable(),
  /** Bytes; null where the system does not say. */
  memory: z.object({ totalBytes: z.number().nullable(), freeBytes: z.number().nullable() }).nullable(),
  driver: text.nullable(),
})
export type DeviceEntry = z.infer<typeof DeviceEntry>

export const ExportFormat = z.enum(['score', 'level', 'mask', 'seg', 'csv', 'json', 'key-images'])
export type ExportFormat = z.infer<typeof ExportFormat>

export const ExportRequest = z.object({
  runId: text,
  /** Lowest anomaly level of the machine's findings, as on screen. */
  level: z.number().min(0).max(100),
  minVolumeMl: z.number().nonnegative(),
  /** Findings in one of these states are included; drawn ones have a state as well. */
  states: z.array(ReviewState).min(1),
  formats: z.array(ExportFormat).min(1),
  folder: FileHandle.shape.handle,
  /** Of the included findings, as drawn on screen. */
  keyImages: z.array(z.object({ key: FindingKey, png: z.base64().max(32 * 1024 * 1024) })),
})
export type ExportRequest = z.infer<typeof ExportRequest>

export const ExportResult = z.object({
  folder: FileHandle,
  path: text,
  findings: count,
  files: z.array(z.object({ name: text, sizeBytes: count })),
  warnings: z.array(WarningRecord),
})
export type ExportResult = z.infer<typeof ExportResult>
