import type { DicomHeader } from './header.ts'
import type { DicomScan } from './scan.ts'
import { CT_IMAGE_STORAGE, MULTI_FRAME_CT } from './uids.ts'

/** A volume needs at least this many slices. */
export const MIN_SLICES = 3

/** What a DICOM object is to a CT reader. */
export type Role = 'slice' | 'multi-frame' | 'localizer' | 'other'

/** The objects of one Series Instance UID, by role. */
export interface ScannedSeries {
  uid: string
  slices: DicomHeader[]
  multiFrame: DicomHeader[]
  localizers: DicomHeader[]
  others: DicomHeader[]
}

/**
 * A CT slice is a CT Image Storage object that is not a localizer (Image Type value 3, PS3.3 C.8.2.1.1.1). A secondary
 * capture is not one, even with modality CT: it need not have HU or a place in the patient. A file that does not
 * state its class counts by its modality.
 */
export function roleOf(header: DicomHeader): Role {
  const { modality } = header.identity
  if (modality !== '' && modality !== 'CT') return 'other'
  if (MULTI_FRAME_CT.has(header.sopClassUid)) return 'multi-frame'
  const isCt = header.sopClassUid === CT_IMAGE_STORAGE || (header.sopClassUid === '' && modality === 'CT')
  if (!isCt) return 'other'
  if (header.imageType.includes('LOCALIZER')) return 'localizer'
  return header.numberOfFrames > 1 ? 'multi-frame' : 'slice'
}

/** Whether a file whose header is damaged may be a slice: nothing that could be read of it says otherwise. */
export function mayBeCt({ modality, sopClassUid }: { modality: string; sopClassUid: string }): boolean {
  return (
    (modality === '' || modality === 'CT') &&
    (sopClassUid === '' || sopClassUid === CT_IMAGE_STORAGE || MULTI_FRAME_CT.has(sopClassUid))
  )
}

export function sortIntoSeries(scan: DicomScan): ScannedSeries[] {
  return [...scan.series].map(([uid, headers]) => {
    const series: ScannedSeries = { uid, slices: [], multiFrame: [], localizers: [], others: [] }
    const list = {
      slice: series.slices,
      'multi-frame': series.multiFrame,
      localizer: series.localizers,
      other: series.others,
    }
    for (const header of headers) list[roleOf(header)].push(header)
    return series
  })
}

export function isCtSeries(series: ScannedSeries): boolean {
  return series.slices.length > 0 || series.multiFrame.length > 0
}

/** Enough images to be meant as a volume: bolus tracking, scouts and single captures are not. */
export function isCtVolume(series: ScannedSeries): boolean {
  return series.slices.length >= MIN_SLICES || series.multiFrame.length > 0
}

/** "2 localizers, 1 RTSTRUCT object", or '' if there is none. */
export function describeObjects(series: readonly ScannedSeries[]): string {
  const counts = new Map<string, number>()
  const add = (what: string, n: number) => n > 0 && counts.set(what, (counts.get(what) ?? 0) + n)
  for (const { slices, multiFrame, localizers, others } of series) {
    add('CT image', slices.length)
    add('multi-frame CT image', multiFrame.length)
    add('CT localizer', localizers.length)
    for (const { identity, sopClassUid } of others) {
      if (identity.modality === 'CT') add('CT secondary capture or report', 1)
      else
        add(
          identity.modality ? `${identity.modality} object` : `object of class ${sopClassUid || 'unknown'}`,
          1,
        )
    }
  }
  return [...counts].map(([what, n]) => `${n} ${n === 1 ? what : plural(what)}`).join(', ')
}

function plural(what: string): string {
  return what.replace(/^(.*?(?:image|localizer|object))(.*)$/, '$1s$2')
}
