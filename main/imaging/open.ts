import { open, stat } from 'node:fs/promises'
import { type Warning, WorkstationError } from '../errors.ts'
import { describeDicom } from './dicom/describe.ts'
import { openDicom } from './dicom/open.ts'
import { looksLikeDicom } from './dicom/parse.ts'
import type { InputReport } from './inputReport.ts'
import { describeNifti } from './nifti/describe.ts'
import { looksLikeNifti } from './nifti/header.ts'
import { readNifti } from './nifti/read.ts'
import type { OpenedCt } from './source.ts'

/** Enough of a file to tell DICOM from NIfTI. */
const SIGNATURE_BYTES = 352

/**
 * Air is −1000 HU and surrounds or fills nearly every CT. A volume whose darkest voxel is above this is in another
 * unit: unscaled values, an MR, a mask.
 */
const DARKEST_PLAUSIBLE_HU = -200

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

/**
 * Opens a CT: a folder of DICOM files (searched with all folders below it), one DICOM file, or a NIfTI-1 file
 * (.nii, .nii.gz). Voxels are Int16 HU on the source's own grid, in its stored order; positions are LPS mm.
 * @throws WorkstationError with kind 'input' and a sentence that says what cannot be screened and why;
 *   'usage/series-of-nifti' for a series of a file that has none
 */
export async function openCt(path: string, options: OpenOptions = {}): Promise<OpenedCt> {
  return withSentences(path, async () => {
    const isNifti = (await kindOf(path)) === 'nifti'
    if (isNifti && options.seriesInstanceUid !== undefined) {
      throw new WorkstationError(
        'usage/series-of-nifti',
        `${path} is a NIfTI file, which holds no DICOM series to choose from.`,
      )
    }
    const opened = isNifti ? await readNifti(path) : await openDicom(path, options)
    return { ...opened, warnings: [...opened.warnings, ...valueWarnings(opened.volume.voxels)] }
  })
}

/**
 * Describes what `openCt` would find, series by series, including what cannot be screened and why. DICOM is judged
 * by its headers, a NIfTI file is read through.
 * @throws WorkstationError if there is nothing to describe: no such path, unreadable, neither DICOM nor NIfTI
 */
export async function describeInput(path: string): Promise<InputReport> {
  return withSentences(path, async () =>
    (await kindOf(path)) === 'nifti' ? describeNifti(path, openCt(path)) : describeDicom(path),
  )
}

async function kindOf(path: string): Promise<'dicom' | 'nifti'> {
  const stats = await stat(path)
  if (stats.isDirectory()) return 'dicom'
  if (!stats.isFile()) {
    throw new WorkstationError('input/unreadable', `${path} is neither a file nor a folder.`)
  }
  if (stats.size === 0) throw new WorkstationError('input/truncated', `The file ${path} is empty.`)
  const head = new Uint8Array(SIGNATURE_BYTES)
  const file = await open(path)
  try {
    await file.read(head, 0, head.length, 0)
  } finally {
    await file.close()
  }
  if (looksLikeDicom(head)) return 'dicom'
  return looksLikeNifti(head) || /\.(nii|nii\.gz|hdr)$/i.test(path) ? 'nifti' : 'dicom'
}

function valueWarnings(voxels: Int16Array): Warning[] {
  let darkest = Number.POSITIVE_INFINITY
  for (const hu of voxels) if (hu < darkest) darkest = hu
  if (darkest < DARKEST_PLAUSIBLE_HU) return []
  return [
    {
      code: 'input/not-hu',
      message: `The darkest voxel has the value ${darkest}, while air in a CT is near −1000 HU: the values may not be HU, and the result would then mean nothing.`,
    },
  ]
}

/** Turns what the file system refuses into a sentence. */
async function withSentences<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof WorkstationError) throw error
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new WorkstationError('input/not-found', `There is no file or folder ${path}.`, error)
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw new WorkstationError('input/unreadable', `${path} cannot be read: access is denied.`, error)
    }
    if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) {
      throw new WorkstationError('input/unreadable', `${path} cannot be read (${code}).`, error)
    }
    throw error
  }
}
