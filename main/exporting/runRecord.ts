import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { z } from 'zod'
import packageJson from '../../package.json' with { type: 'json' }
import type { Warning } from '../errors.ts'
import type { Source } from '../imaging/source.ts'
import type { Grid } from '../imaging/volume.ts'

export const RESEARCH_USE_ONLY = 'Research use only — not for diagnosis'

/** The formats of voxel results; findings.csv and run.json are always written. */
export const OutputFormat = z.enum(['nifti', 'seg'])
export type OutputFormat = z.infer<typeof OutputFormat>

const n = z.number()
const count = z.number().int().nonnegative()
const vec3 = z.tuple([n, n, n]).readonly()
const mat3 = z.tuple([n, n, n, n, n, n, n, n, n]).readonly()
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const grid = z.object({ dims: vec3, spacing: vec3, origin: vec3, direction: mat3 })
const seconds = z.number().nonnegative()

const input = {
  /** As the user gave it. */
  path: z.string().min(1),
  /** Sampling grid of the scan and of every voxel result: LPS mm, x fastest. */
  grid,
  /** Slices that fill gaps in the acquisition: interpolated, so they have no score and no finding. */
  filledSlices: z.array(count).default([]),
  /** True where other slices, too, are not the stored images but were interpolated from them. */
  resampled: z.boolean().default(false),
}

/**
 * `run.json`: what made the results beside it, so that they can be judged and made again. Patient name, ID, birth
 * date and sex stay out of it; the UIDs lead back to them where that is allowed.
 */
export const RunRecord = z.object({
  schemaVersion: z.literal(1),
  notice: z.literal(RESEARCH_USE_ONLY),
  software: z.object({ name: z.string(), version: z.string(), node: z.string(), platform: z.string() }),
  /** ISO 8601, UTC. */
  started: z.iso.datetime(),
  finished: z.iso.datetime(),
  input: z.discriminatedUnion('kind', [
    z.object({ ...input, kind: z.literal('nifti'), affineFrom: z.enum(['sform', 'qform', 'pixdim']) }),
    z.object({ ...input, kind: z.literal('nrrd') }),
    z.object({ ...input, kind: z.literal('metaimage') }),
    z.object({
      ...input,
      kind: z.literal('dicom'),
      studyInstanceUid: z.string(),
      seriesInstanceUid: z.string(),
      frameOfReferenceUid: z.string(),
      seriesNumber: z.string(),
      seriesDescription: z.string(),
      studyDate: z.string(),
      modality: z.string(),
      manufacturer: z.string(),
      manufacturerModelName: z.string(),
      convolutionKernel: z.string(),
      /** Null where the source does not say. */
      sliceThicknessMm: z.number().nullable(),
      /** Of the volume. */
      slices: count,
      /** Stored images (or frames) that it was made of; records of earlier versions do not say. */
      images: count.optional(),
      transferSyntaxUid: z.string(),
      lossy: z.boolean(),
    }),
  ]),
  model: z.object({
    name: z.string(),
    version: z.string(),
    title: z.string(),
    licence: z.string(),
    intendedUse: z.string(),
    /** Over the manifest and every file of the package. */
    hash: sha256,
  }),
  /** The device that really ran, beside the one that was asked for, and its proof on the golden tile. */
  device: z.object({
    requested: z.string(),
    device: z.string(),
    threads: z.number().int().positive(),
    partlyOnCpu: z.boolean(),
    goldenDeviation: n,
    goldenTolerance: n,
    loadSeconds: seconds,
    /** Tile edge in model voxels; records of earlier versions do not say. */
    patchSize: vec3.optional(),
    /** The same deviation when the last tile was done; records of earlier versions do not say. */
    goldenDeviationAtEnd: n.optional(),
  }),
  parameters: z.object({
    /** Lowest anomaly level of a finding's voxels, percentile of normal tissue. */
    level: z.number().min(0).max(100),
    minVolumeMl: z.number().nonnegative(),
    formats: z.array(OutputFormat),
    /** Fraction of a tile shared with its neighbour. */
    overlap: z.number().min(0).lt(1),
  }),
  /** Raw score given to voxels outside the body, which the model did not score; their level is the lowest. */
  unscoredValue: n,
  result: z.object({
    findings: count,
    tiles: count,
    /** How many of them an interrupted run of the same scan and model had computed; absent where none. */
    resumedTiles: count.optional(),
    /** The grid the model ran on. */
    modelGrid: grid,
    /** Body crop, voxels of the reoriented scan, [start, end). */
    cropBox: z.object({ start: vec3, end: vec3 }),
  }),
  /** Wall-clock seconds of each stage. */
  seconds: z.record(z.string(), seconds),
  /** Largest resident size of each process, bytes. The peaks need not coincide. */
  memory: z.object({
    parentPeakBytes: count,
    enginePeakBytes: count,
    /** Of the reading process; records of earlier versions do not say. */
    readerPeakBytes: count.optional(),
  }),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
  /** What was written beside this file. */
  files: z.array(z.object({ name: z.string().min(1), bytes: count, sha256 })),
})
export type RunRecord = z.infer<typeof RunRecord>

/** What a run knows of itself when its other results are written. */
export interface RunFacts {
  started: Date
  finished: Date
  source: Source
  grid: Grid
  /** As in OpenedCt; none where absent. */
  filledSlices?: readonly number[]
  model: {
    hash: string
    manifest: {
      name: string
      version: string
      title: string
      licence: string
      intendedUse: string
      network: { overlap: number }
      calibration: { score: readonly number[] }
    }
  }
  device: RunRecord['device']
  parameters: Omit<RunRecord['parameters'], 'overlap'>
  result: RunRecord['result']
  seconds: RunRecord['seconds']
  memory: RunRecord['memory']
  warnings: readonly Warning[]
  files: RunRecord['files']
}

/**
 * Builds `run.json` and checks it against its own schema, so that no run can leave a record that a later version
 * cannot read.
 * @throws z.ZodError for facts that are no facts, such as a time of NaN: an error of the program, not of the user.
 */
export function buildRunRecord(facts: RunFacts): RunRecord {
  const { manifest } = facts.model
  return RunRecord.parse({
    schemaVersion: 1,
    notice: RESEARCH_USE_ONLY,
    software: softwareIdentity(),
    started: facts.started.toISOString(),
    finished: facts.finished.toISOString(),
    input: inputIdentity(facts.source, facts.grid, facts.filledSlices),
    model: {
      name: manifest.name,
      version: manifest.version,
      title: manifest.title,
      licence: manifest.licence,
      intendedUse: manifest.intendedUse,
      hash: facts.model.hash,
    },
    device: facts.device,
    parameters: { ...facts.parameters, overlap: manifest.network.overlap },
    unscoredValue: manifest.calibration.score[0],
    result: facts.result,
    seconds: facts.seconds,
    memory: facts.memory,
    warnings: facts.warnings.map(({ code, message }) => ({ code, message })),
    files: facts.files,
  } satisfies RunRecord)
}

/** The record as text: JSON, two spaces, a newline at the end. */
export function runRecordJson(record: RunRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`
}

/** The entry of a written result: its size and SHA-256, read back from `path`, under its final `name`. */
export async function fileEntry(name: string, path: string): Promise<RunRecord['files'][number]> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { name, bytes, sha256: hash.digest('hex') }
}

export function softwareIdentity(): RunRecord['software'] {
  return {
    name: packageJson.name,
    version: packageJson.version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  }
}

/** What was screened, without who it is. */
export function inputIdentity(
  source: Source,
  { dims, spacing, origin, direction }: Grid,
  filledSlices: readonly number[] = [],
): RunRecord['input'] {
  const filled = new Set(filledSlices)
  const common = {
    path: source.path,
    grid: { dims, spacing, origin, direction },
    filledSlices: [...filledSlices],
    resampled: source.kind === 'dicom' && source.slices.some((image, k) => !image && !filled.has(k)),
  }
  if (source.kind === 'nifti') return { ...common, kind: 'nifti', affineFrom: source.affineFrom }
  if (source.kind !== 'dicom') return { ...common, kind: source.kind }
  const { series } = source
  return {
    ...common,
    kind: 'dicom',
    studyInstanceUid: series.studyInstanceUid,
    seriesInstanceUid: series.seriesInstanceUid,
    frameOfReferenceUid: series.frameOfReferenceUid,
    seriesNumber: series.seriesNumber,
    seriesDescription: series.seriesDescription,
    studyDate: series.studyDate,
    modality: series.modality,
    manufacturer: series.manufacturer,
    manufacturerModelName: series.manufacturerModelName,
    convolutionKernel: series.convolutionKernel,
    // JSON has no NaN.
    sliceThicknessMm: Number.isNaN(series.sliceThickness) ? null : series.sliceThickness,
    slices: source.slices.length,
    images: source.images.length,
    transferSyntaxUid: source.transferSyntaxUid,
    lossy: source.lossy,
  }
}
