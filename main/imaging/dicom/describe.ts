import { basename } from 'node:path'
import { type Warning, WorkstationError } from '../../errors.ts'
import type { InputReport, SeriesKind, SeriesReport } from '../inputReport.ts'
import { planSeries, type SeriesPlan } from './plan.ts'
import type { DicomScan } from './scan.ts'
import { describeObjects, isCtSeries, isCtVolume, type ScannedSeries, sortIntoSeries } from './series.ts'
import { kindOfObject, sopClassName } from './sopClasses.ts'
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
      message: `There are ${volumes.length} CT volumes; screening takes one, chosen by its id (for instance: --series ${volumes[0]!.uid}).`,
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
    id: series.uid,
    seriesInstanceUid: series.seriesInstanceUid,
    kind: kindOf(series),
    className: sopClassName(first.sopClassUid, identity.modality),
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

/** What most matters of a series: a volume with a dose report among its images is a volume. */
function kindOf(series: ScannedSeries): SeriesKind {
  if (isCtVolume(series)) return 'ct-volume'
  if (isCtSeries(series) || series.orphans?.length) return 'ct-images'
  if (series.localizers.length > 0) return 'localizer'
  const { sopClassUid, identity } = series.others[0]!
  return kindOfObject(sopClassUid, identity.modality)
}

async function planOrReason(series: ScannedSeries): Promise<SeriesPlan | { code: string; message: string }> {
  if (!isCtSeries(series)) return { code: 'input/not-ct', message: whatItIs(series) }
  try {
    return await planSeries(series)
  } catch (error) {
    if (error instanceof WorkstationError) return { code: error.code, message: error.message }
    throw error
  }
}

/** Why a series without CT slices is not screened: what it is instead. */
function whatItIs(series: ScannedSeries): string {
  const kinds = new Set(series.others.map((h) => kindOfObject(h.sopClassUid, h.identity.modality)))
  const mixed = kinds.size + (series.localizers.length > 0 ? 1 : 0) + (series.orphans?.length ? 1 : 0) > 1
  if (mixed) return `This series holds no CT volume, only ${describeObjects([series])}.`
  const one = series.localizers.length + series.others.length === 1
  const first = series.others[0]
  const name = first && (sopClassName(first.sopClassUid, first.identity.modality) || first.identity.modality)
  switch (kindOf(series)) {
    case 'localizer':
      return one
        ? 'This is a localizer (scout image), not a series of slices.'
        : 'These are localizers (scout images), not slices.'
    case 'dose-report':
      return `${one ? 'This is a dose report' : 'These are dose reports'}, not images.`
    case 'report':
      return `${one ? 'This is a report' : 'These are reports'} (${name}), not images.`
    case 'secondary-capture':
      return one
        ? 'This is a secondary capture, a picture made from a scan such as a screenshot: it has no CT values.'
        : 'These are secondary captures, pictures made from a scan such as screenshots: they have no CT values.'
    case 'other-modality': {
      const what = first?.identity.modality ? `of modality ${first.identity.modality}` : `of class ${name}`
      return `${one ? 'This is an image' : 'These are images'} ${what}, not CT.`
    }
    case 'non-image':
      return name
        ? `${one ? 'This is an object' : 'These are objects'} of the kind ${name}, not CT images.`
        : `${one ? 'This object does' : 'These objects do'} not say what kind ${one ? 'it is' : 'they are'}.`
    default:
      return `This series holds no CT volume, only ${describeObjects([series])}.`
  }
}
