import { WorkstationError } from '../../errors.ts'
import type { InputReport } from '../inputReport.ts'
import type { OpenedCt } from '../source.ts'
import { describeVolumeFile } from '../volumeFile/describe.ts'
import { describeNiftiEncoding } from './read.ts'

/** Describes a NIfTI file that was opened, or why it cannot be. */
export async function describeNifti(path: string, opening: Promise<OpenedCt>): Promise<InputReport> {
  const settled = opening.then(
    () => undefined,
    () => undefined,
  )
  const encoding = await describeNiftiEncoding(path).catch((error: unknown) => {
    if (error instanceof WorkstationError) return 'NIfTI'
    throw error
  })
  await settled
  return { path, kind: 'nifti', series: [await describeVolumeFile(opening, encoding)], warnings: [] }
}
