import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { looksLikeMetaImage } from '../../../main/imaging/metaimage/header.ts'
import { describeMetaEncoding, readMetaImage } from '../../../main/imaging/metaimage/read.ts'
import { furthest, refusal, temporaryFolder } from './readerFixtures.ts'
import { geometryOf, volumeFileCases, writeCase, writeFiles } from './volumeFileFixtures.ts'

const cases = volumeFileCases('metaimage')

describe('a MetaImage file, as SimpleITK reads it', () => {
  it('covers 48 orientations, oblique, every type in two byte orders, raw and compressed', () => {
    expect(cases.length).toBe(111)
    expect(new Set(cases.map((c) => c.steps.flat().join())).size).toBeGreaterThanOrEqual(51)
  })

  it.each(cases)('$name', async (golden) => {
    const path = writeCase(golden)
    expect(looksLikeMetaImage(readFileSync(path).subarray(0, 352))).toBe(true)
    const opened = await readMetaImage(path)
    expect(opened.volume.dims).toEqual(golden.dims)
    expect(furthest(geometryOf(opened), [...golden.steps.flat(), ...golden.origin])).toBeLessThan(1e-9)
    expect([...opened.volume.voxels]).toEqual(golden.voxels)
    expect(opened.source).toEqual({ kind: 'metaimage', path })
    expect(opened.filledSlices).toEqual([])
    expect(opened.warnings).toEqual([])
  })
})

const HEADER = {
  ObjectType: 'Image',
  NDims: '3',
  BinaryData: 'True',
  BinaryDataByteOrderMSB: 'False',
  TransformMatrix: '1 0 0 0 1 0 0 0 1',
  Offset: '0 0 0',
  ElementSpacing: '1 1 2',
  DimSize: '3 3 3',
  ElementType: 'MET_SHORT',
  ElementDataFile: 'LOCAL',
} as const
type Fields = Record<string, string | undefined>
const VOXELS = Buffer.from(Int16Array.from({ length: 27 }, (_, i) => 10 * i - 100).buffer)

function meta(fields: Fields = {}, data: Uint8Array = VOXELS): Buffer {
  // ElementDataFile ends the header, so it comes last.
  const { ElementDataFile, ...rest } = { ...HEADER, ...fields } as Fields
  const lines = Object.entries({ ...rest, ElementDataFile }).filter(([, value]) => value !== undefined)
  return Buffer.concat([Buffer.from(lines.map(([key, value]) => `${key} = ${value}\n`).join('')), data])
}
const read = (bytes: Uint8Array) => readMetaImage(writeFiles({ 'ct.mha': bytes }, 'ct.mha'))
const code = async (fields: Fields, data?: Uint8Array) => (await refusal(read(meta(fields, data)))).code

describe('a MetaImage file with a sparse header', () => {
  it('without voxel size or orientation is taken along the axes at 1 mm, with warnings', async () => {
    const sparse = { ElementSpacing: undefined, TransformMatrix: undefined, Offset: undefined }
    const { volume, warnings } = await read(meta(sparse))
    expect(volume).toMatchObject({
      spacing: [1, 1, 1],
      origin: [0, 0, 0],
      direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    })
    expect(warnings.map((w) => w.code)).toEqual([
      'input/metaimage-no-spacing',
      'input/metaimage-no-orientation',
    ])
  })

  it('takes the distance of voxels, not their size, where it gives both', async () => {
    const { volume } = await read(meta({ ElementSize: '9 9 9' }))
    expect(volume.spacing).toEqual([1, 1, 2])
  })

  it('in centimetres is converted to millimetres', async () => {
    const { volume } = await read(meta({ DistanceUnits: 'cm', Offset: '1 2 3' }))
    expect(volume).toMatchObject({ spacing: [10, 10, 20], origin: [10, 20, 30] })
  })

  it('that names a scale for its values says that it was not applied', async () => {
    const { volume, warnings } = await read(meta({ ElementToIntensityFunctionSlope: '2' }))
    expect(volume.voxels[0]).toBe(-100)
    expect(warnings.map((w) => w.code)).toEqual(['input/metaimage-scaling'])
  })

  it('is told from other text by its first lines', () => {
    const looks = (text: string) => looksLikeMetaImage(Buffer.from(text))
    expect(looks('NDims = 3\nDimSize = 1 1 1\n')).toBe(true)
    expect(looks('Comment = made by hand\nObjectType = Image\n')).toBe(true)
    expect(looks('ObjectType = Mesh\n')).toBe(false)
    expect(looks('Name = value\n')).toBe(false)
    expect(looks('NRRD0004\n')).toBe(false)
    expect(looks('')).toBe(false)
  })
})

describe('a MetaImage file that is refused', () => {
  it('because of how its voxels are stored', async () => {
    expect(await code({ ElementType: 'MET_STRING' })).toBe('input/metaimage-type')
    expect(await code({ ElementType: 'constructor' })).toBe('input/metaimage-type')
    expect(await code({ ElementType: 'MET_FLOAT_ARRAY' })).toBe('input/metaimage-type')
    expect(await code({ ElementNumberOfChannels: '3' })).toBe('input/channels')
    expect(await code({ BinaryData: 'False' })).toBe('input/metaimage-text')
    expect(await code({ ObjectType: 'Tube' })).toBe('input/not-metaimage')
    expect((await refusal(read(Buffer.from('hello')))).code).toBe('input/not-metaimage')
  })

  it('because of its dimensions', async () => {
    const four = { NDims: '4', DimSize: '3 3 3 3', ElementSpacing: '1 1 1 1', Offset: '0 0 0 0' }
    expect(await code({ ...four, TransformMatrix: undefined })).toBe('input/four-d')
    expect(await code({ DimSize: '3 9 1' })).toBe('input/too-few-slices')
    expect(await code({ DimSize: '2000 1000 1000' })).toBe('input/too-large')
  })

  it('because its header is damaged', async () => {
    for (const fields of [
      { NDims: 'three' },
      { NDims: '99' },
      { DimSize: '3 3' },
      { DimSize: '3 3 -3' },
      { DimSize: '3 3 2.5' },
      { DimSize: undefined },
      { TransformMatrix: '1 0 0 0 1 0' },
      { TransformMatrix: '1 0 0 0 1 0 0 0 0' },
      { TransformMatrix: '1 0 0 0 1 0 0 1 0' },
      { ElementSpacing: '1 0 1' },
      { Offset: '0 0 NaN' },
      { HeaderSize: '-2' },
      { HeaderSize: '5' },
      { HeaderSize: '-1', CompressedData: 'True' },
      { dimsize: '4 4 4' },
      { ElementDataFile: undefined },
    ] satisfies Fields[]) {
      expect(await code(fields), JSON.stringify(fields)).toBe('input/metaimage-header')
    }
    expect(await code({ TransformMatrix: '1 0 0 0.3 1 0 0 0 1' })).toBe('input/sheared')
  })

  it('because it is cut short or damaged', async () => {
    const packed = deflateSync(VOXELS)
    const zlib = { CompressedData: 'True' }
    expect(await code({}, VOXELS.subarray(1))).toBe('input/truncated')
    expect(await code({ HeaderSize: '-1', DimSize: '9 9 9' })).toBe('input/truncated')
    expect(await code({ ...zlib, DimSize: '1000 1000 1000' }, packed)).toBe('input/truncated')
    expect(await code(zlib, packed.subarray(0, -12))).toBe('input/truncated')
    expect(await code(zlib, deflateSync(VOXELS.subarray(2)))).toBe('input/truncated')
    expect(await code(zlib, Buffer.alloc(60, 0x55))).toBe('input/damaged')
  })

  it('because its voxels are in another folder, or in several files', async () => {
    for (const name of ['../secret.raw', '/etc/passwd', 'sub/ct.raw', 'link.raw', 'none.raw', '']) {
      const path = writeFiles({ 'ct.mhd': meta({ ElementDataFile: name }, Buffer.alloc(0)) }, 'ct.mhd')
      const elsewhere = join(temporaryFolder(), 'secret.raw')
      writeFileSync(elsewhere, VOXELS)
      symlinkSync(elsewhere, join(path, '../link.raw'))
      expect((await refusal(readMetaImage(path))).code, name).toBe('input/data-file')
    }
    expect(await code({ ElementDataFile: 'LIST' })).toBe('input/metaimage-many-files')
    expect(await code({ ElementDataFile: 'ct%03d.raw 1 3 1' })).toBe('input/metaimage-many-files')
  })
})

describe('reading a MetaImage file', () => {
  it('never unpacks more than the voxels take', async () => {
    const bomb = deflateSync(Buffer.concat([VOXELS, Buffer.alloc(200e6)]), { level: 1 })
    const before = process.memoryUsage().arrayBuffers
    const { volume } = await read(meta({ CompressedData: 'True' }, bomb))
    expect([...volume.voxels.subarray(0, 2)]).toEqual([-100, -90])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6)
  })

  it('tells its progress and can be stopped', async () => {
    const path = writeFiles({ 'ct.mha': meta() }, 'ct.mha')
    const seen: unknown[] = []
    await readMetaImage(path, { onProgress: (progress) => seen.push(progress) })
    expect(seen).toEqual([{ stage: 'reading', done: 3, total: 3 }])
    const signal = AbortSignal.abort()
    await expect(readMetaImage(path, { signal })).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('says how it is stored', async () => {
    const path = writeFiles({ 'ct.mha': meta({ CompressedData: 'True' }) }, 'ct.mha')
    expect(await describeMetaEncoding(path)).toBe('MetaImage, int16, little endian, zlib')
  })
})
