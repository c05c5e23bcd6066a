import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { WorkstationError } from '../../errors.ts'
import { type DicomHeader, type HeaderResult, readHeader } from './header.ts'
import { MEDIA_STORAGE_DIRECTORY } from './uids.ts'

/** Files read at a time: enough to hide the latency of a network drive. */
const PARALLEL_READS = 8

type Damaged = Extract<HeaderResult, { kind: 'damaged' }>

/** What a folder (or one file) holds, sorted into series but not yet judged. */
export interface DicomScan {
  path: string
  /** Files by Series Instance UID, in path order. */
  series: Map<string, DicomHeader[]>
  damaged: Damaged[]
  /** Names of the NIfTI files passed by, for a helpful word when there is no DICOM. */
  niftiFiles: string[]
  fileCount: number
}

/**
 * Reads the header of every DICOM file below a folder, or of one file. Other files are passed by.
 * @throws WorkstationError input/unreadable, input/empty-folder, input/not-dicom, input/dicomdir
 */
export async function scanDicom(path: string): Promise<DicomScan> {
  const isFolder = await stat(path).then((s) => s.isDirectory())
  const files = isFolder ? await filesBelow(path) : [path]
  if (files.length === 0) throw new WorkstationError('input/empty-folder', `The folder ${path} is empty.`)

  const scan: DicomScan = { path, series: new Map(), damaged: [], niftiFiles: [], fileCount: files.length }
  let directories = 0
  for (const result of await mapLimited(files, PARALLEL_READS, headerOrSentence)) {
    if (result.kind === 'damaged') scan.damaged.push(result)
    if (result.kind !== 'header') continue
    if (result.header.sopClassUid === MEDIA_STORAGE_DIRECTORY) {
      directories++
      continue
    }
    const uid = result.header.identity.seriesInstanceUid
    const group = scan.series.get(uid)
    if (group) group.push(result.header)
    else scan.series.set(uid, [result.header])
  }
  scan.niftiFiles = files.filter((file) => /\.nii(\.gz)?$/i.test(file))
  if (scan.series.size === 0 && scan.damaged.length === 0) throw nothingFound(scan, isFolder, directories)
  return scan
}

function nothingFound(scan: DicomScan, isFolder: boolean, directories: number): WorkstationError {
  if (directories > 0) {
    return new WorkstationError(
      'input/dicomdir',
      isFolder
        ? `The folder ${scan.path} holds a DICOMDIR index, but none of the images it lists.`
        : `${scan.path} is a DICOMDIR index, not an image; open the folder that it lies in.`,
    )
  }
  if (!isFolder) {
    return new WorkstationError('input/not-dicom', `${scan.path} is neither a DICOM nor a NIfTI file.`)
  }
  const hint = scan.niftiFiles[0]
    ? `; to screen a NIfTI file name it directly, such as ${scan.niftiFiles[0]}`
    : ''
  const files = scan.fileCount === 1 ? 'file' : 'files'
  return new WorkstationError(
    'input/not-dicom',
    `The folder ${scan.path} holds no DICOM image among its ${scan.fileCount} ${files}${hint}.`,
  )
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

async function headerOrSentence(file: string): Promise<HeaderResult> {
  try {
    return await readHeader(file)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    // A link to a folder, or one that leads nowhere, is no image.
    if (code === 'EISDIR' || code === 'ENOENT' || code === 'ELOOP') return { kind: 'other' }
    if (code === undefined) throw error
    throw new WorkstationError('input/unreadable', `The file ${file} cannot be read (${code}).`, error)
  }
}

async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length)
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await work(items[index]!)
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  return results
}
