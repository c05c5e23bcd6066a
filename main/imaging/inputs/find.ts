import { basename } from 'node:path'
import { type Warning, WorkstationError } from '../../errors.ts'
import { type HeaderResult, readHeader } from '../dicom/header.ts'
import { type DicomScan, missingWarning, type ScanOptions, scanDicom } from '../dicom/scan.ts'
import { MEDIA_STORAGE_DIRECTORY } from '../dicom/uids.ts'
import { kindOfInput, type VolumeKind, volumeKindByName } from './fileKind.ts'
import { filesBelow, type InputFile } from './files.ts'

/** What was found in an input: DICOM files, or one volume file. */
export type Found = {
  /** What messages and records call the input. */
  path: string
  warnings: Warning[]
  /** Entries of a ZIP that did not come out as they were packed. */
  damagedEntries: string[]
  /** The name that a person knows a file by: unpacked ones lie elsewhere, and soon nowhere. */
  nameOf: (path: string) => string
} & ({ kind: 'dicom'; scan: DicomScan } | { kind: VolumeKind; file: string })

/** What is being put together from the inputs. */
interface Gathering {
  sources: AsyncIterable<InputFile>[]
  volumes: InputFile[]
  names: Map<string, string>
  warnings: Warning[]
  damagedEntries: string[]
  unreadable: string[]
  dicomdir: { path: string; listed: number } | undefined
  /** True unless the input is one file that is no container. */
  many: boolean
}

/**
 * Looks through files, folders, ZIPs and DICOMDIRs, all as one input, and works with what was found. Where there is no
 * DICOM, but one volume file, it is that. What was unpacked is gone when the work ends, however it ends.
 * @throws WorkstationError input/…; an AbortError after the signal
 */
export async function withFound<T>(
  inputs: readonly string[],
  options: ScanOptions,
  work: (found: Found) => Promise<T>,
): Promise<T> {
  if (inputs.length === 0) {
    throw new WorkstationError('usage/no-input', 'Name a file or a folder to open.')
  }
  const path = inputs.join(', ')
  const temporary: string[] = []
  try {
    const gathering = await gather(inputs, options, temporary)
    const { warnings, damagedEntries, names } = gathering
    const common = { path, warnings, damagedEntries, nameOf: (file: string) => names.get(file) ?? file }
    const [only] = gathering.volumes
    if (only && gathering.sources.length === 0 && gathering.volumes.length === 1) {
      return await work({ ...common, kind: await volumeKind(only), file: only.path })
    }
    const scan = await scanDicom(
      { path, files: chain(gathering.sources), unreadable: gathering.unreadable },
      options,
    )
    warnings.push(...scan.warnings)
    if (scan.series.size > 0 || scan.damaged.length > 0) {
      return await work({ ...common, kind: 'dicom', scan })
    }
    const volumes = [...gathering.volumes, ...scan.others.filter((file) => volumeKindByName(file.path))]
    if (volumes.length !== 1) throw nothingFound(path, scan, gathering, volumes)
    return await work({ ...common, kind: await volumeKind(volumes[0]!), file: volumes[0]!.path })
  } finally {
    if (temporary.length > 0) {
      const { removeTemporaryFolder } = await import('../zip/temporaryFolder.ts')
      for (const folder of temporary) await removeTemporaryFolder(folder)
    }
  }
}

async function gather(
  inputs: readonly string[],
  options: ScanOptions,
  temporary: string[],
): Promise<Gathering> {
  const { signal, onProgress } = options
  const found: Gathering = {
    sources: [],
    volumes: [],
    names: new Map(),
    warnings: [],
    damagedEntries: [],
    unreadable: [],
    dicomdir: undefined,
    many: inputs.length > 1,
  }
  const onUnreadable = (folder: string) => found.unreadable.push(folder)
  // The same thing twice is one thing.
  for (const path of new Set(inputs)) {
    signal?.throwIfAborted()
    const kind = await kindOfInput(path)
    if (kind === 'folder') {
      found.many = true
      found.sources.push(filesBelow(path, { ...(signal ? { signal } : {}), onUnreadable }))
    } else if (kind === 'zip') {
      found.many = true
      const [{ createTemporaryFolder }, { unpackZip }] = await Promise.all([
        import('../zip/temporaryFolder.ts'),
        import('../zip/unpack.ts'),
      ])
      const folder = await createTemporaryFolder()
      temporary.push(folder)
      const unpackOptions = { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) }
      const { files, damaged, warnings } = await unpackZip(path, folder, unpackOptions)
      for (const file of files) found.names.set(file.path, file.name)
      found.sources.push(each(files))
      found.damagedEntries.push(...damaged)
      found.warnings.push(...warnings)
    } else if (kind === 'dicom') {
      const header = await readHeader(path)
      if (isDicomdir(header)) await gatherReferenced(path, found)
      else found.sources.push(each([{ path, name: path, header }]))
    } else if (kind === 'other') {
      found.sources.push(each([{ path, name: path }]))
    } else found.volumes.push({ path, name: path })
  }
  return found
}

function isDicomdir(result: HeaderResult): boolean {
  if (result.kind === 'header') return result.header.sopClassUid === MEDIA_STORAGE_DIRECTORY
  return result.kind === 'damaged' && result.sopClassUid === MEDIA_STORAGE_DIRECTORY
}

async function gatherReferenced(path: string, found: Gathering): Promise<void> {
  const { findReferenced, readDicomdir } = await import('../dicom/dicomdir.ts')
  const references = await readDicomdir(path)
  const { files, missing } = await findReferenced(path, references)
  found.dicomdir = { path, listed: references.length }
  found.warnings.push(...missingWarning(path, missing))
  found.sources.push(each(files))
}

async function volumeKind({ path, name }: InputFile): Promise<VolumeKind> {
  const kind = await kindOfInput(path)
  if (kind === 'nifti' || kind === 'nrrd' || kind === 'metaimage') return kind
  throw new WorkstationError('input/not-dicom', `${name} is not what its name says: it holds no volume.`)
}

function nothingFound(
  path: string,
  scan: DicomScan,
  { many, dicomdir, damagedEntries }: Gathering,
  volumes: readonly InputFile[],
): WorkstationError {
  if (damagedEntries.length > 0) return damagedZip(path, damagedEntries)
  if (volumes.length > 1) {
    const list = volumes.slice(0, 20).map(({ name }) => `\n  ${name}`)
    return new WorkstationError(
      'input/several-volumes',
      `There are ${volumes.length} volume files in ${path}; open one of them:${list.join('')}`,
    )
  }
  if (dicomdir) {
    const { path: index, listed } = dicomdir
    return new WorkstationError(
      'input/dicomdir',
      listed === 0
        ? `The DICOMDIR index ${index} lists no images.`
        : `The DICOMDIR index ${index} lists ${listed} files, but none of them is there.`,
    )
  }
  if (scan.dicomdirs.length > 0) {
    return new WorkstationError(
      'input/dicomdir',
      `${path} holds a DICOMDIR index, but none of the images it lists.`,
    )
  }
  if (scan.fileCount === 0) {
    return new WorkstationError('input/empty-folder', `There are no files in ${path}.`)
  }
  if (!many) {
    return new WorkstationError(
      'input/not-dicom',
      `${path} is neither a DICOM file nor one of the other formats that can be read (NIfTI, NRRD, MetaImage, ZIP).`,
    )
  }
  const files = scan.fileCount === 1 ? 'file' : 'files'
  return new WorkstationError(
    'input/not-dicom',
    `There is no DICOM image among the ${scan.fileCount} ${files} of ${path}.`,
  )
}

/** An entry that is damaged may have been a slice: a volume without it would have a hole. */
export function damagedZip(path: string, entries: readonly string[]): WorkstationError {
  const [first] = entries
  const what =
    entries.length === 1
      ? `The file ${basename(first!)} in ${path} is`
      : `${entries.length} files in ${path}, such as ${basename(first!)}, are`
  return new WorkstationError(
    'input/damaged',
    `${what} damaged: what was unpacked is not what was packed. Copy the ZIP file again.`,
    entries.join('\n'),
  )
}

async function* each(files: readonly InputFile[]): AsyncGenerator<InputFile> {
  yield* files
}

/** The files of all sources; one that several of them hold counts once. */
async function* chain(sources: readonly AsyncIterable<InputFile>[]): AsyncGenerator<InputFile> {
  const seen = new Set<string>()
  for (const source of sources) {
    for await (const file of source) {
      if (seen.has(file.path)) continue
      if (sources.length > 1) seen.add(file.path)
      yield file
    }
  }
}
