import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { type Warning, WorkstationError } from '../../errors.ts'
import { comparable, filesBelow, type InputFile } from '../inputs/files.ts'
import { forEachParallel } from '../inputs/parallel.ts'
import { type DicomHeader, type HeaderResult, readHeader } from './header.ts'
import { MEDIA_STORAGE_DIRECTORY } from './uids.ts'

/** Files read at a time: enough to hide the latency of a network drive. */
const PARALLEL_READS = 8

/** Between two reports on series that only grow. */
const SIGHTING_MS = 200

type Damaged = Extract<HeaderResult, { kind: 'damaged' }>

/** A series while the files are still being looked through. */
export interface SeriesSighting {
  seriesInstanceUid: string
  modality: string
  patientName: string
  studyDate: string
  seriesNumber: string
  seriesDescription: string
  /** Files found so far. */
  imageCount: number
}

export interface ScanOptions {
  signal?: AbortSignal
  /** `total` is 0 until all files have been found. */
  onProgress?: (progress: { stage: 'scanning'; done: number; total: number }) => void
  /** For each new series at once, then now and then with a growing count, and with the final one. */
  onSeries?: (series: SeriesSighting) => void
}

/** What to look through. */
export interface ScanRequest {
  /** What messages call it. */
  path: string
  files: AsyncIterable<InputFile> | Iterable<InputFile>
  /** Folders that may not be listed; filled while `files` is walked. */
  unreadable?: string[]
}

/** What a folder (or one file) holds, sorted into series but not yet judged. */
export interface DicomScan {
  path: string
  /** Files by Series Instance UID, in path order; series by patient, study and series number. */
  series: Map<string, DicomHeader[]>
  damaged: Damaged[]
  /** Files that are not DICOM. */
  others: InputFile[]
  dicomdirs: InputFile[]
  /** Files and folders that the system does not let us read, and what a DICOMDIR lists but is not there. */
  warnings: Warning[]
  unreadable: string[]
  fileCount: number
}

/**
 * Reads the header of every DICOM file below a folder, or of one file, or of the files of a request. Other files are
 * passed by; a file that cannot be read costs a warning.
 * @throws WorkstationError input/unreadable where nothing can be read; what readdir or stat throw of the path itself;
 *   an AbortError after the signal
 */
export async function scanDicom(
  input: string | ScanRequest,
  { signal, onProgress, onSeries }: ScanOptions = {},
): Promise<DicomScan> {
  const request = typeof input === 'string' ? await requestFor(input, signal) : input
  const scan: DicomScan = {
    path: request.path,
    series: new Map(),
    damaged: [],
    others: [],
    dicomdirs: [],
    warnings: [],
    unreadable: request.unreadable ?? [],
    fileCount: 0,
  }
  const names = new Set<string>()
  const sightings = new Sightings(onSeries)
  const look = async (file: InputFile) => {
    names.add(comparable(file.name))
    const result = file.header ?? (await headerOf(file.path))
    if (result.kind === 'unreadable') scan.unreadable.push(file.name)
    else if (result.kind === 'damaged') scan.damaged.push(result)
    else if (result.kind === 'other') scan.others.push(file)
    else if (result.header.sopClassUid === MEDIA_STORAGE_DIRECTORY) scan.dicomdirs.push(file)
    else {
      const uid = result.header.identity.seriesInstanceUid
      const group = scan.series.get(uid) ?? []
      group.push(result.header)
      scan.series.set(uid, group)
      sightings.add(result.header, group.length)
    }
  }
  scan.fileCount = await forEachParallel(request.files, PARALLEL_READS, look, {
    ...(signal ? { signal } : {}),
    onItem: (done, total) => onProgress?.({ stage: 'scanning', done, total }),
  })
  sightings.flush()
  sort(scan)
  if (scan.fileCount > 0 && scan.unreadable.length >= scan.fileCount) {
    throw new WorkstationError(
      'input/unreadable',
      scan.fileCount === 1
        ? `${scan.path} cannot be read: access is denied, or the medium is faulty.`
        : `None of the ${scan.fileCount} files in ${scan.path} can be read: access is denied, or the medium is faulty.`,
    )
  }
  scan.warnings.push(...unreadableWarning(scan.unreadable))
  for (const dicomdir of scan.dicomdirs) scan.warnings.push(...(await missingFrom(dicomdir, names)))
  return scan
}

async function requestFor(path: string, signal: AbortSignal | undefined): Promise<ScanRequest> {
  if (!(await stat(path)).isDirectory()) return { path, files: [{ path, name: path }] }
  const unreadable: string[] = []
  const onUnreadable = (folder: string) => unreadable.push(folder)
  return { path, files: filesBelow(path, { ...(signal ? { signal } : {}), onUnreadable }), unreadable }
}

async function headerOf(path: string): Promise<HeaderResult | { kind: 'unreadable' }> {
  try {
    return await readHeader(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    // A link to a folder, or one that leads nowhere, is no image.
    if (code === 'EISDIR' || code === 'ENOENT' || code === 'ELOOP') return { kind: 'other' }
    if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) throw error
    return { kind: 'unreadable' }
  }
}

/** Files in path order whatever order they were read in: which of two duplicates is kept must not be chance. */
function sort(scan: DicomScan): void {
  const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  for (const headers of scan.series.values()) headers.sort((a, b) => byText(a.file, b.file))
  scan.damaged.sort((a, b) => byText(a.file, b.file))
  scan.others.sort((a, b) => byText(a.path, b.path))
  scan.dicomdirs.sort((a, b) => byText(a.path, b.path))
  const key = ([uid, [first]]: [string, DicomHeader[]]) => {
    const { patientName, patientId, studyDate, studyTime, studyInstanceUid } = first!.identity
    return [patientName, patientId, studyDate, studyTime, studyInstanceUid, uid]
  }
  const number = ([, [first]]: [string, DicomHeader[]]) => Number(first!.identity.seriesNumber || Number.NaN)
  scan.series = new Map(
    [...scan.series].sort((a, b) => {
      const [keyA, keyB] = [key(a), key(b)]
      const study = keyA.findIndex((value, i) => value !== keyB[i])
      // Within a study the number decides before the UID does; a series without one comes last.
      if (study >= 0 && study < keyA.length - 1) return byText(keyA[study]!, keyB[study]!)
      const [numberA, numberB] = [number(a), number(b)].map((n) => (Number.isFinite(n) ? n : Infinity))
      return numberA === numberB ? byText(a[0], b[0]) : numberA! < numberB! ? -1 : 1
    }),
  )
}

function unreadableWarning(unreadable: readonly string[]): Warning[] {
  if (unreadable.length === 0) return []
  const first = basename([...unreadable].sort()[0]!)
  const what = unreadable.length === 1 ? first : `${unreadable.length} files or folders, such as ${first},`
  return [
    {
      code: 'input/unreadable',
      message: `${what} could not be read and ${unreadable.length === 1 ? 'was' : 'were'} passed by: access is denied, or the medium is faulty.`,
    },
  ]
}

async function missingFrom(dicomdir: InputFile, names: ReadonlySet<string>): Promise<Warning[]> {
  const { notAmong, readDicomdir } = await import('./dicomdir.ts')
  try {
    const missing = notAmong(await readDicomdir(dicomdir.path, dicomdir.name), dicomdir.name, names)
    return missingWarning(dicomdir.name, missing)
  } catch (error) {
    if (!(error instanceof WorkstationError)) throw error
    return [{ code: 'input/dicomdir', message: `${basename(dicomdir.name)} is damaged and was not used.` }]
  }
}

/** The warning about files that a DICOMDIR lists in vain; none where it lists none so. */
export function missingWarning(dicomdir: string, missing: readonly string[]): Warning[] {
  if (missing.length === 0) return []
  const [first] = missing
  const what =
    missing.length === 1
      ? `a file that is not there: ${first}`
      : `${missing.length} files that are not there, such as ${first}`
  return [{ code: 'input/dicomdir', message: `${basename(dicomdir)} lists ${what}.` }]
}

/** Tells of series as they are found, but not of every file. */
class Sightings {
  readonly #onSeries: ((series: SeriesSighting) => void) | undefined
  readonly #changed = new Map<string, SeriesSighting>()
  #last = 0

  constructor(onSeries: ((series: SeriesSighting) => void) | undefined) {
    this.#onSeries = onSeries
  }

  add({ identity }: DicomHeader, imageCount: number): void {
    if (!this.#onSeries) return
    const { seriesInstanceUid, modality, patientName, studyDate, seriesNumber, seriesDescription } = identity
    const texts = { seriesInstanceUid, modality, patientName, studyDate, seriesNumber, seriesDescription }
    this.#changed.set(seriesInstanceUid, { ...texts, imageCount })
    if (imageCount === 1 || performance.now() - this.#last > SIGHTING_MS) this.flush()
  }

  flush(): void {
    for (const sighting of this.#changed.values()) this.#onSeries?.(sighting)
    this.#changed.clear()
    this.#last = performance.now()
  }
}
