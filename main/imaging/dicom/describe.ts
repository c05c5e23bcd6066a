import { basename } from 'node:path'
import { type Warning, WorkstationError } from '../../errors.ts'
import type { InputReport, SeriesReport } from '../inputReport.ts'
import { planSeries, type SeriesPlan } from './plan.ts'
import type { DicomScan } from './scan.ts'
import { describeObjects, isCtSeries, isCtVolume, type ScannedSeries, sortIntoSeries } from './series.ts'
import { transferSyntaxName } from './uids.ts'

/**
 * Every series of a scan, with its geometry and whether it can be screened, from the headers alone.
 */
export async function describeDicom(scan: DicomScan): Promise<InputReport> {
  const all = sortIntoSeries(scan)
  const warnings: Warning[] = scan.damaged.map(({ file }) => ({
    code: 'input/damaged',
    message: `The file ${basename(file)} is damaged or cut short: its DICOM header cannot be read to the end.`,
  }))
  const volumes = all.filter((s) => isCtSeries(s) && isCtVolume(s))
  if (volumes.length > 1) {
    warnings.push({
      code: 'input/several-series',
      message: `There are ${volumes.length} CT series; screening takes one, named by its Series Instance UID.`,
    })
  }
  return { path: scan.path, kind: 'dicom', series: await Promise.all(all.map(describeSeries)), warnings }
}

async function describeSeries(series: ScannedSeries): Promise<SeriesReport> {
  const headers = [...series.slices, ...series.multiFrame, ...series.localizers, ...series.others]
  const first = headers[0]!
  const { identity } = first
  const plan = await planOrReason(series)
  const grid = 'grid' in plan ? plan.grid : undefined
  const warnings = 'grid' in plan ? [...plan.warnings] : []
  const aside = describeObjects([{ ...series, slices: [], multiFrame: [] }])
  if (grid && aside) {
    warnings.push({ code: 'input/set-aside', message: `Not part of the CT volume and set aside: ${aside}.` })
  }
  return {
    seriesInstanceUid: series.uid,
    modality: identity.modality,
    patientName: identity.patientName,
    patientId: identity.patientId,
    studyInstanceUid: identity.studyInstanceUid,
    studyDescription: identity.studyDescription,
    studyDate: identity.studyDate,
    seriesNumber: identity.seriesNumber,
    seriesDescription: identity.seriesDescription,
    convolutionKernel: identity.convolutionKernel,
    manufacturer: identity.manufacturer,
    manufacturerModelName: identity.manufacturerModelName,
    encoding: transferSyntaxName(first.transferSyntaxUid),
    transferSyntaxUid: first.transferSyntaxUid,
    imageCount: headers.length,
    sliceCount: grid?.dims[2] ?? null,
    dims: grid?.dims ?? null,
    spacingMm: grid?.spacing ?? null,
    sliceThicknessMm: Number.isFinite(identity.sliceThickness) ? identity.sliceThickness : null,
    originMm: grid?.origin ?? null,
    direction: grid?.direction ?? null,
    lossy: 'grid' in plan ? plan.lossy : headers.some((h) => h.lossyImageCompression),
    canScreen: grid !== undefined,
    reason: 'grid' in plan ? null : plan,
    warnings,
  }
}

async function planOrReason(series: ScannedSeries): Promise<SeriesPlan | { code: string; message: string }> {
  if (!isCtSeries(series)) {
    return {
      code: 'input/not-ct',
      message: `This series holds no CT slices, only ${describeObjects([series])}.`,
    }
  }
  try {
    return await planSeries(series)
  } catch (error) {
    if (error instanceof WorkstationError) return { code: error.code, message: error.message }
    throw error
  }
}
