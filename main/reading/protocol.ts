import { z } from 'zod'
import type { ErrorCode } from '../errors.ts'
import type { SeriesSighting } from '../imaging/dicom/scan.ts'
import { GridSchema } from '../imaging/gridSchema.ts'
import type { InputReport } from '../imaging/inputReport.ts'
import type { ReadProgress } from '../imaging/open.ts'
import type { SeriesIdentity, Source } from '../imaging/source.ts'

/**
 * What the parent and the reading process say to each other (structured clone over the channel of fork or
 * utilityProcess). Voxels never travel here: the reader writes them to a file that the parent names (rawFile.ts).
 *
 * Replies are checked, requests are not: the reader is the one that handles what strangers made.
 */

/** A path, or several files of one scan. */
export type ReaderInput = string | readonly string[]

export type ReaderRequest =
  /** Opens a scan and writes its voxels to `voxelsFile`, which must not exist. Answer: `progress`…, then `opened`. */
  | { type: 'open'; job: number; input: ReaderInput; seriesInstanceUid: string | null; voxelsFile: string }
  /** Says what an input holds. Answer: `progress` and `series`…, then `described`. */
  | { type: 'describe'; job: number; input: ReaderInput }
  /** Ends the process. */
  | { type: 'close' }

/** The reader says this often that its event loop turns. */
export const HEARTBEAT_MS = 250

/**
 * A silence of this length counts as a hang: one step of a parser or a decoder that does not come to its end. Readers
 * let the event loop turn between slices, and a slice takes well under a second.
 */
export const HANG_LIMIT_MS = 5000

/** Loading Node and the readers from a slow disk is no hang. */
export const START_LIMIT_MS = 30_000

const text = z.string()
const vec3 = z.tuple([z.number(), z.number(), z.number()]).readonly()
const index = z.number().int().nonnegative()

export const WarningSchema = z.object({ code: text, message: text })

// Loose objects: what a reader adds to these must reach the exports without being named here once more.
const SeriesIdentitySchema = z.looseObject({
  patientName: text,
  patientId: text,
  patientBirthDate: text,
  patientSex: text,
  studyInstanceUid: text,
  studyId: text,
  studyDate: text,
  studyTime: text,
  studyDescription: text,
  accessionNumber: text,
  referringPhysicianName: text,
  seriesInstanceUid: text,
  seriesNumber: text,
  seriesDescription: text,
  modality: text,
  frameOfReferenceUid: text,
  positionReferenceIndicator: text,
  manufacturer: text,
  manufacturerModelName: text,
  convolutionKernel: text,
  sliceThickness: z.union([z.number(), z.nan()]),
}) satisfies z.ZodType<SeriesIdentity>

const SliceReferenceSchema = z.looseObject({
  file: text,
  sopClassUid: text,
  sopInstanceUid: text,
  frameNumber: z.exactOptional(index),
  imagePosition: vec3,
})

const n = z.number()

export const SourceSchema = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('dicom'),
    path: text,
    series: SeriesIdentitySchema,
    images: z.array(SliceReferenceSchema),
    slices: z.array(SliceReferenceSchema.nullable()),
    imageOrientation: z.tuple([n, n, n, n, n, n]).readonly(),
    transferSyntaxUid: text,
    lossy: z.boolean(),
    lossyHistory: z.object({ ratio: z.array(z.string()), method: z.array(z.string()) }),
  }),
  z.looseObject({
    kind: z.literal('nifti'),
    path: text,
    header: z.instanceof(Uint8Array),
    affineFrom: z.enum(['sform', 'qform', 'pixdim']),
    littleEndian: z.boolean(),
  }),
  z.looseObject({ kind: z.enum(['nrrd', 'metaimage']), path: text }),
]) satisfies z.ZodType<Source>

/** A scan whose voxels (int16 HU, x fastest, on the grid) lie in a file. */
export const OpenedScan = z.object({
  grid: GridSchema,
  source: SourceSchema as z.ZodType<Source>,
  /** As in OpenedCt. */
  filledSlices: z.array(index).readonly(),
  warnings: z.array(WarningSchema),
  /** Largest resident size that the reading process has had, bytes. */
  peakRssBytes: index,
})
export type OpenedScan = z.infer<typeof OpenedScan>

/** A series of a folder while its files are still looked through; it is told again as it grows. */
const SeriesSeen = z.object({
  seriesInstanceUid: text,
  modality: text,
  patientName: text,
  studyDate: text,
  seriesNumber: text,
  seriesDescription: text,
  imageCount: index,
}) satisfies z.ZodType<SeriesSighting>
export type SeriesSeen = SeriesSighting

// What a report says is for people to read: it is checked for being a report, not field by field.
const SomeReport = z.looseObject({
  series: z.array(z.looseObject({ id: text, kind: text, canScreen: z.boolean() })),
  warnings: z.array(WarningSchema),
})
const InputReportSchema = z.custom<InputReport>((value) => SomeReport.safeParse(value).success)

const ProgressSchema = z.looseObject({
  stage: z.enum(['scanning', 'reading']),
  done: index,
  total: index,
  /** The file that is being worked on, where the reader says. */
  file: z.exactOptional(text),
}) satisfies z.ZodType<ReadProgress>

const job = index

export const ReaderReply = z.discriminatedUnion('type', [
  z.object({ type: z.literal('alive') }),
  z.object({ type: z.literal('progress'), job, progress: ProgressSchema }),
  z.object({ type: z.literal('series'), job, series: SeriesSeen }),
  z.object({ type: z.literal('opened'), job, scan: OpenedScan }),
  z.object({ type: z.literal('described'), job, report: InputReportSchema }),
  z.object({
    type: z.literal('failed'),
    job,
    code: z.custom<ErrorCode>((value) => typeof value === 'string'),
    message: text,
    detail: z.exactOptional(text),
  }),
])
export type ReaderReply = z.infer<typeof ReaderReply>
