import { z } from 'zod'
import type { Warning } from '../errors.ts'
import { type Calibration, formatLevel, levelTable } from '../findings/level.ts'
import type { Source } from '../imaging/source.ts'
import type { Grid } from '../imaging/volume.ts'
import type { FindingState, ReviewedFinding } from './reviewedFindings.ts'
import { inputIdentity, RESEARCH_USE_ONLY, RunRecord, softwareIdentity } from './runRecord.ts'

const { software, input, files, warnings } = RunRecord.shape
const State = z.enum(['unreviewed', 'confirmed', 'false-positive', 'uncertain'])
const count = z.number().int().nonnegative()

const what = {
  schemaVersion: z.literal(1),
  notice: z.literal(RESEARCH_USE_ONLY),
  software,
  exported: z.iso.datetime(),
  run: z.object({ id: z.string(), finished: z.iso.datetime().nullable() }),
  model: z.object({
    name: z.string(),
    version: z.string(),
    title: z.string(),
    /** SHA-256 over the package. */
    hash: z.string(),
  }),
  device: z.object({ requested: z.string(), device: z.string().nullable() }),
  threshold: z.object({
    /** Lowest anomaly level of the machine's findings, percentile of normal tissue, in words, and as a raw score. */
    level: z.number().min(0).max(100),
    rarity: z.string(),
    /** Null above the model's highest level. */
    score: z.number().nullable(),
    minVolumeMl: z.number().nonnegative(),
  }),
  review: z.object({ finished: z.boolean(), statesIncluded: z.array(State) }),
  input,
  warnings,
}

const vec3 = z.tuple([z.number(), z.number(), z.number()]).readonly()
const FindingEntry = z.object({
  number: count,
  key: z.string(),
  state: State,
  label: z
    .object({
      text: z.string(),
      code: z.object({ scheme: z.string(), value: z.string(), meaning: z.string() }).nullable(),
    })
    .nullable(),
  note: z.string(),
  origin: z.enum(['machine', 'corrected', 'drawn']),
  updatedAt: z.iso.datetime().nullable(),
  regionLevel: z.number().nullable(),
  volumeMl: z.number(),
  voxelCount: count,
  maskVoxelCount: count,
  peakLevel: z.number(),
  meanLevel: z.number(),
  peakScore: z.number(),
  meanScore: z.number(),
  centreMm: vec3,
  peakIndex: vec3,
  extentIndex: z.object({ min: vec3, max: vec3 }),
  extentMm: vec3,
  huMean: z.number(),
  huSd: z.number(),
})

/** `findings.json`: every exported finding, and what made it. Without patient name, ID, birth date and sex. */
export const FindingsRecord = z.object({ ...what, findings: z.array(FindingEntry) })
export type FindingsRecord = z.infer<typeof FindingsRecord>

/** `export.json`: what the files beside it are. */
export const ExportRecord = z.object({
  ...what,
  findings: z.object({ total: count, byState: z.record(State, count) }),
  files,
})
export type ExportRecord = z.infer<typeof ExportRecord>

export interface ExportFacts {
  exported: Date
  run: { id: string; finishedAt: string | null; deviceRequested: string; device: string | null }
  model: { name: string; version: string; title: string; hash: string }
  calibration: Calibration
  level: number
  minVolumeMl: number
  states: readonly FindingState[]
  reviewFinished: boolean
  source: Source
  grid: Grid
  filledSlices: readonly number[]
  warnings: readonly Warning[]
}

/** @throws z.ZodError for facts that are no facts, such as a number that is none: an error of the program */
export function findingsRecord(facts: ExportFacts, findings: readonly ReviewedFinding[]): FindingsRecord {
  return FindingsRecord.parse({ ...shared(facts), findings })
}

/** @throws as `findingsRecord` */
export function exportRecord(
  facts: ExportFacts,
  findings: readonly ReviewedFinding[],
  written: RunRecord['files'],
): ExportRecord {
  const of = (state: FindingState) => findings.filter((finding) => finding.state === state).length
  const byState = Object.fromEntries(State.options.map((state) => [state, of(state)]))
  return ExportRecord.parse({
    ...shared(facts),
    findings: { total: findings.length, byState },
    files: written,
  })
}

function shared(facts: ExportFacts) {
  const { run, level, minVolumeMl, grid } = facts
  const score = levelTable(facts.calibration).scoreAtLevel(level)
  return {
    schemaVersion: 1,
    notice: RESEARCH_USE_ONLY,
    software: softwareIdentity(),
    exported: facts.exported.toISOString(),
    run: { id: run.id, finished: run.finishedAt },
    model: facts.model,
    device: { requested: run.deviceRequested, device: run.device },
    threshold: {
      level,
      rarity: formatLevel(level),
      score: Number.isFinite(score) ? score : null,
      minVolumeMl,
    },
    review: { finished: facts.reviewFinished, statesIncluded: [...facts.states] },
    input: inputIdentity(facts.source, grid, facts.filledSlices),
    warnings: facts.warnings.map(({ code, message }) => ({ code, message })),
  }
}

export function recordJson(record: FindingsRecord | ExportRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`
}
