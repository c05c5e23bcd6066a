import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SegRequest, writeSeg } from '../../../main/exporting/seg.ts'
import type { DicomSource } from '../../../main/imaging/source.ts'
import { dciodvfyErrors, hasDciodvfy } from './judges.ts'
import { SEG_CASES, segRequest } from './segCases.ts'
import { framesOf, item, items, parse } from './segReader.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'seg-'))
})
afterAll(() => rmSync(dir, { recursive: true }))
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
    const path = join(dir, 'lossy.dcm')
    const request = changed((r) => {
      r.opened.source.lossy = true
      r.opened.source.lossyHistory = { ratio: ['10.5'], method: ['ISO_10918_1'] }
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

  it('has the directions of the grid where no slice shows an image', async () => {
    const index = SEG_CASES.findIndex((c) => c.name === 'upright grid of a tilted series')
    const request = segRequest(SEG_CASES[index], index)
    const { source, volume } = request.opened
    request.opened.volume = { ...volume, direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] }
    request.opened.source = { ...(source as DicomSource), imageOrientation: SEG_CASES[index].iop }
    const path = join(dir, 'turned.dcm')
    await writeSeg(path, request)
    const shared = item(parse(path), 'x52009229')
    expect(item(shared, 'x00209116').string('x00200037')).toBe('1\\0\\0\\0\\1\\0')
    expect(framesOf(parse(path)).map((f) => f.position[1])).toEqual(
      framesOf(parse(path)).map(() => SEG_CASES[index].first[1]),
    )
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
    [
      'a volume whose first column is not that of its images',
      'output/seg-geometry',
      (r) => {
        const [x, y, z] = r.opened.volume.origin
        r.opened.volume = { ...r.opened.volume, origin: [x - r.opened.volume.spacing[0], y, z] }
      },
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

describe.skipIf(!hasDciodvfy())('dciodvfy (skipped where dicom3tools is not installed)', () => {
  it.each(['lossy.dcm', 'many.dcm', 'long-comments.dcm', 'kept.dcm', 'invalid-source.dcm', 'turned.dcm'])(
    'finds no error in %s',
    (file) => {
      expect(dciodvfyErrors(join(dir, file))).toEqual([])
    },
  )
})
