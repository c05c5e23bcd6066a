import { z } from 'zod'
import { Vec3Schema } from '../main/imaging/gridSchema.ts'
import { ErrorRecord, ModelEntry, WarningRecord } from './records.ts'

/** What the contract says of model packages before and after they are used (records.ts has the list itself). */

const text = z.string()
const count = z.number().int().nonnegative()

/** What a package that the user chose says of itself, before anything of it is kept. */
export const ModelInspection = ModelEntry.omit({ hash: true, isDefault: true, origin: true }).extend({
  /** Of all files of the package together. */
  sizeBytes: count,
  /** What has its name here and would give way to it; null where nothing has. */
  installed: z.object({ version: text, origin: ModelEntry.shape.origin }).nullable(),
})
export type ModelInspection = z.infer<typeof ModelInspection>

/** An installed package that cannot be used. */
export const DamagedModel = z.object({ name: text, origin: ModelEntry.shape.origin, error: ErrorRecord })
export type DamagedModel = z.infer<typeof DamagedModel>

/** What really ran, and the proof that it computed what the model's author measured (run.json). */
export const RunDetails = z.object({
  /** SHA-256 of the model package. */
  modelHash: text,
  /** As it was asked for: devices in the order to try, comma-separated. */
  deviceRequested: text,
  device: text,
  threads: count,
  partlyOnCpu: z.boolean(),
  /** Tile edge in model voxels [x, y, z]; null where the record does not say. */
  patchSize: Vec3Schema.nullable(),
  tiles: count,
  /** Largest |difference| / max(1, |expected|) on the check tile before the run and after it; null: not recorded. */
  goldenDeviation: z.number(),
  goldenDeviationAtEnd: z.number().nullable(),
  /** Largest that the model accepts. */
  goldenTolerance: z.number(),
  /** Wall-clock seconds of each stage. */
  seconds: z.record(text, z.number()),
  warnings: z.array(WarningRecord),
})
export type RunDetails = z.infer<typeof RunDetails>
