import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import dicomParser, { type DataSet } from 'dicom-parser'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeNifti } from '../../../main/exporting/nifti.ts'
import { type SegRequest, writeSeg } from '../../../main/exporting/seg.ts'
import type { DicomSource } from '../../../main/imaging/source.ts'
import { dciodvfyErrors, hasDciodvfy, judge, pythonHas } from './judges.ts'
import { caseMask, imagePositions, SEG_CASES, segFileName, segRequest, slicePosition } from './segCases.ts'

// What pydicom and dciodvfy saw in the very same bytes: test/golden/make_exports.py.
interface Seen {
  sha256: string
  frames: { segment: number; position: number[]; sop: string | null; pixels: number }[]
}
const EXPECTED: Record<string, Seen> = JSON.parse(
  readFileSync(new URL('../../golden/exports/seg-expected.json', import.meta.url), 'utf8'),
)

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'seg-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

const parse = (path: string) => dicomParser.parseDicom(new Uint8Array(readFileSync(path)))
const items = (d: DataSet, tag: string): DataSet[] => (d.elements[tag]?.items ?? []).map((i) => i.dataSet!)
const item = (d: DataSet, tag: string): DataSet => items(d, tag)[0]
const numbers = (d: DataSet, tag: string): number[] => d.string(tag)!.split('\\').map(Number)

interface Frame {
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
function framesOf(seg: DataSet): Frame[] {
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

describe.each(SEG_CASES.map((c, index) => ({ ...c, index })))('a segmentation of: $name', (c) => {
  let path: string
  let frames: Frame[]
  beforeAll(async () => {
    path = join(dir, segFileName(c.index))
    const request = segRequest(c, c.index)
    await writeSeg(path, request)
    await writeNifti(
      path.replace('.dcm', '.nii.gz'),
      request.opened.volume,
      request.mask,
      request.opened.source,
    )
    frames = framesOf(parse(path))
  })

  it('has each frame on the image that it names', () => {
    for (const { sop, sourceFrame, position } of frames) {
      if (sop === null) continue
      const image = Number(c.multiFrame ? sourceFrame : sop.split('.').at(-1)) - 1
      imagePositions(c)[image].forEach((p, axis) => {
        expect(position[axis]).toBeCloseTo(p, 9)
      })
    }
  })

  it('names an image for each frame but those on interpolated slices', () => {
    for (const { sop, position } of frames) {
      const interpolated = (c.interpolated ?? []).some((k) =>
        slicePosition(c, k).every((p, axis) => Math.abs(p - position[axis]) < 1e-9),
      )
      expect(sop === null).toBe(interpolated)
    }
  })

  it('says of frames without an image either nothing or that none was used, as the others require', () => {
    const seg = parse(path)
    const counts = items(seg, 'x52009230').map((groups) => groups.elements.x00089124?.items?.length ?? null)
    // An attribute of some frames is one of all (PS3.3 C.7.6.16).
    const anyNamed = frames.some(({ sop }) => sop !== null)
    expect(counts).toEqual(frames.map(({ sop }) => (sop ? 1 : anyNamed ? 0 : null)))
    const named = items(item(seg, 'x00081115'), 'x0008114a').length
    const allNamed = frames.every(({ sop }) => sop !== null)
    expect(items(seg, 'x00081140').length, 'named for the whole file').toBe(allNamed ? 0 : named)
  })

  it('refers to every stored image that the volume was made of', () => {
    const referenced = items(item(parse(path), 'x00081115'), 'x0008114a').map((i) => i.string('x00081155'))
    const images = imagePositions(c).map((_, n) => `1.2.3.4.${c.index + 1}.${n + 1}`)
    expect(referenced).toEqual(c.multiFrame ? [`1.2.3.4.${c.index + 1}.0`] : images)
  })

  it('gives back the mask, and has no empty frame', () => {
    const mask = caseMask(c)
    const rebuilt = new Uint16Array(mask.length)
    for (const frame of frames) {
      expect(frame.set.length).toBeGreaterThan(0)
      const k = Array.from({ length: c.dims[2] }, (_, n) => n).find((n) =>
        slicePosition(c, n).every((p, axis) => Math.abs(p - frame.position[axis]) < 1e-9),
      )!
      for (const p of frame.set) rebuilt[k * c.dims[0] * c.dims[1] + p] = frame.segment
    }
    expect(rebuilt).toEqual(mask)
  })

  it('counts positions along the slice normal, from 1', () => {
    const [rx, ry, rz, cx, cy, cz] = c.iop
    const normal = [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx]
    const along = new Map<number, number>()
    for (const f of frames) {
      along.set(
        f.dimension[1],
        f.position.reduce((sum, p, axis) => sum + p * normal[axis], 0),
      )
      expect(f.dimension[0]).toBe(f.segment)
    }
    const ranks = [...along.keys()].sort((a, b) => a - b)
    expect(ranks).toEqual(ranks.map((_, i) => i + 1))
    for (let r = 2; r <= ranks.length; r++) expect(along.get(r)!).toBeGreaterThan(along.get(r - 1)!)
  })

  it('is what pydicom and dciodvfy have read and found right', () => {
    const seen = EXPECTED[c.name]
    expect(
      frames.map(({ segment, position, sop, set }) => ({ segment, position, sop, pixels: set.length })),
    ).toEqual(seen.frames)
    const hash = createHash('sha256').update(readFileSync(path)).digest('hex')
    expect(hash, 'the file has changed: have make_exports.py judge it again').toBe(seen.sha256)
  })
})

describe('a segmentation', () => {
  const CASE = SEG_CASES[0]
  const changed = (change: (r: SegRequest & { opened: { source: DicomSource } }) => void) => {
    const request = segRequest(CASE, 0)
    change(request as SegRequest & { opened: { source: DicomSource } })
    return request
  }

  it('belongs to the source’s patient, study and frame of reference, in a series of its own', async () => {
    const path = join(dir, 'identity.dcm')
    await writeSeg(path, segRequest(CASE, 0))
    const seg = parse(path)
    expect(Buffer.from(seg.byteArray).includes(Buffer.from('Müller^Jörg', 'utf8'))).toBe(true)
    expect(seg.string('x00080005')).toBe('ISO_IR 192')
    expect(seg.string('x00100020')).toBe('PHANTOM-1')
    expect(seg.string('x0020000d')).toBe('1.2.3.5.1')
    expect(seg.string('x00200052')).toBe('1.2.3.7.1')
    expect(seg.string('x0020000e')).not.toBe('1.2.3.6.1')
    const series = item(seg, 'x00081115')
    expect(series.string('x0020000e')).toBe('1.2.3.6.1')
    expect(items(series, 'x0008114a').map((i) => i.string('x00081155'))).toEqual(
      [1, 2, 3, 4, 5].map((k) => `1.2.3.4.1.${k}`),
    )
  })

  it('stays valid where the source’s own values are not', async () => {
    const path = join(dir, 'invalid-source.dcm')
    const request = changed((r) => {
      Object.assign(r.opened.source.series, {
        studyId: 'LONGER_THAN_16_CHARS',
        accessionNumber: '12345678901234567',
        patientSex: 'Male',
        patientBirthDate: '1950-01-01',
        studyDate: '2026',
        studyTime: '03:04',
        studyDescription: `${'x'.repeat(70)}`,
      })
    })
    await writeSeg(path, request)
    const seg = parse(path)
    expect(seg.string('x00200010'), 'a label may be cut').toBe('LONGER_THAN_16_C')
    for (const tag of ['x00080050', 'x00100040', 'x00100030', 'x00080020', 'x00080030']) {
      expect([tag, seg.elements[tag]?.length], 'half a value would be a wrong one').toEqual([tag, 0])
    }
    expect(seg.string('x00081030')).toHaveLength(64)
  })

  it('says which model made each segment, at which level, and that it is for research', async () => {
    const path = join(dir, 'words.dcm')
    await writeSeg(path, segRequest(CASE, 0))
    const seg = parse(path)
    const [first, second] = items(seg, 'x00620002')
    expect(first.string('x00620005')).toBe('Finding 1')
    expect(second.string('x00620005')).toBe('Finding 2')
    expect(first.string('x00620006')).toBe(
      '1.25 mL; anomaly level peak 99.98, mean 99.9 (percentile of normal tissue). ' +
        'Research use only - not for diagnosis.',
    )
    expect(first.string('x00620008')).toBe('AUTOMATIC')
    expect(first.string('x00620009')).toBe('tiny')
    expect(item(first, 'x00620007').string('x00660031')).toBe('1.2.3')
    expect(seg.string('x00700081')).toBe('Anomaly level 99.9 or above; research use only')
  })

  it('gives 200 segments 200 colours', async () => {
    const request = segRequest(CASE, 0)
    request.mask = new Uint16Array(request.mask.length).map((_, i) => (i < 200 ? i + 1 : 0))
    request.findings = Array.from({ length: 200 }, (_, i) => ({ ...request.findings[0], number: i + 1 }))
    const path = join(dir, 'many.dcm')
    expect(await writeSeg(path, request)).toEqual({ segments: 200, frames: 200 })
    const colours = items(parse(path), 'x00620002').map((s) => [0, 1, 2].map((n) => s.uint16('x0062000d', n)))
    expect(new Set(colours.map(String)).size).toBe(200)
  })

  it('leaves out findings that are not asked for, and numbers its segments from 1 all the same', async () => {
    const path = join(dir, 'kept.dcm')
    const request = segRequest(CASE, 0)
    request.findings = request.findings.filter((f) => f.number === 3)
    expect(await writeSeg(path, request)).toEqual({ segments: 1, frames: 1 })
    const seg = parse(path)
    expect(item(seg, 'x00620002').string('x00620005')).toBe('Finding 3')
    expect(framesOf(seg).map((f) => [f.segment, f.sop, f.set])).toEqual([[1, '1.2.3.4.1.5', [40]]])
  })

  it('is not written without findings', async () => {
    const path = join(dir, 'none.dcm')
    expect(await writeSeg(path, { ...segRequest(CASE, 0), findings: [] })).toBeNull()
    expect(existsSync(path)).toBe(false)
  })

  it('stays marked as lossy where its source is, with the source’s ratio and method', async () => {
    const file = join(dir, 'lossy-source.dcm')
    writeFileSync(file, lossyImage())
    const path = join(dir, 'lossy.dcm')
    const request = changed((r) => {
      r.opened.source.lossy = true
      r.opened.source.images[0].file = file
    })
    await writeSeg(path, request)
    const seg = parse(path)
    expect(seg.string('x00282110')).toBe('01')
    expect(seg.string('x00282112')).toBe('10.5')
    expect(seg.string('x00282114')).toBe('ISO_10918_1')
  })

  it('says in words what was done to the scan, and that slices were interpolated', async () => {
    const commentsOf = async (name: string) => {
      const index = SEG_CASES.findIndex((c) => c.name === name)
      const path = join(dir, 'comments.dcm')
      await writeSeg(path, segRequest(SEG_CASES[index], index))
      const { dataOffset, length } = parse(path).elements.x00204000
      return [
        index,
        readFileSync(path)
          .toString('utf8', dataOffset, dataOffset + length)
          .trim(),
      ]
    }
    const [gap, filled] = await commentsOf('a slice that fills a gap')
    expect(filled).toBe(
      `Case ${gap}: − 1 slice. 1 of 6 slices were interpolated from the source images: frames there name no source image.`,
    )
    const [tilted, upright] = await commentsOf('upright grid of a tilted series')
    expect(upright).toBe(
      `Case ${tilted}: − 1 slice. The segmentation lies on a grid that was resampled from the source images: ` +
        'its rows and columns need not be theirs, and its frames name no source image.',
    )
    await writeSeg(join(dir, 'no-comments.dcm'), segRequest(CASE, 0))
    expect(parse(join(dir, 'no-comments.dcm')).elements.x00204000).toBeUndefined()
  })

  it('keeps its comments within what DICOM allows', async () => {
    const request = segRequest(CASE, 0)
    const message = 'A folder with many other things was set aside. '.repeat(20)
    request.opened.warnings = Array.from({ length: 40 }, () => ({ code: 'input/set-aside', message }))
    const path = join(dir, 'long-comments.dcm')
    await writeSeg(path, request)
    expect(parse(path).elements.x00204000.length).toBe(10240)
  })

  it.each<[string, string, (r: SegRequest & { opened: { source: DicomSource } }) => void]>([
    [
      'slices in another order than the volume',
      'output/seg-geometry',
      (r) => r.opened.source.slices.reverse(),
    ],
    ['one slice fewer than the volume', 'output/seg-geometry', (r) => r.opened.source.slices.pop()],
    [
      'a volume whose rows run the other way',
      'output/seg-geometry',
      (r) => {
        r.opened.source.imageOrientation = [-1, 0, 0, 0, 1, 0]
      },
    ],
    [
      'images without a UID',
      'output/seg-source',
      (r) => {
        r.opened.source.images[2].sopInstanceUid = ''
      },
    ],
  ])('is refused for %s', async (_, code, change) => {
    const path = join(dir, 'refused.dcm')
    await expect(writeSeg(path, changed(change))).rejects.toMatchObject({ name: 'WorkstationError', code })
    expect(readdirSync(dir)).not.toContain('refused.dcm')
  })

  it('is refused for a NIfTI source', async () => {
    const request = segRequest(CASE, 0)
    request.opened = {
      ...request.opened,
      source: {
        kind: 'nifti',
        path: 'a.nii',
        header: new Uint8Array(348),
        affineFrom: 'sform',
        littleEndian: true,
      },
    }
    await expect(writeSeg(join(dir, 'nifti.dcm'), request)).rejects.toMatchObject({
      code: 'output/seg-source',
    })
  })
})

describe.skipIf(!pythonHas('pydicom'))('pydicom (skipped where Python has no pydicom)', () => {
  it('rebuilds every mask from the frames’ positions, and finds it where mask.nii.gz has it', () => {
    expect(judge('--check-seg', dir)).toBe('ok')
  })
})

describe.skipIf(!hasDciodvfy())('dciodvfy (skipped where dicom3tools is not installed)', () => {
  it('finds no error', () => {
    const files = readdirSync(dir).filter((name) => /^seg-.*\.dcm$/.test(name))
    expect(files).toHaveLength(SEG_CASES.length)
    for (const file of [
      ...files,
      'lossy.dcm',
      'many.dcm',
      'long-comments.dcm',
      'kept.dcm',
      'invalid-source.dcm',
    ]) {
      expect([file, ...dciodvfyErrors(join(dir, file))]).toEqual([file])
    }
  })
})

/** A DICOM file that ends before its pixel data: Lossy Image Compression 01, ratio 10.5, method ISO_10918_1. */
function lossyImage(): Buffer {
  const element = (group: number, number: number, vr: string, value: string | Buffer) => {
    const body = typeof value === 'string' ? Buffer.from(value.length % 2 ? `${value} ` : value) : value
    const head = Buffer.alloc(8)
    head.writeUInt16LE(group, 0)
    head.writeUInt16LE(number, 2)
    head.write(vr, 4, 'latin1')
    head.writeUInt16LE(body.length, 6)
    return Buffer.concat([head, body])
  }
  const syntax = element(2, 0x10, 'UI', Buffer.from('1.2.840.10008.1.2.1\0', 'latin1'))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(syntax.length)
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element(2, 0, 'UL', length),
    syntax,
    element(0x28, 0x2110, 'CS', '01'),
    element(0x28, 0x2112, 'DS', '10.5'),
    element(0x28, 0x2114, 'CS', 'ISO_10918_1'),
  ])
}
