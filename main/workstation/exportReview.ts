import { rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExportRequest, ExportResult, ReviewRecord, RunEntry } from '../../preload/records.ts'
import { type Warning, WorkstationError } from '../errors.ts'
import { makeNewFolder } from '../exporting/newFolder.ts'
import { createOutput, type OutputFolder } from '../exporting/outputFolder.ts'
import { reviewedCsv } from '../exporting/reviewedCsv.ts'
import { writeKeyImages, writeReviewSeg, writeReviewVolumes } from '../exporting/reviewedFiles.ts'
import { type ReviewedFinding, reviewedFindings } from '../exporting/reviewedFindings.ts'
import { type ExportFacts, exportRecord, findingsRecord, recordJson } from '../exporting/reviewedRecord.ts'
import { fileEntry } from '../exporting/runRecord.ts'
import type { Calibration } from '../findings/level.ts'
import type { OpenedScan } from '../reading/protocol.ts'

/** What an export needs to know; the workstation finds it in the library and in the run's folder. */
export interface ExportReviewJob {
  request: Pick<ExportRequest, 'level' | 'minVolumeMl' | 'states' | 'formats' | 'keyImages'>
  /** The folder that the user chose, absolute: the results go to a new folder in it. */
  parent: string
  /** Names the new folder: the series' description; '' where there is none. */
  title: string
  /** A run that is done. */
  run: Pick<RunEntry, 'id' | 'model' | 'device' | 'deviceRequested' | 'warnings' | 'finishedAt'>
  /** SHA-256 of the package that made it. */
  packageHash: string
  calibration: Calibration
  /** Raw files on the scan's grid: float32 −log q and int16 HU. */
  files: { score: string; volume: string }
  scan: Pick<OpenedScan, 'grid' | 'source' | 'filledSlices' | 'warnings'>
  reviews: readonly ReviewRecord[]
  /** Whether the reader said the review is finished. */
  reviewFinished: boolean
}

export interface ExportReviewOptions {
  signal?: AbortSignal
  /** Slices while searching and measuring, files while writing. */
  onProgress?: (progress: ExportProgress) => void
}

export interface ExportProgress {
  stage: 'findings' | 'measuring' | 'writing'
  done: number
  total: number
}

/**
 * Writes what a reader asked for into a new folder, all of it or nothing: `export.json` always, and of the formats that
 * were chosen score.nii.gz, level.nii.gz, mask.nii.gz, seg.dcm, findings.csv, findings.json and key-NN.png, where NN is
 * the finding's number in all of them. Beside the regions' runs it holds the mask, and one slice of score and HU.
 * @returns what `export.write` answers, less the folder's handle: `path` is the new folder
 * @throws WorkstationError of kind `output`, `usage`, `input` or `engine`, or `cancelled` after the signal; nothing is
 *   left then
 */
export async function exportReview(
  job: ExportReviewJob,
  options: ExportReviewOptions = {},
): Promise<Omit<ExportResult, 'folder'>> {
  const exported = new Date()
  try {
    options.signal?.throwIfAborted()
    const path = await makeNewFolder(job.parent, job.title, exported)
    const output = await createOutput(path).catch(async (error) => {
      await rmdir(path).catch(() => undefined)
      throw error
    })
    try {
      return await write(job, options, output, exported)
    } catch (error) {
      await output.discard()
      await rmdir(path).catch(() => undefined)
      throw error
    }
  } catch (error) {
    if (options.signal?.aborted || (error as Error).name === 'AbortError')
      throw new WorkstationError('cancelled', 'The export was cancelled.', error)
    throw error
  }
}

async function write(
  job: ExportReviewJob,
  { signal, onProgress }: ExportReviewOptions,
  output: OutputFolder,
  exported: Date,
): Promise<Omit<ExportResult, 'folder'>> {
  const { request, scan, run, calibration } = job
  const { level, minVolumeMl, states } = request
  const { findings, mask, warnings } = await reviewedFindings({
    grid: scan.grid,
    calibration,
    files: job.files,
    level,
    minVolumeMl,
    states,
    reviews: job.reviews,
    ...(signal ? { signal } : {}),
    onProgress: (stage, done, total) => onProgress?.({ stage, done, total }),
  })
  const formats = new Set(request.formats)
  const steps = 3
  onProgress?.({ stage: 'writing', done: 0, total: steps })
  const names = await writeReviewVolumes({ ...job, mask, formats, signal }, output)
  onProgress?.({ stage: 'writing', done: 1, total: steps })
  signal?.throwIfAborted()
  const notes: Warning[] = [...warnings]
  if (formats.has('seg')) {
    const seg = await writeReviewSeg({ ...job, findings, mask, level, signal }, output)
    names.push(...seg.names)
    notes.push(...seg.warnings)
  }
  if (formats.has('key-images')) {
    const images = await writeKeyImages(request.keyImages, findings, output)
    names.push(...images.names)
    notes.push(...images.warnings)
  }
  onProgress?.({ stage: 'writing', done: 2, total: steps })
  signal?.throwIfAborted()

  const facts = exportFacts(job, exported, [...unique([...scan.warnings, ...run.warnings]), ...notes])
  names.push(...(await writeTables(job, facts, findings, formats, output)))
  const entries = await Promise.all(names.map((name) => fileEntry(name, output.path(name))))
  signal?.throwIfAborted()
  await output.write('export.json', recordJson(exportRecord(facts, findings, entries)))
  const { size } = await stat(output.path('export.json'))
  await output.commit()
  if (signal?.aborted) {
    // Who cancelled was told that nothing is written, and moved on.
    for (const name of [...names, 'export.json']) await rm(join(output.dir, name), { force: true })
    signal.throwIfAborted()
  }
  onProgress?.({ stage: 'writing', done: steps, total: steps })
  return {
    path: output.dir,
    findings: findings.length,
    files: [
      ...entries.map(({ name, bytes }) => ({ name, sizeBytes: bytes })),
      { name: 'export.json', sizeBytes: size },
    ],
    warnings: notes,
  }
}

async function writeTables(
  { run, request, scan, reviewFinished }: ExportReviewJob,
  facts: ExportFacts,
  findings: readonly ReviewedFinding[],
  formats: ReadonlySet<string>,
  output: OutputFolder,
): Promise<string[]> {
  const names: string[] = []
  if (formats.has('csv')) {
    const provenance = {
      model: run.model,
      level: request.level,
      minVolumeMl: request.minVolumeMl,
      device: run.device ?? run.deviceRequested,
      warnings: scan.warnings,
    }
    await output.write('findings.csv', reviewedCsv(findings, provenance, reviewFinished))
    names.push('findings.csv')
  }
  if (formats.has('json')) {
    await output.write('findings.json', recordJson(findingsRecord(facts, findings)))
    names.push('findings.json')
  }
  return names
}

function exportFacts(job: ExportReviewJob, exported: Date, warnings: readonly Warning[]): ExportFacts {
  const { run, request, scan, calibration, packageHash, reviewFinished } = job
  const { name, version, title } = run.model
  return {
    exported,
    run,
    model: { name, version, title, hash: packageHash },
    calibration,
    level: request.level,
    minVolumeMl: request.minVolumeMl,
    states: request.states,
    reviewFinished,
    source: scan.source,
    grid: scan.grid,
    filledSlices: scan.filledSlices,
    warnings,
  }
}

/** A run repeats the warnings of its scan. */
function unique(warnings: readonly Warning[]): Warning[] {
  return [...new Map(warnings.map((warning) => [`${warning.code} ${warning.message}`, warning])).values()]
}

export type ExportReview = typeof exportReview
