import type { DicomHeader } from './header.ts'
import type { DicomScan } from './scan.ts'
import { kindOfObject } from './sopClasses.ts'
import { MIN_SLICES, splitIntoStacks } from './stacks.ts'
import { CT_IMAGE_STORAGE, MULTI_FRAME_CT } from './uids.ts'

export { MIN_SLICES } from './stacks.ts'

/** What a DICOM object is to a CT reader. */
export type Role = 'slice' | 'multi-frame' | 'localizer' | 'other'

/**
 * The objects of one Series Instance UID, by role. Where its images are several volumes there is one of these for each,
 * and the objects that are no slices are with the first.
 */
export interface ScannedSeries {
  /** Series Instance UID; of several volumes with '#1', '#2' … after it. */
  uid: string
  seriesInstanceUid: string
  /** Images, and frames of multi-frame objects, that are meant as one volume. */
  slices: DicomHeader[]
  /** CT slices that fit in no volume of the series. */
  orphans?: DicomHeader[]
  /** Multi-frame objects that could not be taken apart into frames. */
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
  const isLocalizer = header.imageType.includes('LOCALIZER')
  if (MULTI_FRAME_CT.has(header.sopClassUid)) return isLocalizer ? 'localizer' : 'multi-frame'
  const isCt = header.sopClassUid === CT_IMAGE_STORAGE || (header.sopClassUid === '' && modality === 'CT')
  if (!isCt) return 'other'
  if (isLocalizer) return 'localizer'
  return header.numberOfFrames > 1 ? 'multi-frame' : 'slice'
}

/** Whether a file whose header is damaged may be a slice: nothing that could be read of it says otherwise. */
export function mayBeCt({ modality, sopClassUid }: { modality: string; sopClassUid: string }): boolean {
  return (
    (modality === '' || modality === 'CT') &&
    (sopClassUid === '' || sopClassUid === CT_IMAGE_STORAGE || MULTI_FRAME_CT.has(sopClassUid))
  )
}

/** The series of a scan, or the volumes of a series that holds several. */
export function sortIntoSeries(scan: DicomScan): ScannedSeries[] {
  return [...scan.series].flatMap(([uid, headers]) => volumesOf(uid, headers))
}

function volumesOf(uid: string, headers: readonly DicomHeader[]): ScannedSeries[] {
  const images: DicomHeader[] = []
  const series: ScannedSeries = {
    uid,
    seriesInstanceUid: uid,
    slices: [],
    multiFrame: [],
    localizers: [],
    others: [],
  }
  for (const header of headers) {
    const role = roleOf(header)
    if (role === 'slice') images.push(header)
    else if (role === 'localizer') series.localizers.push(header)
    else if (role === 'other') series.others.push(header)
    else if (!header.frames?.length) series.multiFrame.push(header)
    else {
      for (const frame of header.frames) {
        if (frame.imageType.includes('LOCALIZER')) series.localizers.push(frame)
        else images.push(frame)
      }
    }
  }
  const { stacks, orphans } = splitIntoStacks(images)
  return stacks.map((slices, i) => ({
    ...(i === 0 ? series : { ...series, multiFrame: [], localizers: [], others: [] }),
    uid: stacks.length === 1 ? uid : `${uid}#${i + 1}`,
    slices,
    ...(i === 0 && orphans.length > 0 ? { orphans } : {}),
  }))
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
  for (const { slices, orphans, multiFrame, localizers, others } of series) {
    add('CT image', slices.length)
    add('CT image that fits in no volume of its series', orphans?.length ?? 0)
    add('multi-frame CT image', multiFrame.length)
    add('CT localizer', localizers.length)
    for (const { identity, sopClassUid } of others) {
      if (identity.modality === 'CT') {
        const capture = kindOfObject(sopClassUid, 'CT') === 'secondary-capture'
        add(capture ? 'CT secondary capture' : 'CT object that is no slice', 1)
      } else
        add(
          identity.modality ? `${identity.modality} object` : `object of class ${sopClassUid || 'unknown'}`,
          1,
        )
    }
  }
  return [...counts].map(([what, n]) => `${n} ${n === 1 ? what : plural(what)}`).join(', ')
}

function plural(what: string): string {
  if (what.startsWith('CT image that fits')) return 'CT images that fit in no volume of their series'
  if (what === 'CT object that is no slice') return 'CT objects that are no slices'
  return what.replace(/^(.*?(?:image|localizer|object|capture))(.*)$/, '$1s$2')
}
