import { WorkstationError } from '../../errors.ts'
import type { SeriesReport } from '../inputReport.ts'
import type { OpenedCt } from '../source.ts'

/**
 * Describes the one volume of a NIfTI, NRRD or MetaImage file that was opened, or says why it cannot be.
 * @param encoding how the file is stored, or the format's name where its header cannot be read
 */
export async function describeVolumeFile(
  opening: Promise<OpenedCt>,
  encoding: string,
): Promise<SeriesReport> {
  let opened: OpenedCt | undefined
  let reason: { code: string; message: string } | null = null
  try {
    opened = await opening
  } catch (error) {
    if (!(error instanceof WorkstationError)) throw error
    reason = { code: error.code, message: error.message }
  }
  const volume = opened?.volume
  return {
    id: '',
    seriesInstanceUid: '',
    kind: 'ct-volume',
    className: '',
    modality: '',
    patientName: '',
    patientId: '',
    studyInstanceUid: '',
    studyDescription: '',
    studyDate: '',
    seriesNumber: '',
    seriesDescription: '',
    convolutionKernel: '',
    manufacturer: '',
    manufacturerModelName: '',
    encoding,
    transferSyntaxUid: '',
    imageCount: 1,
    sliceCount: volume?.dims[2] ?? null,
    dims: volume?.dims ?? null,
    spacingMm: volume?.spacing ?? null,
    sliceThicknessMm: null,
    originMm: volume?.origin ?? null,
    direction: volume?.direction ?? null,
    lossy: false,
    canScreen: volume !== undefined,
    reason,
    warnings: opened?.warnings ?? [],
  }
}
