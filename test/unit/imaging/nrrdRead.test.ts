import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { looksLikeNrrd } from '../../../main/imaging/nrrd/header.ts'
import { describeNrrdEncoding, readNrrd } from '../../../main/imaging/nrrd/read.ts'
import { furthest, refusal, temporaryFolder } from './readerFixtures.ts'
import { geometryOf, volumeFileCases, writeCase, writeFiles } from './volumeFileFixtures.ts'

const cases = volumeFileCases('nrrd')

describe('an NRRD file, as SimpleITK reads it', () => {
  it('covers 48 orientations in three spaces, oblique, every name of every type in two byte orders', () => {
    expect(cases.length).toBe(118)
    expect(new Set(cases.map((c) => c.steps.flat().join())).size).toBeGreaterThanOrEqual(51)
  })

  it.each(cases)('$name', async (golden) => {
    const path = writeCase(golden)
    expect(looksLikeNrrd(readFileSync(path).subarray(0, 352))).toBe(true)
    const opened = await readNrrd(path)
    expect(opened.volume.dims).toEqual(golden.dims)
    expect(furthest(geometryOf(opened), [...golden.steps.flat(), ...golden.origin])).toBeLessThan(1e-9)
    expect([...opened.volume.voxels]).toEqual(golden.voxels)
    expect(opened.source).toEqual({ kind: 'nrrd', path })
    expect(opened.filledSlices).toEqual([])
    const unoriented = golden.name === 'spacings alone'
    expect(opened.warnings.map((w) => w.code)).toEqual(unoriented ? ['input/nrrd-no-orientation'] : [])
  })
})

const HEADER = {
  type: 'short',
  dimension: '3',
  space: 'LPS',
  sizes: '3 3 3',
  'space directions': '(1,0,0) (0,1,0) (0,0,2)',
  'space origin': '(0,0,0)',
  endian: 'little',
  encoding: 'raw',
} as const
type Fields = Record<string, string | undefined>
const VOXELS = Buffer.from(Int16Array.from({ length: 27 }, (_, i) => 10 * i - 100).buffer)

function nrrd(fields: Fields = {}, data: Uint8Array = VOXELS): Buffer {
  const lines = Object.entries({ ...HEADER, ...fields }).filter(([, value]) => value !== undefined)
  const text = ['NRRD0004', ...lines.map(([field, value]) => `${field}: ${value}`), '', ''].join('\n')
  return Buffer.concat([Buffer.from(text), data])
}
const read = (bytes: Uint8Array) => readNrrd(writeFiles({ 'ct.nrrd': bytes }, 'ct.nrrd'))
const code = async (fields: Fields, data?: Uint8Array) => (await refusal(read(nrrd(fields, data)))).code

describe('an NRRD file with a sparse header', () => {
  const plain = { space: undefined, 'space directions': undefined, 'space origin': undefined }

  it('without directions lies along the axes, with a warning; without spacings too', async () => {
    const { volume, warnings } = await read(nrrd({ ...plain, spacings: '1 nan 3' }))
    expect(volume).toMatchObject({
      spacing: [1, 1, 3],
      origin: [0, 0, 0],
      direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    })
    expect(warnings.map((w) => w.code)).toEqual(['input/nrrd-no-orientation', 'input/nrrd-no-spacing'])
  })

  it('with directions in an unnamed space is taken as LPS, with a warning', async () => {
    const { volume, warnings } = await read(nrrd({ space: undefined, 'space dimension': '3' }))
    expect(volume.spacing).toEqual([1, 1, 2])
    expect(warnings.map((w) => w.code)).toEqual(['input/nrrd-no-orientation'])
  })

  it('in centimetres is converted to millimetres', async () => {
    const { volume } = await read(nrrd({ 'space units': '"cm" "cm" "cm"', 'space origin': '(1,2,3)' }))
    expect(volume).toMatchObject({ spacing: [10, 10, 20], origin: [10, 20, 30] })
  })

  it('leaves out an axis of size one that is not in space, wherever it is', async () => {
    const fields = { dimension: '4', sizes: '1 3 3 3', kinds: 'list domain domain domain' }
    const opened = await read(nrrd({ ...fields, 'space directions': 'none (1, 0, 0) (0,1,0) (0,0,2)' }))
    expect(opened.volume.spacing).toEqual([1, 1, 2])
  })

  it('sets voxels without a value to air and clamps', async () => {
    const data = Buffer.alloc(27 * 4)
    data.writeFloatLE(Number.NaN, 0)
    data.writeFloatLE(1e9, 4)
    const { volume, warnings } = await read(nrrd({ type: 'float' }, data))
    expect([...volume.voxels.subarray(0, 3)]).toEqual([-1024, 32767, 0])
    expect(warnings.map((w) => w.code)).toEqual(['input/clamped', 'input/not-a-number'])
  })
})

describe('an NRRD file that is refused', () => {
  it('because of how its voxels are stored', async () => {
    for (const encoding of ['bzip2', 'hex', 'ascii', 'txt', 'lzw']) {
      expect(await code({ encoding })).toBe('input/nrrd-encoding')
    }
    expect(await code({ type: 'block' })).toBe('input/nrrd-type')
    expect(await code({ type: 'constructor' })).toBe('input/nrrd-type')
    expect(await code({ endian: undefined })).toBe('input/nrrd-header')
  })

  it('because its space is not the patient', async () => {
    for (const space of ['scanner-xyz', '3D-right-handed', 'left-posterior-superior-time', 'constructor']) {
      expect(await code({ space })).toBe('input/nrrd-space')
    }
    expect(await code({ 'space units': '"mm" "mm" "cm"' })).toBe('input/nrrd-space')
    expect(await code({ 'space directions': '(1,0,0) (0.3,1,0) (0,0,2)' })).toBe('input/sheared')
  })

  it('because it holds more than one value for each voxel, or more than one volume', async () => {
    const four = { dimension: '4', sizes: '3 3 3 3' }
    const none = { space: undefined, 'space directions': undefined, 'space origin': undefined }
    expect(
      await code({
        ...four,
        'space directions': 'none (1,0,0) (0,1,0) (0,0,2)',
        kinds: 'vector domain domain domain',
      }),
    ).toBe('input/channels')
    expect(
      await code({
        ...four,
        'space directions': '(1,0,0) (0,1,0) (0,0,2) none',
        kinds: 'domain domain domain time',
      }),
    ).toBe('input/four-d')
    expect(await code({ ...four, ...none })).toBe('input/four-d')
    expect(await code({ 'space directions': '(1,0,0) (0,1,0) none' })).toBe('input/channels')
    expect(await code({ kinds: 'RGB-color domain domain' })).toBe('input/channels')
    expect(await code({ dimension: '2', sizes: '3 9', ...none })).toBe('input/too-few-slices')
  })

  it('because its header is damaged', async () => {
    for (const fields of [
      { sizes: '3 3' },
      { sizes: '3 3 -3' },
      { sizes: '3 3 3.5' },
      { dimension: '99' },
      { 'space directions': '(1,0,0) (0,1,0) (0,1,0)' },
      { 'space directions': '(1,0,0) (0,1,0) (0,0,nan)' },
      { 'space directions': '(1,0) (0,1) (0,0)' },
      { 'space origin': '(1,2)' },
      { kinds: 'domain' },
      { 'byte skip': '-2' },
      { 'line skip': '99' },
      { byteskip: '0', 'byte skip': '0' },
    ] satisfies Fields[]) {
      expect(await code(fields), JSON.stringify(fields)).toBe('input/nrrd-header')
    }
    const endless = Buffer.from(`NRRD0004\n${'# never an empty line\n'.repeat(60_000)}`)
    expect((await refusal(read(endless))).code).toBe('input/nrrd-header')
    expect((await refusal(read(Buffer.from('NRRD0099\n\n')))).code).toBe('input/not-nrrd')
  })

  it('because it is cut short or damaged, before memory is taken', async () => {
    const before = process.memoryUsage().arrayBuffers
    const packed = gzipSync(VOXELS)
    expect(await code({ sizes: '1000 1000 1000' })).toBe('input/truncated')
    expect(await code({ sizes: '1000 1000 1000', encoding: 'gzip' }, packed)).toBe('input/truncated')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100e6)
    expect(await code({ sizes: '1000 1000 2000' })).toBe('input/too-large')
    expect(await code({}, VOXELS.subarray(1))).toBe('input/truncated')
    expect(await code({ 'byte skip': '1' })).toBe('input/truncated')
    expect(await code({ encoding: 'gzip' }, packed.subarray(0, -12))).toBe('input/truncated')
    expect(await code({ encoding: 'gzip' }, gzipSync(VOXELS.subarray(2)))).toBe('input/truncated')
    expect(await code({ encoding: 'gzip' }, Buffer.alloc(60, 0x55))).toBe('input/damaged')
  })

  it('because its voxels are in another folder, or in several files', async () => {
    for (const name of [
      '../secret.raw',
      '/etc/passwd',
      'sub/ct.raw',
      '..',
      'sub',
      'link.raw',
      'none.raw',
      'C:ct.raw',
      'a\\b',
    ]) {
      const path = writeFiles({ 'ct.nhdr': nrrd({ 'data file': name }) }, 'ct.nhdr')
      const elsewhere = join(temporaryFolder(), 'secret.raw')
      writeFileSync(elsewhere, VOXELS)
      symlinkSync(elsewhere, join(path, '../link.raw'))
      mkdirSync(join(path, '../sub'))
      expect((await refusal(readNrrd(path))).code, name).toBe('input/data-file')
    }
    expect(await code({ 'data file': 'LIST\na.raw\nb.raw' })).toBe('input/nrrd-many-files')
    expect(await code({ 'data file': 'ct%03d.raw 1 3 1' })).toBe('input/nrrd-many-files')
  })
})

describe('reading an NRRD file', () => {
  const large = () => {
    const voxels = Buffer.alloc(2 * 150 * 120 * 100)
    for (let i = 0; i < voxels.length / 2; i++) voxels.writeInt16BE((i % 4001) - 1000, 2 * i)
    return nrrd({ sizes: '150 120 100', endian: 'big', encoding: 'gzip' }, gzipSync(voxels, { level: 1 }))
  }

  it('tells how far it is, slice by slice', async () => {
    const seen: number[] = []
    const path = writeFiles({ 'ct.nrrd': large() }, 'ct.nrrd')
    const { volume } = await readNrrd(path, {
      onProgress: ({ stage, done, total }) => {
        expect([stage, total]).toEqual(['reading', 100])
        seen.push(done)
      },
    })
    expect(volume.voxels.every((hu, i) => hu === (i % 4001) - 1000)).toBe(true)
    expect(seen.length).toBeGreaterThan(2)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBe(100)
  })

  it('can be stopped before and on the way', async () => {
    const path = writeFiles({ 'ct.nrrd': large() }, 'ct.nrrd')
    const stop = new AbortController()
    const reading = readNrrd(path, { signal: stop.signal, onProgress: () => stop.abort() })
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' })
    await expect(readNrrd(path, { signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('says how it is stored', async () => {
    const path = writeFiles({ 'ct.nrrd': nrrd() }, 'ct.nrrd')
    expect(await describeNrrdEncoding(path)).toBe('NRRD, int16, little endian, raw')
  })
})
