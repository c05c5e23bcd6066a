import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readHeader } from '../../../main/imaging/dicom/header.ts'
import { readSlice } from '../../../main/imaging/dicom/pixels.ts'
import { describeInput, openCt } from '../../../main/imaging/open.ts'
import {
  furthest,
  GOLDEN,
  refusal,
  SHARED,
  seriesCopy,
  setElement,
  temporaryFolder,
} from './readerFixtures.ts'

const axial = join(GOLDEN, 'dicom/axial')

describe('what a path may be', () => {
  it('finds the series in folders below, among files that are not DICOM', async () => {
    const folder = temporaryFolder()
    cpSync(axial, join(folder, 'a/b'), { recursive: true })
    writeFileSync(join(folder, 'readme.txt'), 'not an image')
    writeFileSync(join(folder, 'a/empty.dcm'), '')
    symlinkSync('nowhere', join(folder, 'a/dangling'))
    const { volume, warnings } = await openCt(folder)
    expect(volume.dims).toEqual([8, 6, 5])
    expect(warnings).toEqual([])
  })

  it('reads files without a preamble', async () => {
    const whole = await openCt(axial)
    const bare = await openCt(seriesCopy('axial', (bytes) => bytes.subarray(132)))
    expect(bare.volume).toEqual(whole.volume)
  })

  it('sets localizers and other objects aside, and says so', async () => {
    const folder = temporaryFolder()
    cpSync(axial, folder, { recursive: true })
    const slice = readFileSync(join(axial, '00.dcm'))
    writeFileSync(join(folder, 'scout'), setElement(slice, '00080008', 'CS', 'ORIGINAL\\PRIMARY\\LOCALIZER'))
    writeFileSync(join(folder, 'contours'), setElement(slice, '00080060', 'CS', 'RTSTRUCT'))
    const { volume, warnings } = await openCt(folder)
    expect(volume.dims).toEqual([8, 6, 5])
    expect(warnings).toEqual([
      {
        code: 'input/set-aside',
        message: 'Not part of the CT volume and set aside: 1 CT localizer, 1 RTSTRUCT object.',
      },
    ])
  })

  it('takes the volume and leaves a series of one or two images beside it', async () => {
    const folder = temporaryFolder()
    cpSync(axial, folder, { recursive: true })
    copyFileSync(join(GOLDEN, 'dicom/coronal/00.dcm'), join(folder, 'bolus.dcm'))
    const { volume, warnings } = await openCt(folder)
    expect(volume.dims).toEqual([8, 6, 5])
    expect(warnings.map((w) => w.code)).toEqual(['input/set-aside'])
  })

  it('asks which of several CT series is meant, and opens the one that is named', async () => {
    const folder = temporaryFolder()
    for (const name of ['axial', 'coronal'])
      cpSync(join(GOLDEN, 'dicom', name), join(folder, name), { recursive: true })
    const { code, message } = await refusal(openCt(folder))
    expect(code).toBe('input/several-series')
    expect(message).toContain('2.25.4183.1.2  Case 1, B40f, 5 images')
    expect(message).toContain('2.25.4183.6.2  Case 6, B40f, 5 images')
    const { volume } = await openCt(folder, { seriesInstanceUid: '2.25.4183.6.2' })
    expect(volume.direction).toEqual((await openCt(join(folder, 'coronal'))).volume.direction)
    expect((await refusal(openCt(folder, { seriesInstanceUid: '1.2.3' }))).code).toBe('input/no-such-series')
  })
})

describe('an input that cannot be screened is refused with one sentence', () => {
  const slice = () => new Uint8Array(readFileSync(join(axial, '00.dcm')))
  const file = (name: string, bytes: Uint8Array | string) => {
    const path = join(temporaryFolder(), name)
    writeFileSync(path, bytes)
    return path
  }

  it('no such path', async () => {
    expect((await refusal(openCt('/no/such/path'))).code).toBe('input/not-found')
  })

  it('an empty folder', async () => {
    expect((await refusal(openCt(temporaryFolder()))).code).toBe('input/empty-folder')
  })

  it('a folder without DICOM, with a hint where there is a NIfTI', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'notes.txt'), 'x')
    expect((await refusal(openCt(folder))).code).toBe('input/not-dicom')
    writeFileSync(join(folder, 'ct.nii.gz'), 'x')
    expect((await refusal(openCt(folder))).message).toContain('ct.nii.gz')
  })

  it('a text file, an empty file', async () => {
    expect((await refusal(openCt(file('ct.dcm', 'hello')))).code).toBe('input/not-dicom')
    expect((await refusal(openCt(file('ct.dcm', '')))).code).toBe('input/truncated')
    expect((await refusal(openCt(file('ct.nii', 'hello')))).code).toBe('input/truncated')
    expect((await refusal(openCt(file('ct.nii.gz', 'h'.repeat(400))))).code).toBe('input/not-nifti')
    const ofSeries = openCt(file('series.nii', 'h'.repeat(400)), { seriesInstanceUid: '1.2.3' })
    expect((await refusal(ofSeries)).code).toBe('usage/series-of-nifti')
  })

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'a folder without permission',
    async () => {
      const folder = temporaryFolder()
      chmodSync(folder, 0)
      expect((await refusal(openCt(folder))).code).toBe('input/unreadable')
    },
  )

  it('a single two-dimensional image', async () => {
    const { code, message } = await refusal(openCt(join(axial, '00.dcm')))
    expect(code).toBe('input/too-few-slices')
    expect(message).toContain('single two-dimensional')
  })

  it('a single image that is not whole, which is what is wrong with it', async () => {
    const cut = slice().subarray(0, slice().length - 10)
    const { code, message } = await refusal(openCt(file('cut.dcm', cut)))
    expect(code).toBe('input/truncated')
    expect(message).toContain('cut.dcm is incomplete')
  })

  it('an MR series, and a folder of localizers only', async () => {
    const mr = await refusal(openCt(seriesCopy('axial', (b) => setElement(b, '00080060', 'CS', 'MR'))))
    expect(mr.code).toBe('input/not-ct')
    expect(mr.message).toContain('only 5 MR objects')
    const scout = seriesCopy('axial', (b) => setElement(b, '00080008', 'CS', 'ORIGINAL\\PRIMARY\\LOCALIZER'))
    expect((await refusal(openCt(scout))).message).toContain('5 CT localizers')
  })

  it('a slice cut short in its picture or in its header', async () => {
    const cut = (length: number) =>
      refusal(openCt(seriesCopy('axial', (bytes, i) => (i === 2 ? bytes.subarray(0, length) : bytes))))
    const { code, message } = await cut(slice().length - 10)
    expect(code).toBe('input/truncated')
    expect(message).toContain('02.dcm')
    expect((await cut(700)).message).toContain('02.dcm')
    expect((await cut(300)).message).toContain('02.dcm')
  })

  it('a compressed slice cut short or overwritten', async () => {
    for (const name of ['jpeg-lossless-70', 'rle']) {
      const cut = seriesCopy(name, (bytes, i) => (i === 0 ? bytes.subarray(0, bytes.length - 40) : bytes))
      expect((await refusal(openCt(cut))).code).toBe('input/truncated')
    }
    const spoilt = seriesCopy('jpeg-lossless-70', (bytes) => {
      const out = Buffer.from(bytes)
      out.fill(0x55, out.indexOf(Buffer.from([0xff, 0xc3])), out.length - 8)
      return out
    })
    expect((await refusal(openCt(spoilt))).code).toBe('input/damaged')
  })

  it('a transfer syntax without a decoder, by its name', async () => {
    const path = seriesCopy('axial', (b) =>
      setElement(b, '00020010', 'UI', '1.2.840.10008.1.2.4.53\0'.slice(0, 22)),
    )
    const { code, message } = await refusal(openCt(path))
    expect(code).toBe('input/transfer-syntax')
    expect(message).toContain('JPEG Spectral Selection (Process 6 and 8, retired)')
  })

  it('a multi-frame CT', async () => {
    const path = seriesCopy('axial', (b) => setElement(b, '00080016', 'UI', '1.2.840.10008.5.1.4.1.1.2.1\0'))
    expect((await refusal(openCt(path))).code).toBe('input/multi-frame')
  })
})

describe('describing an input', () => {
  it('says what a series is, where it lies and that it can be screened; plain data', async () => {
    const report = await describeInput(join(GOLDEN, 'dicom/implicit'))
    expect(JSON.parse(JSON.stringify(report))).toEqual(report)
    const { volume } = await openCt(join(GOLDEN, 'dicom/implicit'))
    expect(report.series).toHaveLength(1)
    expect(report.series[0]).toMatchObject({
      patientName: 'Müller^Jörg',
      studyDate: '20260102',
      modality: 'CT',
      convolutionKernel: 'B40f',
      encoding: 'Implicit VR Little Endian',
      imageCount: 3,
      sliceCount: 3,
      dims: volume.dims,
      spacingMm: volume.spacing,
      sliceThicknessMm: 2.5,
      originMm: volume.origin,
      direction: volume.direction,
      canScreen: true,
      reason: null,
    })
  })

  it.each([
    [
      '1.2.840.10008.5.1.4.1.1.88.67',
      'SR',
      'dose-report',
      'X-Ray Radiation Dose SR',
      'This is a dose report, not images.',
    ],
    [
      '1.2.840.10008.5.1.4.1.1.88.33',
      'SR',
      'report',
      'Comprehensive SR',
      'This is a report (Comprehensive SR), not images.',
    ],
    [
      '1.2.840.10008.5.1.4.1.1.7',
      'CT',
      'secondary-capture',
      'Secondary Capture Image',
      'This is a secondary capture, a picture made from a scan such as a screenshot: it has no CT values.',
    ],
    [
      '1.2.840.10008.5.1.4.1.1.4',
      'MR',
      'other-modality',
      'MR Image',
      'This is an image of modality MR, not CT.',
    ],
    [
      '1.2.840.10008.5.1.4.1.1.481.3',
      'RTSTRUCT',
      'non-image',
      'RT Structure Set',
      'This is an object of the kind RT Structure Set, not CT images.',
    ],
    ['1.2.3.4', 'ZZ', 'non-image', '', 'This is an object of the kind ZZ, not CT images.'],
  ])('names an object of class %s and modality %s: %s', async (uid, modality, kind, className, message) => {
    const padded = uid.length % 2 ? `${uid}\0` : uid
    const whole = readFileSync(join(axial, '00.dcm'))
    const path = join(temporaryFolder(), 'object.dcm')
    writeFileSync(path, setElement(setElement(whole, '00080016', 'UI', padded), '00080060', 'CS', modality))
    const { series } = await describeInput(path)
    expect(series).toHaveLength(1)
    expect(series[0]).toMatchObject({ kind, className, canScreen: false })
    expect(series[0]!.reason).toEqual({ code: 'input/not-ct', message })
  })

  it('names localizers, single CT images and volumes, the last also where they cannot be screened', async () => {
    const scout = seriesCopy('axial', (b) => setElement(b, '00080008', 'CS', 'ORIGINAL\\PRIMARY\\LOCALIZER'))
    const cut = seriesCopy('axial', (b, i) => (i === 2 ? b.subarray(0, b.length - 10) : b))
    const of = async (path: string) => (await describeInput(path)).series.map((s) => [s.kind, s.canScreen])
    expect(await of(scout)).toEqual([['localizer', false]])
    expect(await of(join(axial, '00.dcm'))).toEqual([['ct-images', false]])
    expect(await of(axial)).toEqual([['ct-volume', true]])
    expect(await of(cut)).toEqual([['ct-volume', false]])
  })

  it('says how to choose among several volumes, with ids that open them', async () => {
    const folder = temporaryFolder()
    for (const name of ['axial', 'coronal'])
      cpSync(join(GOLDEN, 'dicom', name), join(folder, name), { recursive: true })
    const { series, warnings } = await describeInput(folder)
    expect(warnings).toEqual([
      {
        code: 'input/several-series',
        message:
          'There are 2 CT volumes; screening takes one, chosen by its id (for instance: --series 2.25.4183.1.2).',
      },
    ])
    for (const { id, dims } of series)
      expect((await openCt(folder, { seriesInstanceUid: id })).volume.dims).toEqual(dims)
  })

  it('lists every series with the reason why it cannot be screened', async () => {
    const folder = temporaryFolder()
    cpSync(axial, join(folder, 'axial'), { recursive: true })
    mkdirSync(join(folder, 'single'))
    copyFileSync(join(GOLDEN, 'dicom/coronal/00.dcm'), join(folder, 'single/00.dcm'))
    const mr = setElement(readFileSync(join(GOLDEN, 'dicom/sagittal/00.dcm')), '00080060', 'CS', 'MR')
    writeFileSync(join(folder, 'single/mr.dcm'), mr)
    const { series } = await describeInput(folder)
    expect(series.map((s) => [s.seriesInstanceUid, s.canScreen, s.reason?.code ?? null])).toEqual([
      ['2.25.4183.1.2', true, null],
      ['2.25.4183.5.2', false, 'input/not-ct'],
      ['2.25.4183.6.2', false, 'input/too-few-slices'],
    ])
  })

  it('reports a damaged file and goes on', async () => {
    const path = seriesCopy('axial', (bytes, i) => (i === 0 ? bytes.subarray(0, 300) : bytes))
    const { series, warnings } = await describeInput(path)
    expect(series).toHaveLength(1)
    expect(warnings.map((w) => w.code)).toEqual(['input/damaged'])
  })
})

interface Fingerprint {
  dims: number[]
  spacing: number[]
  origin: number[]
  direction: number[]
  affineRas: number[][]
  sum: number
  sha256: string
}
const real = JSON.parse(readFileSync(join(GOLDEN, 'real.json'), 'utf8')) as Record<
  'dicom' | 'nifti' | 'slice',
  Record<string, Fingerprint>
>
const sha256 = (voxels: Int16Array) =>
  createHash('sha256').update(new Uint8Array(voxels.buffer)).digest('hex')
const sum = (voxels: Int16Array) => voxels.reduce((a, b) => a + b, 0)
const at = (path: string) => join(SHARED, path)

describe.skipIf(!existsSync(SHARED))('public scans (skipped where ../shared/data is absent)', () => {
  it.each(Object.entries(real.dicom))('DICOM %s as pydicom and GDCM read it', async (name, expected) => {
    const { volume } = await openCt(at(join('dicom', name)))
    expect(volume.dims).toEqual(expected.dims)
    expect(furthest(volume.spacing, expected.spacing)).toBeLessThan(1e-6)
    expect(furthest(volume.origin, expected.origin)).toBeLessThan(1e-6)
    expect(furthest(volume.direction, expected.direction)).toBeLessThan(1e-6)
    expect(sum(volume.voxels)).toBe(expected.sum)
    expect(sha256(volume.voxels)).toBe(expected.sha256)
  })

  it.each(Object.entries(real.nifti))('NIfTI %s as nibabel reads it', async (name, expected) => {
    const { volume } = await openCt(at(name))
    expect(volume.dims).toEqual(expected.dims)
    const lpsFromRas = [-1, -1, 1]
    const affine = lpsFromRas.flatMap((sign, row) => [
      ...[0, 1, 2].map((c) => sign * volume.direction[3 * row + c]! * volume.spacing[c]!),
      sign * volume.origin[row]!,
    ])
    expect(furthest(affine, expected.affineRas.slice(0, 3).flat())).toBeLessThan(1e-6)
    expect(sum(volume.voxels)).toBe(expected.sum)
    expect(sha256(volume.voxels)).toBe(expected.sha256)
  })

  it.each(Object.entries(real.slice))('slice %s as pydicom and GDCM decode it', async (name, expected) => {
    const result = await readHeader(at(name))
    if (result.kind !== 'header') throw new Error(result.kind)
    const out = new Int16Array(result.header.layout.rows * result.header.layout.columns)
    await readSlice(result.header, out)
    expect(sum(out)).toBe(expected.sum)
    expect(sha256(out)).toBe(expected.sha256)
  })

  it.each([
    ['edge/enhanced_multiframe_ct', 'input/too-few-slices'],
    ['edge/derived_truncated', 'input/truncated'],
    ['edge/dicomdir', 'input/several-series'],
    ['edge/nema_wg04_ct1', 'input/overlapping-slices'],
    ['edge/odd_matrix_568x652', 'input/not-ct'],
    ['edge/truncated_mr', 'input/not-ct'],
    ['edge/sr_tid1500_dcmqi', 'input/not-ct'],
    ['edge/derived_truncated/not_dicom.dcm', 'input/not-dicom'],
  ])('%s is refused: %s', async (name, code) => {
    expect((await refusal(openCt(at(join('dicom', name))))).code).toBe(code)
  })
})
