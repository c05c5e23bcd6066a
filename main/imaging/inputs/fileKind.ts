import { open, stat } from 'node:fs/promises'
import { WorkstationError } from '../../errors.ts'
import { looksLikeDicom } from '../dicom/parse.ts'

export type VolumeKind = 'nifti' | 'nrrd' | 'metaimage'
export type InputKind = VolumeKind | 'folder' | 'zip' | 'dicom' | 'other'

/** Enough of a file to tell the formats apart. */
const SIGNATURE_BYTES = 352

const EXTENSIONS: readonly [RegExp, VolumeKind][] = [
  [/\.nii(\.gz)?$/i, 'nifti'],
  [/\.n(rrd|hdr)$/i, 'nrrd'],
  [/\.mh[ad]$/i, 'metaimage'],
]

/**
 * What a path is, by its first bytes, and by its name where they say nothing.
 * @throws WorkstationError input/unreadable, input/truncated; what stat and open throw
 */
export async function kindOfInput(path: string): Promise<InputKind> {
  const stats = await stat(path)
  if (stats.isDirectory()) return 'folder'
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
  // Whoever opens DICOM needs none of these.
  const [{ looksLikeZip }, { looksLikeNrrd }, { looksLikeNifti }, { looksLikeMetaImage }] = await Promise.all(
    [
      import('../zip/unpack.ts'),
      import('../nrrd/header.ts'),
      import('../nifti/header.ts'),
      import('../metaimage/header.ts'),
    ],
  )
  if (looksLikeZip(head)) return 'zip'
  if (looksLikeNrrd(head)) return 'nrrd'
  if (looksLikeNifti(head) || /\.hdr$/i.test(path)) return 'nifti'
  const named = volumeKindByName(path)
  return named ?? (looksLikeMetaImage(head) ? 'metaimage' : 'other')
}

/** The format of a volume file by its extension; undefined for any other file. */
export function volumeKindByName(path: string): VolumeKind | undefined {
  return EXTENSIONS.find(([pattern]) => pattern.test(path))?.[1]
}
