import { randomUUID } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import type { CallOutput } from '../../preload/contract.ts'
import type { SeriesEntry, WarningRecord } from '../../preload/records.ts'
import type { InputReport, SeriesReport } from '../imaging/inputReport.ts'
import type { Library, NewSeries } from '../library/types.ts'
import type { ReaderClient } from '../reading/client.ts'
import type { DataFolder } from './dataFolder.ts'
import type { Events } from './events.ts'
import { abortable, cancelled } from './failures.ts'
import type { Job } from './jobs.ts'
import { uploadNames } from './uploadNames.ts'

export interface AddTools {
  library: Library
  events: Events
  /** One of its own: a folder of thousands of files must not keep a series that is known from being opened. */
  reader: ReaderClient
  folder: DataFolder
}

/**
 * Looks through files and folders and adds every CT volume found, also those that cannot be screened, with why. What
 * came as an upload is moved into the data folder, where the library can rely on it.
 * @throws WorkstationError what ReaderClient.describe throws; `cancelled`; nothing is added then
 */
export async function addSeries(
  paths: readonly string[],
  job: Job,
  tools: AddTools,
): Promise<CallOutput<'library.add'>> {
  const named = uploadNames(tools.folder.uploads)
  const report = await describe(paths, job, tools.reader).then(named.report, (error) => {
    throw named.error(error)
  })
  const volumes = report.series.filter(({ kind }) => kind === 'ct-volume')
  if (job.signal.aborted) throw cancelled()
  const inputs = volumes.length > 0 ? await keepUploads(paths, tools.folder) : [...paths]
  const added: SeriesEntry[] = []
  try {
    for (const series of volumes) added.push(add(newSeries(series, report, inputs, false), tools))
  } catch (error) {
    await removeUnusedImports(inputs, tools)
    throw error
  }
  const notAdded = report.series
    .filter(({ kind }) => kind !== 'ct-volume')
    .map((series) => ({
      seriesNumber: series.seriesNumber,
      name: series.seriesDescription || series.className,
      imageCount: series.imageCount,
      reason: whyNot(series),
    }))
  return { added, notAdded, warnings: report.warnings }
}

/** Adds the series of the procedural sample. */
export async function addSampleSeries(path: string, job: Job, tools: AddTools): Promise<SeriesEntry> {
  const report = await describe([path], job, tools.reader)
  if (job.signal.aborted) throw cancelled()
  return add(newSeries(report.series[0], report, [path], true), tools)
}

function describe(paths: readonly string[], job: Job, reader: ReaderClient): Promise<InputReport> {
  return abortable(
    reader.describe(paths.length === 1 ? paths[0] : paths, {
      signal: job.signal,
      onProgress: ({ stage, done, total }) => job.progress(stage, done, total),
    }),
    job.signal,
  )
}

function add(series: NewSeries, { library, events }: AddTools): SeriesEntry {
  const entry = library.addSeries(series)
  events.emit('series.changed', entry)
  return entry
}

function newSeries(
  report: SeriesReport,
  { kind }: InputReport,
  inputs: string[],
  sample: boolean,
): NewSeries {
  return {
    kind,
    patientName: report.patientName,
    patientId: report.patientId,
    // Reports leave these out; the first opening knows them.
    patientBirthDate: '',
    patientSex: '',
    studyInstanceUid: report.studyInstanceUid,
    studyDescription: report.studyDescription,
    studyDate: report.studyDate,
    seriesNumber: report.seriesNumber,
    seriesDescription: report.seriesDescription || (kind === 'dicom' ? '' : basename(inputs[0])),
    modality: report.modality,
    manufacturer: report.manufacturer,
    convolutionKernel: report.convolutionKernel,
    dims: report.dims,
    spacingMm: report.spacingMm,
    imageCount: report.imageCount,
    canScreen: report.canScreen,
    reason: report.reason,
    warnings: report.warnings,
    sample,
    source: { inputs, seriesId: report.id },
  }
}

const WHY_NOT: Readonly<Record<SeriesReport['kind'], string>> = {
  'ct-volume': '',
  'ct-images': 'These are too few CT images for a volume.',
  localizer: 'This is a scout image, which the scan was planned on.',
  'dose-report': 'This is a dose report, not a scan.',
  report: 'This is a report, not a scan.',
  'secondary-capture': 'These are pictures made from a scan, not the scan itself.',
  'other-modality': 'This is not CT.',
  'non-image': 'This belongs to a scan, but holds no images of it.',
}

function whyNot({ kind, reason }: SeriesReport): WarningRecord {
  return reason ?? { code: `input/${kind}`, message: WHY_NOT[kind] }
}

/** Moves what lies in the folder for uploads to where it stays; gives the paths as they are then. */
async function keepUploads(paths: readonly string[], { uploads, imports }: DataFolder): Promise<string[]> {
  const moved = new Map<string, string>()
  const kept: string[] = []
  for (const path of paths) {
    const way = relative(uploads, path)
    const [upload] = way.split(sep)
    if (upload === '' || upload === '..' || way === path) {
      kept.push(path)
      continue
    }
    let to = moved.get(upload)
    if (!to) {
      to = join(imports, randomUUID())
      await rename(join(uploads, upload), to)
      moved.set(upload, to)
    }
    kept.push(join(to, relative(upload, way)))
  }
  return kept
}

/**
 * Removes uploaded files among these that no series refers to any more. Only those: in a library that was set aside as
 * damaged, others may still be wanted.
 */
export async function removeUnusedImports(
  inputs: readonly string[],
  { library, folder: { imports } }: Pick<AddTools, 'library' | 'folder'>,
): Promise<void> {
  const folderOf = (input: string) => importFolder(imports, input)
  const wanted = new Set(
    library.listSeries().flatMap(({ id }) => library.getSeries(id)?.source.inputs.map(folderOf) ?? []),
  )
  for (const folder of new Set(inputs.map(folderOf)))
    if (folder !== undefined && !wanted.has(folder)) await rm(folder, { recursive: true, force: true })
}

/** The folder of the upload that a file or folder came with; undefined where it was no upload. */
export function importFolder(imports: string, input: string): string | undefined {
  if (!input.startsWith(imports + sep)) return undefined
  const [first] = relative(imports, input).split(sep)
  return join(imports, first)
}
