import { type Warning, WorkstationError } from '../errors.ts'
import { openDicom } from './dicom/open.ts'
import type { ScanOptions, SeriesSighting } from './dicom/scan.ts'
import { huPlausibility } from './huPlausibility.ts'
import type { InputReport } from './inputReport.ts'
import { damagedZip, type Found, withFound } from './inputs/find.ts'
import type { OpenedCt, SliceReference, Source } from './source.ts'

export interface ReadProgress {
  /** Looking through files, then decoding images. */
  stage: 'scanning' | 'reading'
  done: number
  /** 0 while unknown. */
  total: number
}

export interface OpenOptions {
  /** Which series of a folder to open, where it holds several. */
  seriesInstanceUid?: string
  /** Aborting rejects with an AbortError. */
  signal?: AbortSignal
  onProgress?: (progress: ReadProgress) => void
}

export interface DescribeOptions extends Omit<OpenOptions, 'seriesInstanceUid'> {
  /** Series of DICOM while they are found, with a growing count of images; the report comes when all are. */
  onSeries?: (series: SeriesSighting) => void
}

/**
 * Opens a CT: a folder (searched with all folders below it), a file or a ZIP of DICOM, a DICOMDIR, several of these as
 * one input, or a volume file (.nii, .nii.gz, .nrrd, .nhdr, .mha, .mhd), also the only one of a folder or ZIP without
 * DICOM. Voxels are Int16 HU on the source's own grid, in its stored order; positions are LPS mm.
 * @throws WorkstationError with kind 'input' and a sentence that says what cannot be screened and why;
 *   'usage/series-of-nifti' for a series of a file that has none; an AbortError after the signal
 */
export async function openCt(
  input: string | readonly string[],
  options: OpenOptions = {},
): Promise<OpenedCt> {
  const inputs = typeof input === 'string' ? [input] : input
  return withSentences(inputs, () =>
    withFound(inputs, scanOptions(options), async (found) => {
      if (found.damagedEntries.length > 0) throw damagedZip(found.path, found.damagedEntries)
      const opened = await openFound(found, options)
      const warnings = [...found.warnings, ...opened.warnings, ...huPlausibility(opened.volume.voxels)]
      return { ...opened, source: named(opened.source, found), warnings: withoutRepeats(warnings) }
    }),
  )
}

/**
 * Describes what `openCt` would find, series by series, including what cannot be screened and why. DICOM is judged
 * by its headers, a volume file is read through.
 * @throws WorkstationError if there is nothing to describe: no such path, unreadable, no format that can be read; an
 *   AbortError after the signal
 */
export async function describeInput(
  input: string | readonly string[],
  options: DescribeOptions = {},
): Promise<InputReport> {
  const inputs = typeof input === 'string' ? [input] : input
  const { onSeries } = options
  return withSentences(inputs, () =>
    withFound(inputs, { ...scanOptions(options), ...(onSeries ? { onSeries } : {}) }, async (found) => {
      const report =
        found.kind === 'dicom'
          ? await (await import('./dicom/describe.ts')).describeDicom(found.scan)
          : await describeVolume(found, openedVolume(found, options))
      const damaged = found.damagedEntries.length > 0 ? [damagedZip(found.path, found.damagedEntries)] : []
      const warnings = [
        ...found.warnings,
        ...damaged.map(({ code, message }) => ({ code, message })),
        ...report.warnings,
      ]
      return { ...report, path: found.path, warnings: withoutRepeats(warnings) }
    }),
  )
}

function scanOptions({ signal, onProgress }: DescribeOptions): ScanOptions {
  return { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) }
}

async function openFound(found: Found, options: OpenOptions): Promise<OpenedCt> {
  if (found.kind === 'dicom') return openDicom(found.scan, options)
  if (options.seriesInstanceUid !== undefined) {
    throw new WorkstationError(
      'usage/series-of-nifti',
      `${found.nameOf(found.file)} is a ${FORMAT[found.kind]} file, which holds no DICOM series to choose from.`,
    )
  }
  return readVolume(found, options)
}

async function openedVolume(found: VolumeFound, options: DescribeOptions): Promise<OpenedCt> {
  const opened = await readVolume(found, options)
  return { ...opened, warnings: [...opened.warnings, ...huPlausibility(opened.volume.voxels)] }
}

const FORMAT = { nifti: 'NIfTI', nrrd: 'NRRD', metaimage: 'MetaImage' } as const

type VolumeFound = Extract<Found, { file: string }>

async function readVolume({ kind, file }: VolumeFound, options: DescribeOptions): Promise<OpenedCt> {
  const { signal, onProgress } = options
  const given = { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) }
  signal?.throwIfAborted()
  // Only who opens such a file loads its reader.
  if (kind === 'nrrd') return (await import('./nrrd/read.ts')).readNrrd(file, given)
  if (kind === 'metaimage') return (await import('./metaimage/read.ts')).readMetaImage(file, given)
  return (await import('./nifti/read.ts')).readNifti(file, given)
}

async function describeVolume(found: VolumeFound, opening: Promise<OpenedCt>): Promise<InputReport> {
  const { kind, file } = found
  // Its failure is looked at below; until then it is nobody's.
  opening.catch(() => {})
  const { describeNifti } = await import('./nifti/describe.ts')
  const report = await describeNifti(file, opening)
  if (kind === 'nifti') return report
  const describe =
    kind === 'nrrd'
      ? (await import('./nrrd/read.ts')).describeNrrdEncoding
      : (await import('./metaimage/read.ts')).describeMetaEncoding
  const encoding = await describe(file).catch(() => FORMAT[kind])
  return { ...report, kind, series: report.series.map((series) => ({ ...series, encoding })) }
}

/** The source with the names that a person knows its files by. */
function named(source: Source, { path, nameOf }: Found): Source {
  if (source.kind !== 'dicom') return { ...source, path: nameOf(source.path) }
  const rename = (reference: SliceReference) => ({ ...reference, file: nameOf(reference.file) })
  const images = new Map(source.images.map((image) => [image, rename(image)]))
  return {
    ...source,
    path,
    images: source.images.map((image) => images.get(image)!),
    slices: source.slices.map((slice) => slice && (images.get(slice) ?? rename(slice))),
  }
}

function withoutRepeats(warnings: readonly Warning[]): Warning[] {
  return [...new Map(warnings.map((warning) => [warning.code + warning.message, warning])).values()]
}

/** Turns what the file system refuses into a sentence. */
async function withSentences<T>(inputs: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof WorkstationError) throw error
    const { code, path = inputs.join(', ') } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new WorkstationError('input/not-found', `There is no file or folder ${path}.`, error)
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw new WorkstationError('input/unreadable', `${path} cannot be read: access is denied.`, error)
    }
    if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) {
      throw new WorkstationError(
        'input/unreadable',
        `${path} cannot be read: the medium or the connection to it is faulty.`,
        error,
      )
    }
    throw error
  }
}
