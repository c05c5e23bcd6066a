import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { DicomHeader } from '../../../main/imaging/dicom/header.ts'
import { readHeader } from '../../../main/imaging/dicom/header.ts'
import { planSeries } from '../../../main/imaging/dicom/plan.ts'
import { sortIntoSeries } from '../../../main/imaging/dicom/series.ts'
import { splitIntoStacks } from '../../../main/imaging/dicom/stacks.ts'
import { describeInput, openCt } from '../../../main/imaging/open.ts'
import type { DicomSource } from '../../../main/imaging/source.ts'
import { indexToPatient, type Vec3 } from '../../../main/imaging/volume.ts'
import { furthest, GOLDEN, refusal, seriesCopy, setElement } from './readerFixtures.ts'

const axial = join(GOLDEN, 'dicom/axial')
const template = await readHeader(join(axial, '00.dcm')).then((result) => {
  if (result.kind !== 'header') throw new Error(result.kind)
  return result.header
})

let serial = 0
/** An axial image at height z, as the reader hands it over. */
const image = (z: number, changes: Partial<DicomHeader> = {}): DicomHeader => ({
  ...template,
  sopInstanceUid: `1.2.3.${++serial}`,
  imagePosition: [0, 0, z],
  ...changes,
})
const run = (n: number, changes: Partial<DicomHeader> = {}, start = 0, step = 2) =>
  Array.from({ length: n }, (_, k) => image(start + k * step, changes))
const sizes = (images: DicomHeader[]) => {
  const { stacks, orphans } = splitIntoStacks(images)
  return { stacks: stacks.map((s) => s.length), orphans: orphans.length }
}

describe('the images of one series are split into volumes', () => {
  const sagittal = { imageOrientation: [0, 1, 0, 0, 0, -1] } as const

  it('not at all where they are one, whatever their acquisition numbers', () => {
    expect(sizes(run(6))).toEqual({ stacks: [6], orphans: 0 })
    const numbered = run(6).map((slice, k) => ({ ...slice, acquisitionNumber: k >> 1 }))
    expect(sizes(numbered)).toEqual({ stacks: [6], orphans: 0 })
  })

  it.each([
    ['orientation', sagittal],
    ['size', { layout: { ...template.layout, rows: 9 } }],
    ['pixel spacing', { pixelSpacing: [0.6, 0.6] as const }],
    ['frame of reference', { identity: { ...template.identity, frameOfReferenceUid: '1.2' } }],
  ])('by %s', (_, changes) => {
    expect(sizes([...run(6), ...run(4, changes)])).toEqual({ stacks: [6, 4], orphans: 0 })
  })

  it.each([
    ['time points', { temporalPosition: 1 }, { temporalPosition: 2 }],
    ['acquisitions', { acquisitionNumber: 2 }, { acquisitionNumber: 10 }],
    ['stacks', { stackId: 'A' }, { stackId: 'B' }],
    ['kinds of image', { imageType: ['DERIVED', 'PRIMARY'] }, { imageType: ['ORIGINAL', 'PRIMARY'] }],
  ])('by %s where they lie over each other', (_, one, other) => {
    const mixed = [...run(5, one), ...run(4, other)].sort((a, b) => a.imagePosition![2] - b.imagePosition![2])
    expect(sizes(mixed)).toEqual({ stacks: [5, 4], orphans: 0 })
  })

  it('by acquisition where they interleave: together they are uneven, alone each is even', () => {
    const images = [...run(6, { acquisitionNumber: 1 }), ...run(6, { acquisitionNumber: 2 }, 0.7)]
    expect(sizes(images)).toEqual({ stacks: [6, 6], orphans: 0 })
  })

  it('and left whole where nothing tells apart what lies over each other', () => {
    expect(sizes([...run(5), ...run(5)])).toEqual({ stacks: [10], orphans: 0 })
    const everyOwn = [...run(5), ...run(5)].map((slice, k) => ({ ...slice, acquisitionNumber: k }))
    expect(sizes(everyOwn)).toEqual({ stacks: [10], orphans: 0 })
  })

  it('leaving aside a few images that fit in none, but not many', () => {
    expect(sizes([...run(6), ...run(2, sagittal)])).toEqual({ stacks: [6], orphans: 2 })
    const turned = Array.from({ length: 6 }, (_, k) =>
      image(k, { imageOrientation: [Math.cos(k), Math.sin(k), 0, -Math.sin(k), Math.cos(k), 0] }),
    )
    expect(sizes([...run(6), ...turned])).toEqual({ stacks: [12], orphans: 0 })
  })

  it('and left whole where an image does not say where it lies', () => {
    expect(sizes([...run(6), image(3, { imagePosition: undefined })])).toEqual({ stacks: [7], orphans: 0 })
    expect(sizes([...run(6), image(1e9)])).toEqual({ stacks: [7], orphans: 0 })
  })
})

describe('the frames of multi-frame objects are slices like others', () => {
  it('in one volume, with their localizers aside', () => {
    const frames = run(4).map((frame, k) => ({ ...frame, frameNumber: k + 1, sopInstanceUid: '1.2' }))
    frames.push({ ...image(0), imageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'], frameNumber: 5 })
    const object = { ...template, sopClassUid: '1.2.840.10008.5.1.4.1.1.2.1', numberOfFrames: 5, frames }
    const headers = new Map([['1.2', [object, image(8)]]])
    const [series, ...more] = sortIntoSeries({ series: headers } as unknown as Parameters<
      typeof sortIntoSeries
    >[0])
    expect(more).toEqual([])
    expect(series!.slices.map((s) => s.frameNumber)).toEqual([1, 2, 3, 4, undefined])
    expect([series!.localizers.length, series!.multiFrame.length]).toEqual([1, 0])
  })
})

describe('values mapped by a lookup table (Modality LUT)', () => {
  it.each([
    ['HU', []],
    ['US', ['input/not-hu']],
    ['', ['input/not-hu']],
  ])('of type "%s" are screened, with the warnings %j', async (modalityLutType, codes) => {
    const mapped = { hasModalityLut: true, modalityLutType, rescaleSlope: undefined, rescaleType: '' }
    const headers = new Map([['1.2', run(5, mapped)]])
    const [series] = sortIntoSeries({ series: headers } as unknown as Parameters<typeof sortIntoSeries>[0])
    expect((await planSeries(series!)).warnings.map((w) => w.code)).toEqual(codes)
  })
})

/** A copy of the axial series with a second acquisition beside it, of the same places and with another value. */
function twoPhases(): string {
  const folder = seriesCopy('axial')
  for (const name of readdirSync(folder)) {
    const uid = /2\.25\.4183\.1\.3\.\d/.exec(readFileSync(join(folder, name), 'latin1'))![0]
    let bytes: Uint8Array = readFileSync(join(folder, name))
    bytes = setElement(bytes, '00200012', 'IS', '2')
    bytes = setElement(bytes, '00080018', 'UI', uid.replace('.1.3.', '.9.3.'))
    writeFileSync(join(folder, `2-${name}`), setElement(bytes, '00281052', 'DS', '100'))
  }
  return folder
}

describe('a series that holds two volumes', () => {
  it('asks for one of them by its number, and opens it', async () => {
    const folder = twoPhases()
    const uid = '2.25.4183.1.2'
    for (const options of [{}, { seriesInstanceUid: uid }]) {
      const { code, message } = await refusal(openCt(folder, options))
      expect(code).toBe('input/several-series')
      expect(message).toContain(`${uid}#1  Case 1, B40f, 5 images`)
      expect(message).toContain(`${uid}#2  Case 1, B40f, 5 images`)
    }
    const one = await openCt(folder, { seriesInstanceUid: `${uid}#1` })
    const two = await openCt(folder, { seriesInstanceUid: `${uid}#2` })
    expect(two.volume.dims).toEqual([8, 6, 5])
    expect(two.volume.voxels[3]! - one.volume.voxels[3]!).toBe(100)
    expect((two.source as DicomSource).series.seriesInstanceUid).toBe(uid)
    const none = await refusal(openCt(folder, { seriesInstanceUid: `${uid}#3` }))
    expect(none.code).toBe('input/no-such-series')
    expect((await describeInput(folder)).series.map((s) => [s.id, s.canScreen])).toEqual([
      [`${uid}#1`, true],
      [`${uid}#2`, true],
    ])
  })
})

describe('a series with images that fit in no volume', () => {
  it('is opened without them, with a word', async () => {
    const folder = seriesCopy('axial')
    const stray = setElement(readFileSync(join(folder, '00.dcm')), '00200037', 'DS', '0\\1\\0\\0\\0\\-1')
    writeFileSync(join(folder, 'stray.dcm'), setElement(stray, '00080018', 'UI', '2.25.1'))
    const { volume, warnings } = await openCt(folder)
    expect(volume.dims).toEqual([8, 6, 5])
    expect(warnings).toEqual([
      {
        code: 'input/set-aside',
        message: 'Not part of the CT volume and set aside: 1 CT image that fits in no volume of its series.',
      },
    ])
  })
})

describe('a series with a slice missing', () => {
  it('is opened with the slice made of its neighbours, marked and without an image', async () => {
    const whole = await openCt(axial)
    const { file } = (whole.source as DicomSource).slices[2]!
    const folder = seriesCopy('axial')
    rmSync(join(folder, file.split(/[/\\]/).at(-1)!))
    const { volume, source, filledSlices, warnings } = await openCt(folder)
    const { slices, images } = source as DicomSource
    expect(volume.dims).toEqual(whole.volume.dims)
    expect(filledSlices).toEqual([2])
    expect(warnings.map((w) => w.code)).toEqual(['input/missing-slices'])
    expect([slices[2], images.length]).toEqual([null, 4])
    const slice = (voxels: Int16Array, k: number) => [...voxels.subarray(48 * k, 48 * (k + 1))]
    for (const k of [0, 1, 3, 4]) expect(slice(volume.voxels, k)).toEqual(slice(whole.volume.voxels, k))
    const mean = slice(volume.voxels, 1).map((hu, i) => Math.round((hu + slice(volume.voxels, 3)[i]!) / 2))
    expect(slice(volume.voxels, 2)).toEqual(mean)
    slices.forEach((reference, k) => {
      if (!reference) return
      expect(furthest(indexToPatient(volume, [0, 0, k] as Vec3), reference.imagePosition)).toBeLessThan(1e-6)
    })
  })

  it('counts files of one object as one image', async () => {
    const folder = seriesCopy('axial')
    for (const name of ['00', '01', '03']) copyFileSync(join(folder, `${name}.dcm`), join(folder, `x${name}`))
    const { warnings } = await openCt(folder)
    expect(warnings).toEqual([
      { code: 'input/duplicates', message: '3 images were there twice and used once.' },
    ])
  })
})
