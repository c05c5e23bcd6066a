import { type Warning, WorkstationError } from '../../errors.ts'
import type { InputReport } from '../inputReport.ts'
import type { OpenedCt } from '../source.ts'
import { parseNiftiHeader } from './header.ts'

/** Describes a NIfTI file that was opened, or why it cannot be. */
export async function describeNifti(path: string, opening: Promise<OpenedCt>): Promise<InputReport> {
  let opened: OpenedCt | undefined
  let reason: { code: string; message: string } | null = null
  try {
    opened = await opening
  } catch (error) {
    if (!(error instanceof WorkstationError)) throw error
    reason = { code: error.code, message: error.message }
  }
  const volume = opened?.volume
  const warnings: Warning[] = opened?.warnings ?? []
  return {
    path,
    kind: 'nifti',
    series: [
      {
        seriesInstanceUid: '',
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
        encoding: opened ? encodingOf(opened, path) : 'NIfTI-1',
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
        warnings,
      },
    ],
    warnings: [],
  }
}

function encodingOf({ source }: OpenedCt, path: string): string {
  if (source.kind !== 'nifti') return ''
  const { datatype, littleEndian } = parseNiftiHeader(source.header, path)
  return `NIfTI-1, ${datatype.name}, ${littleEndian ? 'little' : 'big'} endian, position from ${source.affineFrom}`
}
