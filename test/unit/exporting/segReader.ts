import { readFileSync } from 'node:fs'
import dicomParser, { type DataSet } from 'dicom-parser'

export const parse = (path: string) => dicomParser.parseDicom(new Uint8Array(readFileSync(path)))
export const items = (d: DataSet, tag: string): DataSet[] =>
  (d.elements[tag]?.items ?? []).map((i) => i.dataSet!)
export const item = (d: DataSet, tag: string): DataSet => items(d, tag)[0]
const numbers = (d: DataSet, tag: string): number[] => d.string(tag)!.split('\\').map(Number)

/** One frame as a foreign reader finds it. */
export interface SegFrameRead {
  segment: number
  position: number[]
  /** Null where the frame names no source image. */
  sop: string | null
  sourceFrame: string | undefined
  dimension: [number, number]
  /** Offsets j · columns + i of the set pixels. */
  set: number[]
}

/** The frames of a segmentation, read with dicom-parser and PS3.5 8.1.1 alone. */
export function framesOf(seg: DataSet): SegFrameRead[] {
  const size = seg.uint16('x00280010')! * seg.uint16('x00280011')!
  const pixels = seg.elements.x7fe00010
  return items(seg, 'x52009230').map((groups, f) => {
    const derivation = item(groups, 'x00089124')
    const source = derivation && item(derivation, 'x00082112')
    const set: number[] = []
    for (let p = 0; p < size; p++) {
      const bit = f * size + p
      if ((seg.byteArray[pixels.dataOffset + (bit >> 3)] >> (bit & 7)) & 1) set.push(p)
    }
    const content = item(groups, 'x00209111')
    return {
      segment: item(groups, 'x0062000a').uint16('x0062000b')!,
      position: numbers(item(groups, 'x00209113'), 'x00200032'),
      sop: source?.string('x00081155') ?? null,
      sourceFrame: source?.string('x00081160'),
      dimension: [content.uint32('x00209157', 0)!, content.uint32('x00209157', 1)!],
      set,
    }
  })
}
