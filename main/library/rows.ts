import { dirname } from 'node:path'
import { z } from 'zod'
import {
  FindingLabel,
  MeasurementRecord,
  ReviewRecord,
  RunEntry,
  SeriesEntry,
} from '../../preload/records.ts'
import { WorkstationError } from '../errors.ts'
import type { NewSeries, SeriesSource, StoredSeries } from './types.ts'

/** Rows of the database as the contract's records, and back. What is read is checked: a disk may have changed it. */

export type Row = Record<string, unknown>

const Source = z.object({ inputs: z.array(z.string()).min(1), seriesId: z.string() })
const Facts = SeriesEntry.omit({
  id: true,
  addedAt: true,
  openedAt: true,
  state: true,
  latestRunId: true,
  thumbnailUrl: true,
  path: true,
})
const Labels = z.array(FindingLabel)

/** Where the data plane serves a series' thumbnail; the version makes a new picture a new address. */
export function thumbnailUrl(seriesId: string, version: number): string {
  return `/data/thumbnails/${seriesId}?v=${version}`
}

/** @throws ZodError where the caller's record is none: an error of the program */
export function seriesColumns({
  source,
  ...facts
}: NewSeries): Record<'source' | 'facts' | 'sourceKey', string> {
  const { inputs, seriesId } = Source.parse(source)
  return {
    source: JSON.stringify({ inputs, seriesId } satisfies SeriesSource),
    facts: JSON.stringify(Facts.parse(facts)),
    sourceKey: JSON.stringify([seriesId, ...inputs.toSorted()]),
  }
}

export function toStoredSeries(row: Row): StoredSeries {
  const source = checked(Source, json(row.source))
  const version = row.thumbnail_version
  return checked(SeriesEntry.extend({ source: Source }), {
    ...checked(Facts, json(row.facts)),
    id: row.id,
    addedAt: row.added_at,
    openedAt: row.opened_at,
    state: row.reviewed ? 'reviewed' : row.latest_run_id === null ? 'new' : 'screened',
    latestRunId: row.latest_run_id,
    thumbnailUrl: version === null ? null : thumbnailUrl(String(row.id), Number(version)),
    path: source.inputs.length === 1 ? source.inputs[0] : dirname(source.inputs[0]),
    source,
  })
}

export function toSeriesEntry(row: Row): SeriesEntry {
  const { source: _, ...entry } = toStoredSeries(row)
  return entry
}

export function toRunEntry(row: Row): RunEntry {
  return checked(RunEntry, {
    id: row.id,
    seriesId: row.series_id,
    model: json(row.model),
    status: row.status,
    deviceRequested: row.device_requested,
    device: row.device,
    progress: null,
    error: row.error === null ? null : json(row.error),
    warnings: json(row.warnings),
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  })
}

export function toReview(row: Row): ReviewRecord {
  return checked(ReviewRecord, json(row.record))
}

export function toMeasurement(row: Row): MeasurementRecord {
  return checked(MeasurementRecord, json(row.record))
}

export function toLabels(row: Row): FindingLabel[] {
  return checked(Labels, json(row.labels))
}

export function json(text: unknown): unknown {
  try {
    return JSON.parse(String(text))
  } catch (error) {
    throw unreadable(error)
  }
}

function checked<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value)
  if (!result.success) throw unreadable(z.prettifyError(result.error))
  return result.data
}

function unreadable(detail: unknown): WorkstationError {
  return new WorkstationError(
    'output/library-entry',
    'An entry of the library cannot be read: it was changed by another program, or the disk is damaged.',
    detail,
  )
}
