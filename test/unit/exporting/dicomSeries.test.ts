import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import dicomParser from 'dicom-parser'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeCtSeries } from '../../../main/exporting/dicomSeries.ts'
import { openCt } from '../../../main/imaging/open.ts'
import { indexToPatient, type Vec3 } from '../../../main/imaging/volume.ts'
import golden from '../../golden/dicomSeries/expected.json' with { type: 'json' }
import { dciodvfyErrors, hasDciodvfy } from './judges.ts'
import { SMALL_CT_IDENTITY, SMALL_CTS } from './smallCt.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'screener-series-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const CASES = Object.entries(SMALL_CTS)

/** One file as dicom-parser finds it: the elements named in the golden file, in the golden file's form. */
async function readSlice(path: string) {
  const bytes = new Uint8Array(await readFile(path))
  const file = dicomParser.parseDicom(bytes)
  const texts = (tag: string) =>
    new TextDecoder()
      .decode(bytes.subarray(...span(file.elements[tag])))
      .replace(/[ \0]+$/, '')
      .split('\\')
  const numbers = (tag: string) => texts(tag).map(Number)
  const pixels = file.elements.x7fe00010
  const plane = bytes.slice(...span(pixels))
  return {
    transferSyntax: file.string('x00020010'),
    vr: pixels.vr,
    position: numbers('x00200032'),
    orientation: numbers('x00200037'),
    pixelSpacing: numbers('x00280030'),
    pixels: new Int16Array(plane.buffer, 0, plane.length / 2),
    elements: {
      SOPClassUID: texts('x00080016')[0],
      SOPInstanceUID: texts('x00080018')[0],
      StudyInstanceUID: texts('x0020000d')[0],
      SeriesInstanceUID: texts('x0020000e')[0],
      FrameOfReferenceUID: texts('x00200052')[0],
      PatientName: texts('x00100010')[0],
      PatientID: texts('x00100020')[0],
      PatientSex: texts('x00100040')[0],
      PatientBirthDate: texts('x00100030')[0],
      StudyID: texts('x00200010')[0],
      StudyDate: texts('x00080020')[0],
      StudyTime: texts('x00080030')[0],
      StudyDescription: texts('x00081030')[0],
      SeriesDescription: texts('x0008103e')[0],
      SeriesNumber: numbers('x00200011')[0],
      InstanceNumber: numbers('x00200013')[0],
      Modality: texts('x00080060')[0],
      PatientPosition: texts('x00185100')[0],
      BodyPartExamined: texts('x00180015')[0],
      ImageType: texts('x00080008'),
      PixelSpacing: numbers('x00280030'),
      ImageOrientationPatient: numbers('x00200037'),
      ImagePositionPatient: numbers('x00200032'),
      SliceThickness: numbers('x00180050')[0],
      Rows: file.uint16('x00280010'),
      Columns: file.uint16('x00280011'),
      BitsAllocated: file.uint16('x00280100'),
      BitsStored: file.uint16('x00280101'),
      HighBit: file.uint16('x00280102'),
      PixelRepresentation: file.uint16('x00280103'),
      RescaleSlope: numbers('x00281053')[0],
      RescaleIntercept: numbers('x00281052')[0],
      RescaleType: texts('x00281054')[0],
    },
  }
}

function span(element: { dataOffset: number; length: number }): [number, number] {
  return [element.dataOffset, element.dataOffset + element.length]
}

describe.each(CASES)('a series of CT images, %s', (name, volume) => {
  it('holds what pydicom found in it', async () => {
    const files = await writeCtSeries(join(folder, `golden ${name}`), volume, SMALL_CT_IDENTITY)
    const expected = golden[name as keyof typeof golden]
    expect(files.length).toBe(expected.length)
    for (const [k, file] of files.entries()) {
      const slice = await readSlice(file)
      expect(slice.transferSyntax).toBe(expected[k].transferSyntax)
      expect(slice.elements).toEqual(expected[k].elements)
      expect([...slice.pixels.subarray(0, volume.dims[0])]).toEqual(expected[k].firstRow)
      const bytes = new Uint8Array(slice.pixels.buffer)
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(expected[k].pixelsSha256)
    }
  })

  it('puts every voxel at its place in the patient, by the equation of PS3.3 C.7.6.2.1.1', async () => {
    const files = await writeCtSeries(join(folder, `place ${name}`), volume, SMALL_CT_IDENTITY)
    const [nx, ny] = volume.dims
    for (const [k, file] of files.entries()) {
      const { position: s, orientation: o, pixelSpacing: d, pixels, vr } = await readSlice(file)
      expect(vr).toBe('OW')
      expect(pixels).toEqual(volume.voxels.slice(nx * ny * k, nx * ny * (k + 1)))
      for (const [i, j] of [
        [0, 0],
        [nx - 1, 0],
        [0, ny - 1],
        [nx - 1, ny - 1],
      ]) {
        const place = [0, 1, 2].map((axis) => o[axis] * d[1] * i + o[axis + 3] * d[0] * j + s[axis])
        const wanted = indexToPatient(volume, [i, j, k])
        for (const axis of [0, 1, 2]) expect(place[axis]).toBeCloseTo(wanted[axis], 9)
      }
    }
  })

  it.skipIf(!hasDciodvfy())(
    'is valid for dciodvfy (skipped where dicom3tools is not installed)',
    async () => {
      const files = await writeCtSeries(join(folder, `valid ${name}`), volume, SMALL_CT_IDENTITY)
      for (const file of files) expect(dciodvfyErrors(file)).toEqual([])
      const [anonymous] = await writeCtSeries(join(folder, `nameless ${name}`), volume, {
        patientName: '',
        patientId: '',
      })
      expect(dciodvfyErrors(anonymous)).toEqual([])
    },
  )
})

describe('the reader of this product', () => {
  it.each(CASES.filter(([name]) => name !== 'tilted'))('opens the series, %s', async (name, volume) => {
    const dir = join(folder, `open ${name}`)
    await writeCtSeries(dir, volume, SMALL_CT_IDENTITY)
    const opened = (await openCt(dir)).volume
    // It may count slices from the other end: compare voxel by voxel at the same place.
    const [nx, ny, nz] = volume.dims
    expect(opened.dims).toEqual(volume.dims)
    const last = indexToPatient(volume, [0, 0, nz - 1])
    const reversed = Math.hypot(...opened.origin.map((mm, axis) => mm - last[axis])) < 1e-6
    for (let k = 0; k < nz; k++) {
      const m = reversed ? nz - 1 - k : k
      const corner: Vec3 = [nx - 1, ny - 1, 0]
      indexToPatient(opened, [corner[0], corner[1], m]).forEach((mm, axis) => {
        expect(mm).toBeCloseTo(indexToPatient(volume, [corner[0], corner[1], k])[axis], 9)
      })
      expect(opened.voxels.slice(nx * ny * m, nx * ny * (m + 1))).toEqual(
        volume.voxels.slice(nx * ny * k, nx * ny * (k + 1)),
      )
    }
  })
})

describe('unique identifiers', () => {
  it('are the same for the same volume and identity, so that the files are the same bytes', async () => {
    const one = await writeCtSeries(join(folder, 'once'), SMALL_CTS.axial, SMALL_CT_IDENTITY)
    const two = await writeCtSeries(join(folder, 'twice'), SMALL_CTS.axial, SMALL_CT_IDENTITY)
    for (const [k, file] of one.entries()) expect(await readFile(file)).toEqual(await readFile(two[k]))
  })

  it('tell slices and series of one study apart', async () => {
    const uids = new Set<string>()
    const changed = {
      ...SMALL_CTS.axial,
      voxels: SMALL_CTS.axial.voxels.map((hu) => (hu === -950 ? 50 : hu)),
    }
    const series = [SMALL_CTS.axial, SMALL_CTS.oblique, changed]
    const studies = new Set<string>()
    for (const [n, volume] of series.entries()) {
      const files = await writeCtSeries(join(folder, `uids ${n}`), volume, SMALL_CT_IDENTITY)
      for (const file of files) {
        const { elements } = await readSlice(file)
        uids.add(elements.SOPInstanceUID).add(elements.SeriesInstanceUID)
        studies.add(`${elements.StudyInstanceUID} ${elements.FrameOfReferenceUID}`)
      }
    }
    expect(uids.size).toBe(series.length * (SMALL_CTS.axial.dims[2] + 1))
    expect(studies.size).toBe(1)
    for (const uid of uids) expect(uid).toMatch(/^2\.25\.[1-9]\d{0,38}$/)
  })
})

describe('the folder', () => {
  const write = (dir: string) => writeCtSeries(dir, SMALL_CTS.axial, SMALL_CT_IDENTITY)
  const entries = async (dir: string) => (await readdir(dir)).sort()

  it('holds one file per slice and nothing else, and is made with the folders above it', async () => {
    const dir = join(folder, 'new', 'deep', 'series')
    const files = await write(dir)
    expect(await entries(dir)).toEqual(['IM00001.dcm', 'IM00002.dcm', 'IM00003.dcm', 'IM00004.dcm'])
    expect(files).toEqual((await entries(dir)).map((name) => join(dir, name)))
    expect(await entries(join(dir, '..'))).toEqual(['series'])
  })

  it('replaces an earlier, longer series whole', async () => {
    const dir = join(folder, 'again', 'series')
    const longer = {
      ...SMALL_CTS.axial,
      dims: [6, 5, 6] as Vec3,
      voxels: new Int16Array(6 * 5 * 6),
    }
    await writeCtSeries(dir, longer, SMALL_CT_IDENTITY)
    await write(dir)
    expect((await entries(dir)).length).toBe(4)
    expect(await entries(join(dir, '..'))).toEqual(['series'])
  })

  it('is left alone when it holds anything else', async () => {
    const dir = join(folder, 'mine')
    await mkdir(dir)
    await writeFile(join(dir, 'thesis.txt'), 'text')
    await expect(write(dir)).rejects.toMatchObject({ code: 'output/not-empty' })
    expect(await entries(dir)).toEqual(['thesis.txt'])
  })

  it('does not appear, and leaves no half folder beside it, when a slice cannot be written', async () => {
    const dir = join(folder, 'broken', 'series')
    // An origin that DICOM text cannot hold fails on the first slice, after the temporary folder was made.
    const broken = { ...SMALL_CTS.axial, origin: [0, 0, Number.NaN] as Vec3 }
    await expect(writeCtSeries(dir, broken, SMALL_CT_IDENTITY)).rejects.toThrow(RangeError)
    expect(await entries(join(dir, '..'))).toEqual([])
  })

  it('says that a file stands in its place', async () => {
    const file = join(folder, 'a file')
    await writeFile(file, 'text')
    await expect(write(file)).rejects.toMatchObject({ code: 'output/not-writable' })
    await expect(write(join(file, 'series'))).rejects.toMatchObject({ code: 'output/not-writable' })
    expect(await readFile(file, 'utf8')).toBe('text')
  })
})
