import { z } from 'zod'
import type { ErrorCode } from '../errors.ts'
import type { Finding } from '../findings/findings.ts'
import { GridSchema, Vec3Schema } from '../imaging/gridSchema.ts'
import { Device } from './devices.ts'

/**
 * What the parent and the engine process say to each other (structured clone over the channel of fork or
 * utilityProcess). Voxels never travel here: they lie in the job's work folder as raw files (rawFile.ts).
 */

/** Files of a job's work folder. The parent writes `volume` and owns the folder; the engine writes the others. */
export const WORK_FILES = {
  /** int16 HU on the source grid. */
  volume: 'volume.i16',
  /** float32 −log q on the source grid. */
  score: 'score.f32',
  /** uint16 finding number on the source grid; absent where no findings were asked for. */
  mask: 'mask.u16',
  /** uint8 threshold step on the source grid (findings/steps.ts). This and the next two only where a review is asked for. */
  steps: 'steps.u8',
  /** Components at every threshold step (findings/componentTreeFile.ts). */
  tree: 'tree.bin',
  /** JSON: BodyProfile of findings/location.ts. */
  profile: 'profile.json',
} as const

const FindingSchema = z.object({
  number: z.number().int().positive(),
  volumeMl: z.number(),
  voxelCount: z.number(),
  peakLevel: z.number(),
  meanLevel: z.number(),
  peakScore: z.number(),
  meanScore: z.number(),
  centreMm: Vec3Schema,
  peakIndex: Vec3Schema,
  extentIndex: z.object({ min: Vec3Schema, max: Vec3Schema }),
  extentMm: Vec3Schema,
  huMean: z.number(),
  huSd: z.number(),
}) satisfies z.ZodType<Finding>

export const FindingsParameters = z.object({
  /** Lowest anomaly level of a finding's voxels, 0–100. */
  level: z.number().min(0).max(100),
  minVolumeMl: z.number().nonnegative(),
})
export type FindingsParameters = z.infer<typeof FindingsParameters>

/** What a reader's screen needs to move the threshold: WORK_FILES `steps`, `tree` and `profile`. */
export const ReviewParameters = z.object({
  /** Components smaller than this are left out of the tree, mL. */
  minComponentMl: z.number().nonnegative(),
})
export type ReviewParameters = z.infer<typeof ReviewParameters>

/**
 * What a voxel outside the body, or on a slice that fills a gap, gets: the calibration's lowest score, as exports have
 * it, or NaN, for whoever must tell it from a voxel that scored low. Findings and a review need `lowest`.
 */
export const Unscored = z.enum(['lowest', 'nan'])
export type Unscored = z.infer<typeof Unscored>

export const EngineRequest = z.discriminatedUnion('type', [
  /** Opens the network on a device and proves the device with the golden tile. Answer: `loaded` or `failed`. */
  z.object({
    type: z.literal('load'),
    packageDir: z.string(),
    packageHash: z.string(),
    device: Device,
    threads: z.number().int().positive(),
    /** Which of the package's tileOptions. */
    tile: z.number().int().nonnegative().default(0),
  }),
  /** Screens the volume in the work folder with the loaded network. Answer: `progress`…, then `done` or `failed`. */
  z.object({
    type: z.literal('screen'),
    workFolder: z.string(),
    grid: GridSchema,
    findings: FindingsParameters.nullable(),
    review: ReviewParameters.nullable().default(null),
    unscored: Unscored,
    /** Slices k of the grid that the network sees but that get no score (OpenedCt.filledSlices). */
    filledSlices: z.array(z.number().int().nonnegative()).readonly().default([]),
    /** Where finished tiles are kept for the same run after an interruption (resume.ts); nowhere where absent. */
    resumeFolder: z.string().optional(),
  }),
  /** Releases the network and ends the process. */
  z.object({ type: z.literal('close') }),
])
export type EngineRequest = z.infer<typeof EngineRequest>

/** The device that really runs, and the proof that it computes what the package's author measured. */
export const DeviceReport = z.object({
  device: Device,
  threads: z.number().int().positive(),
  /** True where the provider left some of the network's operations to the CPU. */
  partlyOnCpu: z.boolean(),
  /** Largest |difference| / max(1, |expected|) on the golden tile, and what the package accepts. */
  goldenDeviation: z.number(),
  goldenTolerance: z.number(),
  loadSeconds: z.number(),
  /** Tile edge in model voxels [x, y, z]: smaller than the package's own where memory was short. */
  patchSize: Vec3Schema.optional(),
  /** The same deviation once more, when the run's last tile was done. */
  goldenDeviationAtEnd: z.number().optional(),
})
export type DeviceReport = z.infer<typeof DeviceReport>

export const EngineStage = z.enum(['preprocessing', 'inference', 'mapping', 'findings', 'review'])
export type EngineStage = z.infer<typeof EngineStage>

export const EngineProgress = z.object({
  stage: EngineStage,
  /** Tiles during `inference`, slices during `review`; 0 of 1 at the start of every other stage. */
  done: z.number(),
  total: z.number(),
  /** Until the end of the stage, from the measured time of the tiles; null while unknown. */
  secondsLeft: z.number().nullable(),
})
export type EngineProgress = z.infer<typeof EngineProgress>

export const EngineResult = z.object({
  modelGrid: GridSchema,
  /** Body crop in canonical source voxels, [start, end). */
  cropBox: z.object({ start: Vec3Schema, end: Vec3Schema }),
  tiles: z.number().int(),
  /** How many of them an interrupted run had left; absent where none. */
  resumedTiles: z.number().int().positive().optional(),
  /** Of the golden tile after the last tile of the run; a run that fails it has no result. */
  goldenDeviationAtEnd: z.number().optional(),
  findings: z.array(FindingSchema),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
  /** Seconds of each stage; `review` only where one was asked for. */
  seconds: z.partialRecord(EngineStage, z.number()),
  peakRssBytes: z.number(),
})
export type EngineResult = z.infer<typeof EngineResult>

export const EngineReply = z.discriminatedUnion('type', [
  z.object({ type: z.literal('loaded'), report: DeviceReport }),
  z.object({ type: z.literal('progress'), progress: EngineProgress }),
  z.object({ type: z.literal('done'), result: EngineResult }),
  z.object({
    type: z.literal('failed'),
    code: z.custom<ErrorCode>((value) => typeof value === 'string'),
    message: z.string(),
    detail: z.string().optional(),
  }),
])
export type EngineReply = z.infer<typeof EngineReply>

/** What a process that tried a device says of it (deviceProbe.ts). */
export const ProbeReply = z.discriminatedUnion('works', [
  z.object({
    works: z.literal(true),
    /** Whether the provider leaves 3-D convolutions to the processor. */
    partlyOnCpu: z.boolean(),
  }),
  z.object({ works: z.literal(false), reason: z.string() }),
])
export type ProbeReply = z.infer<typeof ProbeReply>
