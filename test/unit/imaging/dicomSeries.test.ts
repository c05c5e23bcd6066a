import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openCt } from '../../../main/imaging/open.ts'
import type { DicomSource } from '../../../main/imaging/source.ts'
import { indexToPatient, type Vec3 } from '../../../main/imaging/volume.ts'
import { furthest, GOLDEN, refusal, seriesCopy, setElement } from './readerFixtures.ts'

interface Expected {
  dims: number[]
  spacing: number[]
  origin: number[]
  direction: number[]
  voxels: number[]
  patientName: string
  transferSyntaxUid: string
  sopInstanceUids: string[]
}

/** JPEG-LS near-lossless and JPEG 2000. */
const LOSSY = ['1.2.840.10008.1.2.4.81', '1.2.840.10008.1.2.4.91']

const folder = join(GOLDEN, 'dicom')
const cases = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({
    name: basename(name, '.json'),
    expected: JSON.parse(readFileSync(join(folder, name), 'utf8')) as Expected,
  }))

const open = async (path: string) => {
  const opened = await openCt(path)
  return { ...opened, source: opened.source as DicomSource }
}

describe('a DICOM series, as pydicom and GDCM read it and dcm2niix places it', () => {
  it('covers the orientations, pixel formats and encodings of the specification', () => {
    expect(cases.length).toBe(31)
  })

  it.each(cases)('$name', async ({ name, expected }) => {
    const { volume, source, warnings } = await open(join(folder, name))
    expect(volume.dims).toEqual(expected.dims)
    // Image Position (Patient) is stored with nine digits.
    expect(furthest(volume.spacing, expected.spacing)).toBeLessThan(1e-6)
    expect(volume.origin).toEqual(expected.origin)
    expect(furthest(volume.direction, expected.direction)).toBeLessThan(1e-6)
    expect([...volume.voxels]).toEqual(expected.voxels)
    expect(source.series.patientName).toBe(expected.patientName)
    expect(source.transferSyntaxUid).toBe(expected.transferSyntaxUid)
    expect(source.slices.map((s) => s?.sopInstanceUid)).toEqual(expected.sopInstanceUids)
    const lossy = LOSSY.includes(expected.transferSyntaxUid)
    expect(source.lossy).toBe(lossy)
    // A slope of 2 lifts its largest stored values beyond Int16; pydicom's volume is clamped in the same way.
    expect(warnings.map((w) => w.code)).toEqual([
      ...(lossy ? ['input/lossy'] : []),
      ...(name === 'rescale-per-slice' ? ['input/clamped'] : []),
    ])
  })

  it('names for each slice the file whose position that slice has', async () => {
    const { volume, source } = await open(join(folder, 'oblique-sagittal-descending'))
    source.slices.forEach((slice, k) => {
      const centre = indexToPatient(volume, [0, 0, k] as Vec3)
      expect(furthest(centre, slice!.imagePosition)).toBeLessThan(1e-6)
      expect(readFileSync(slice!.file, 'latin1')).toContain(slice!.sopInstanceUid)
    })
  })

  it('keeps the identity that exports refer to', async () => {
    const { source } = await open(join(folder, 'axial'))
    expect(source.series).toEqual({
      patientName: 'Phantom^Reader',
      patientId: 'P1',
      patientBirthDate: '19700101',
      patientSex: 'O',
      studyInstanceUid: '2.25.4183.1.1',
      studyId: 'S1',
      studyDate: '20260102',
      studyTime: '030405',
      studyDescription: 'Thorax',
      accessionNumber: 'A7',
      referringPhysicianName: 'Ref^Doctor',
      seriesInstanceUid: '2.25.4183.1.2',
      seriesNumber: '1',
      seriesDescription: 'Case 1',
      modality: 'CT',
      frameOfReferenceUid: '2.25.4183.1.4',
      positionReferenceIndicator: 'SN',
      manufacturer: 'Nobody',
      manufacturerModelName: 'Synthetic',
      convolutionKernel: 'B40f',
      sliceThickness: 2.5,
    })
    expect(source.imageOrientation).toEqual([1, 0, 0, 0, 1, 0])
  })
})

describe('a series with a flaw that can be lived with', () => {
  const codes = async (path: string) => (await openCt(path)).warnings.map((w) => w.code)

  it('uses an image once that is there twice, and says so', async () => {
    const path = seriesCopy('axial')
    const { copyFileSync } = await import('node:fs')
    copyFileSync(join(path, '02.dcm'), join(path, 'copy of 02.dcm'))
    const { volume, warnings } = await openCt(path)
    expect(volume.dims).toEqual([8, 6, 5])
    expect(warnings.map((w) => w.code)).toEqual(['input/duplicates'])
  })

  it('warns of slices that are a little off an even distance', async () => {
    const path = seriesCopy('axial', (bytes) => movedBy(bytes, 112.5, 0.1))
    expect(await codes(path)).toEqual(['input/uneven-spacing'])
  })

  it('is silent about the rounding of positions', async () => {
    expect(await codes(seriesCopy('axial', (bytes) => movedBy(bytes, 112.5, 0.01)))).toEqual([])
  })

  it('warns of a lossy compression in the past', async () => {
    // The golden files have no such element; put it in the place of one that nothing reads.
    const path = seriesCopy('axial', (bytes) => {
      const out = Buffer.from(setElement(bytes, '00281054', 'LO', '01'))
      const at = out.indexOf(Buffer.from([0x28, 0x00, 0x54, 0x10, 0x4c, 0x4f]))
      out.set([0x28, 0x00, 0x10, 0x21, 0x43, 0x53], at)
      return out
    })
    const { source, warnings } = await open(path)
    expect(source.lossy).toBe(true)
    expect(warnings.map((w) => w.code)).toEqual(['input/lossy'])
  })

  it('warns of values without a rescale, and of a unit other than HU', async () => {
    expect(await codes(seriesCopy('axial', (b) => setElement(b, '00281053', 'DS', null)))).toEqual([
      'input/no-rescale',
    ])
    expect(await codes(seriesCopy('axial', (b) => setElement(b, '00281054', 'LO', 'US')))).toEqual([
      'input/not-hu',
    ])
    expect(await codes(seriesCopy('axial', (b) => setElement(b, '00281054', 'LO', 'Hounsfield')))).toEqual([])
  })

  it('warns of tissue between thin slices far apart', async () => {
    expect(await codes(seriesCopy('axial', (b) => setElement(b, '00180050', 'DS', '1')))).toEqual([
      'input/gaps',
    ])
  })
})

describe('a series that is not one volume', () => {
  const refused = async (edit: (bytes: Uint8Array, index: number) => Uint8Array) =>
    refusal(openCt(seriesCopy('axial', edit)))
  const onlyFirst = (edit: (bytes: Uint8Array) => Uint8Array) => (bytes: Uint8Array, index: number) =>
    index === 0 ? edit(bytes) : bytes

  it('is refused for a slice that is shifted sideways', async () => {
    const { code } = await refused((b) =>
      positionOf(b)[2] === 112.5 ? setPosition(b, [-30, 12.5, 112.5]) : b,
    )
    expect(code).toBe('input/irregular-spacing')
  })

  it('is refused for different images at one position', async () => {
    const { code } = await refused((b) =>
      positionOf(b)[2] === 112.5 ? setPosition(b, [-31.25, 12.5, 110]) : b,
    )
    expect(code).toBe('input/overlapping-slices')
  })

  it.each([
    ['matrices', '00280011', 'US', 7],
    ['orientations', '00200037', 'DS', '0.99\\0.1410674\\0\\-0.1410674\\0.99\\0'],
    ['pixel sizes', '00280030', 'DS', '0.5\\0.8'],
    ['frames of reference', '00200052', 'UI', '1.2.3'],
  ] as const)('is refused for two images each of two %s', async (_, tag, vr, value) => {
    const path = seriesCopy('axial', (b, i) => (i % 2 === 0 ? setElement(b, tag, vr, value) : b))
    rmSync(join(path, '00.dcm'))
    expect((await refusal(openCt(path))).code).toBe('input/inconsistent-series')
  })

  it.each([
    ['position', '00200032', null],
    ['orientation', '00200037', '1\\0\\0\\1\\0\\0'],
    ['pixel size', '00280030', '0.2\\0\\0.2'],
    ['pixel size', '00280030', '0\\0'],
  ])('is refused for an image with a bad %s', async (_, tag, value) => {
    expect((await refused(onlyFirst((b) => setElement(b, tag, 'DS', value)))).code).toBe('input/no-geometry')
  })

  it('is the same where other software has saved its words in 32 bits', async () => {
    const [wide, expected] = [
      await openCt(seriesCopy('axial', in32Bits)),
      await openCt(join(folder, 'axial')),
    ]
    expect(wide.volume).toEqual(expected.volume)
  })

  it('is refused for values stored as floating-point numbers, which is said', async () => {
    const { code, message } = await refused(onlyFirst((b) => renamedPixelData(b, 0x0008)))
    expect(code).toBe('input/pixel-format')
    expect(message).toContain('floating-point numbers')
  })

  it.each([
    ['bits allocated', '00280100', 64],
    ['bits stored', '00280101', 17],
    ['colour', '00280002', 3],
    ['no rows', '00280010', 0],
  ])('is refused for an impossible pixel format (%s)', async (_, tag, value) => {
    expect((await refused(onlyFirst((b) => setElement(b, tag, 'US', value)))).code).toBe('input/pixel-format')
  })
})

const PIXEL_DATA = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x57])

/** An uncompressed image whose 12- to 16-bit words lie in 32-bit ones, with other bits set above what is stored. */
function in32Bits(bytes: Uint8Array): Uint8Array {
  const at = Buffer.from(bytes).indexOf(PIXEL_DATA) + 12
  const length = Buffer.from(bytes).readUInt32LE(at - 4)
  const wide = Buffer.alloc(2 * length)
  for (let i = 0; i < length / 2; i++) {
    const word = bytes[at + 2 * i]! + 256 * bytes[at + 2 * i + 1]!
    wide.writeUInt32LE(word + 0xab0000 * (i % 2), 4 * i)
  }
  const head = Buffer.from(bytes.slice(0, at))
  head.writeUInt32LE(wide.length, at - 4)
  return setElement(Buffer.concat([head, wide]), '00280100', 'US', 32)
}

/** The image with another element (7FE0,xxxx) in the place of its Pixel Data. */
function renamedPixelData(bytes: Uint8Array, element: number): Uint8Array {
  const renamed = Buffer.from(bytes)
  renamed.writeUInt16LE(element, renamed.indexOf(PIXEL_DATA) + 2)
  renamed.write('OF', renamed.indexOf(PIXEL_DATA.subarray(0, 2)) + 4, 'latin1')
  return renamed
}

function positionOf(bytes: Uint8Array): number[] {
  const buffer = Buffer.from(bytes)
  const at = buffer.indexOf(Buffer.from([0x20, 0x00, 0x32, 0x00, 0x44, 0x53]))
  return buffer
    .toString('latin1', at + 8, at + 8 + buffer.readUInt16LE(at + 6))
    .split('\\')
    .map(Number)
}

function setPosition(bytes: Uint8Array, position: readonly number[]): Uint8Array {
  return setElement(bytes, '00200032', 'DS', position.map((v) => Number(v.toFixed(6))).join('\\'))
}

/** Moves the slice at height z (of 107.5, 110, … 117.5) up by `mm`. */
function movedBy(bytes: Uint8Array, z: number, mm: number): Uint8Array {
  const [x, y, height] = positionOf(bytes)
  return height === z ? setPosition(bytes, [x!, y!, z + mm]) : bytes
}
