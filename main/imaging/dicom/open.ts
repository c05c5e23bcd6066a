import { basename } from 'node:path'
import { type Warning, WorkstationError } from '../../errors.ts'
import type { OpenOptions } from '../open.ts'
import type { OpenedCt, SliceReference } from '../source.ts'
import { assemble } from './assemble.ts'
import type { PlacedSlice } from './placed.ts'
import { planSeries } from './plan.ts'
import { unsupportedSyntax } from './refusals.ts'
import { type DicomScan, scanDicom } from './scan.ts'
import {
  describeObjects,
  isCtSeries,
  isCtVolume,
  mayBeCt,
  type ScannedSeries,
  sortIntoSeries,
} from './series.ts'
import { TRANSFER_SYNTAXES } from './uids.ts'

/**
 * Opens the one CT series of a folder, a file or a scan of these, or the one named: by its Series Instance UID, or
 * where a series holds several volumes by the UID with '#' and the volume's number.
 * @throws WorkstationError input/… with the reason why it cannot be screened; the signal's reason once it is aborted
 */
export async function openDicom(
  pathOrScan: string | DicomScan,
  { seriesInstanceUid, signal, onProgress }: OpenOptions = {},
): Promise<OpenedCt> {
  const scan =
    typeof pathOrScan === 'string'
      ? await scanDicom(pathOrScan, { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) })
      : pathOrScan
  const { path } = scan
  signal?.throwIfAborted()
  const all = sortIntoSeries(scan)
  checkUndamaged(scan, seriesInstanceUid)
  const chosen = choose(all, path, seriesInstanceUid)
  const plan = await planSeries(chosen)
  const { voxels, clamped } = await assemble(plan, {
    ...(signal ? { signal } : {}),
    onImage: (done, total) => onProgress?.({ stage: 'reading', done, total }),
  })
  const warnings = [...scan.warnings, ...plan.warnings, ...setAside(all, chosen, scan)]
  if (clamped > 0) {
    warnings.push({
      code: 'input/clamped',
      message: `${clamped} voxels exceed 32,767 HU and were set to it.`,
    })
  }
  const first = plan.slices[0]!
  const images = plan.slices.map(reference)
  return {
    volume: { ...plan.grid, voxels },
    source: {
      kind: 'dicom',
      path,
      series: first.identity,
      images,
      slices: plan.imageOf.map((image) => (image === null ? null : images[image]!)),
      imageOrientation: [...plan.axes.row, ...plan.axes.column],
      transferSyntaxUid: first.transferSyntaxUid,
      lossy: plan.lossy,
      lossyHistory: first.lossyHistory,
    },
    filledSlices: plan.filled,
    warnings,
  }
}

function reference({
  file,
  sopClassUid,
  sopInstanceUid,
  frameNumber,
  imagePosition,
}: PlacedSlice): SliceReference {
  return {
    file,
    sopClassUid,
    sopInstanceUid,
    ...(frameNumber === undefined ? {} : { frameNumber }),
    imagePosition,
  }
}

/** A damaged CT file may belong to the series: a volume without it would have a hole. */
function checkUndamaged(scan: DicomScan, named: string | undefined): void {
  const seriesInstanceUid = named?.replace(/#\d+$/, '')
  const damaged = scan.damaged.find(
    (d) =>
      mayBeCt(d) && (!seriesInstanceUid || !d.seriesInstanceUid || d.seriesInstanceUid === seriesInstanceUid),
  )
  if (!damaged) return
  if (damaged.transferSyntaxUid && !TRANSFER_SYNTAXES[damaged.transferSyntaxUid]) {
    throw new WorkstationError(
      'input/transfer-syntax',
      unsupportedSyntax(damaged.transferSyntaxUid),
      damaged.reason,
    )
  }
  throw new WorkstationError(
    'input/damaged',
    `The file ${basename(damaged.file)} is damaged or cut short: its DICOM header cannot be read to the end.`,
    `${damaged.file}: ${damaged.reason}`,
  )
}

function choose(
  all: readonly ScannedSeries[],
  path: string,
  seriesInstanceUid: string | undefined,
): ScannedSeries {
  const candidates = all.filter(isCtSeries)
  if (seriesInstanceUid !== undefined) {
    const named = all.find((s) => s.uid === seriesInstanceUid)
    if (named && isCtSeries(named)) return named
    const volumes = all.filter((s) => s.seriesInstanceUid === seriesInstanceUid && isCtSeries(s))
    if (volumes.length > 1) {
      throw new WorkstationError(
        'input/several-series',
        `The series ${seriesInstanceUid} holds ${volumes.length} volumes; name one of them:${list(volumes)}`,
      )
    }
    throw new WorkstationError(
      named ? 'input/not-ct' : 'input/no-such-series',
      named
        ? `The series ${seriesInstanceUid} in ${path} holds no CT slices, only ${describeObjects([named])}.`
        : `There is no series ${seriesInstanceUid} in ${path}.`,
      candidates.map(oneLine).join('\n'),
    )
  }
  const volumes = candidates.filter(isCtVolume)
  const [only, ...more] = volumes.length > 0 ? volumes : candidates
  if (!only) {
    throw new WorkstationError(
      'input/not-ct',
      `There is no CT series in ${path}${all.length > 0 ? `, only ${describeObjects(all)}` : ''}.`,
    )
  }
  if (more.length > 0) {
    throw new WorkstationError(
      'input/several-series',
      `There are ${more.length + 1} CT series in ${path}; open the folder of one of them, or name one by its Series Instance UID:${list([only, ...more])}`,
    )
  }
  return only
}

function list(series: readonly ScannedSeries[]): string {
  return series.map((s) => `\n  ${oneLine(s)}`).join('')
}

function oneLine(series: ScannedSeries): string {
  const identity = (series.slices[0] ?? series.multiFrame[0])!.identity
  const words = [identity.seriesDescription || 'no description', identity.convolutionKernel]
    .filter(Boolean)
    .join(', ')
  return `${series.uid}  ${words}, ${series.slices.length + series.multiFrame.length} images`
}

function setAside(all: readonly ScannedSeries[], chosen: ScannedSeries, scan: DicomScan): Warning[] {
  const rest = all.map((s) => (s === chosen ? { ...s, slices: [], multiFrame: [] } : s))
  const objects = [describeObjects(rest), scan.damaged.length > 0 ? `${scan.damaged.length} unreadable` : '']
  const list = objects.filter(Boolean).join(', ')
  return list
    ? [{ code: 'input/set-aside', message: `Not part of the CT volume and set aside: ${list}.` }]
    : []
}
