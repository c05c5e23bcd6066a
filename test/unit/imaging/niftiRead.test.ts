import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { niftiHeader } from '../../../main/exporting/niftiHeader.ts'
import { niftiGeometry } from '../../../main/imaging/nifti/affine.ts'
import { NIFTI1, parseNifti1 } from '../../../main/imaging/nifti/header.ts'
import { readNifti } from '../../../main/imaging/nifti/read.ts'
import { describeInput, openCt } from '../../../main/imaging/open.ts'
import type { NiftiSource } from '../../../main/imaging/source.ts'
import { determinant } from '../../../main/imaging/volume.ts'
import { furthest, GOLDEN, refusal, temporaryFolder } from './readerFixtures.ts'
import { geometryOf, volumeFileCases, writeCase, writeFiles } from './volumeFileFixtures.ts'

interface Golden {
  name: string
  file: string
  gz: boolean
  dims: number[]
  affineRas: number[][]
  voxels: number[]
}
const cases = JSON.parse(readFileSync(join(GOLDEN, 'nifti.json'), 'utf8')) as Golden[]
const folder = temporaryFolder()
let written = 0

function write(bytes: Uint8Array, gz = false): string {
  const path = join(folder, `${written++}.nii${gz ? '.gz' : ''}`)
  writeFileSync(path, bytes)
  return path
}

/** The (unpacked) bytes of a golden file, to be changed. */
function bytesOf(name: string): Buffer {
  const { file, gz } = cases.find((c) => c.name === name)!
  const bytes = Buffer.from(file, 'base64')
  return gz ? gunzipSync(bytes) : bytes
}

describe('a NIfTI file, as nibabel reads it', () => {
  it('covers 48 orientations by sform and by qform, oblique, ten datatypes in two byte orders', () => {
    expect(cases.length).toBe(2 * 48 + 2 + 2 * 2 * 10 + 2)
  })

  it.each(cases)('$name', async ({ name, file, gz, dims, affineRas, voxels }) => {
    const { volume, source, warnings } = await openCt(write(Buffer.from(file, 'base64'), gz))
    expect(volume.dims).toEqual(dims)
    const affine = [-1, -1, 1].flatMap((sign, row) => [
      ...[0, 1, 2].map((c) => sign * volume.direction[3 * row + c]! * volume.spacing[c]!),
      sign * volume.origin[row]!,
    ])
    // The quaternion is float32, and a half turn amplifies its rounding to a square root of it.
    expect(furthest(affine, affineRas.slice(0, 3).flat())).toBeLessThan(name.includes('qform') ? 2e-3 : 1e-5)
    const flips = determinant(affineRas.slice(0, 3).flatMap((r) => r.slice(0, 3)) as never)
    expect(Math.sign(determinant(volume.direction))).toBe(Math.sign(flips))
    expect([...volume.voxels]).toEqual(voxels)
    expect((source as NiftiSource).affineFrom).toBe(name.includes('qform') ? 'qform' : 'sform')
    expect((source as NiftiSource).littleEndian).toBe(!name.includes('big endian'))
    expect((source as NiftiSource).header).toEqual(new Uint8Array(bytesOf(name).subarray(0, 348)))
    const inHu = Math.min(...voxels) < -200 && Math.max(...voxels) >= 0
    expect(warnings.map((w) => w.code).filter((c) => c !== 'input/clamped')).toEqual(
      inHu ? [] : ['input/not-hu'],
    )
  })

  it('is the same packed and unpacked, and whatever it is called', async () => {
    const plain = bytesOf('RAS by sform')
    const one = await openCt(write(plain))
    expect((await openCt(write(gzipSync(plain), true))).volume).toEqual(one.volume)
    expect((await openCt(write(gzipSync(plain), false))).volume).toEqual(one.volume)
  })

  it('converts a file larger than the blocks in which it is read', async () => {
    const [nx, ny, nz] = [150, 120, 100]
    const header = bytesOf('float64, big endian').subarray(0, 352)
    header.writeInt16BE(nx, NIFTI1.dim + 2)
    header.writeInt16BE(ny, NIFTI1.dim + 4)
    header.writeInt16BE(nz, NIFTI1.dim + 6)
    const data = Buffer.alloc(8 * nx * ny * nz)
    for (let i = 0; i < nx * ny * nz; i++) data.writeDoubleBE((i % 4001) - 1000, 8 * i)
    // A first member of odd length shifts every block off the voxel boundaries.
    const all = Buffer.concat([header, data])
    const { volume } = await openCt(
      write(Buffer.concat([gzipSync(all.subarray(0, 357)), gzipSync(all.subarray(357))])),
    )
    expect(volume.voxels.every((hu, i) => hu === (i % 4001) - 1000)).toBe(true)
  })
})

describe('NIfTI-2 and .hdr/.img pairs, as nibabel reads them', () => {
  const others = volumeFileCases('nifti')

  it('cover ten datatypes in two byte orders, and pairs opened by either file, packed or not', () => {
    expect(others.length).toBe(2 * 10 + 1 + 2 * 2 * 2)
  })

  it.each(others)('$name', async (golden) => {
    const opened = await readNifti(writeCase(golden))
    expect(opened.volume.dims).toEqual(golden.dims)
    const tolerance = golden.name.includes('NIfTI-2') ? 1e-6 : 1e-4
    expect(furthest(geometryOf(opened), [...golden.steps.flat(), ...golden.origin])).toBeLessThan(tolerance)
    expect([...opened.volume.voxels]).toEqual(golden.voxels)
    const codes = opened.warnings.map((w) => w.code).filter((code) => code !== 'input/clamped')
    expect(codes).toEqual(golden.name.includes('NIfTI-2') ? ['input/nifti-2-precision'] : [])
    // What an export copies from the source's header lies where the volume lies.
    const copied = parseNifti1(
      niftiHeader(opened.volume, opened.volume.voxels, opened.source),
      true,
      'export',
    )
    const copy = niftiGeometry(copied, opened.volume.dims, 'export').grid
    expect(furthest(copy.origin, opened.volume.origin)).toBeLessThan(1e-3)
    expect(furthest(copy.spacing, opened.volume.spacing)).toBeLessThan(1e-5)
    expect(furthest(copy.direction, opened.volume.direction)).toBeLessThan(1e-3)
  })

  it('are refused where half of a pair is missing, or the voxels are cut short', async () => {
    const golden = others.find((c) => c.name.includes('pair') && c.open === 'ct.hdr')!
    const hdr = Buffer.from(golden.files['ct.hdr']!, 'base64')
    const img = Buffer.from(golden.files['ct.img']!, 'base64')
    const code = async (path: string) => (await refusal(readNifti(path))).code
    expect(await code(writeFiles({ 'ct.hdr': hdr }, 'ct.hdr'))).toBe('input/nifti-pair')
    expect(await code(writeFiles({ 'ct.img': img }, 'ct.img'))).toBe('input/nifti-pair')
    const short = { 'ct.hdr': hdr, 'ct.img': img.subarray(1) }
    expect(await code(writeFiles(short, 'ct.hdr'))).toBe('input/truncated')
  })

  it('are refused with more voxels than an export could hold', async () => {
    const bytes = Buffer.from(others[0]!.files['ct.nii']!, 'base64')
    bytes.writeBigInt64LE(40000n, 24)
    expect((await refusal(readNifti(write(bytes)))).code).toBe('input/too-large')
    bytes.writeBigInt64LE(-1n, 24)
    expect((await refusal(readNifti(write(bytes)))).code).toBe('input/nifti-header')
  })
})

describe('reading a NIfTI file', () => {
  it('tells its progress and can be stopped', async () => {
    const path = write(bytesOf('RAS by sform'), false)
    const seen: unknown[] = []
    await readNifti(path, { onProgress: (progress) => seen.push(progress) })
    expect(seen).toEqual([{ stage: 'reading', done: 5, total: 5 }])
    const stopped = readNifti(path, { signal: AbortSignal.abort() })
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('a NIfTI file with a doubtful header', () => {
  const codes = async (bytes: Buffer) => (await openCt(write(bytes))).warnings.map((w) => w.code)

  it('without orientation is taken along the axes, with a warning', async () => {
    const bytes = bytesOf('LAS by sform')
    bytes.writeInt16LE(0, NIFTI1.sformCode)
    const { volume, source, warnings } = await openCt(write(bytes))
    expect((source as NiftiSource).affineFrom).toBe('pixdim')
    expect(volume.spacing).toEqual([0.75, 1.5, 2.5])
    expect(volume.direction).toEqual([-1, 0, 0, 0, -1, 0, 0, 0, 1])
    expect(warnings.map((w) => w.code)).toEqual(['input/nifti-no-orientation'])
  })

  it('with two positions that disagree warns and uses the sform', async () => {
    const bytes = bytesOf('RAS by sform')
    bytes.writeInt16LE(1, NIFTI1.qformCode)
    bytes.writeFloatLE(-10, NIFTI1.qoffset)
    const { source, warnings } = await openCt(write(bytes))
    expect((source as NiftiSource).affineFrom).toBe('sform')
    expect(warnings.map((w) => w.code)).toEqual(['input/nifti-transforms-disagree'])
  })

  it('with an sform that is no transform falls back to the qform', async () => {
    const bytes = bytesOf('RAS by qform')
    bytes.writeInt16LE(1, NIFTI1.sformCode)
    bytes.fill(0, NIFTI1.srow, NIFTI1.srow + 48)
    const { source, warnings } = await openCt(write(bytes))
    expect((source as NiftiSource).affineFrom).toBe('qform')
    expect(warnings.map((w) => w.code)).toEqual(['input/nifti-sform'])
  })

  it('with a voxel size that contradicts its sform warns', async () => {
    const bytes = bytesOf('RAS by sform')
    bytes.writeFloatLE(1, NIFTI1.pixdim + 4)
    expect(await codes(bytes)).toEqual(['input/nifti-pixdim'])
  })

  it('in metres or micrometres is converted to millimetres', async () => {
    for (const [unit, mm] of [
      [1, 1000],
      [3, 0.001],
    ] as const) {
      const bytes = bytesOf('RAS by sform')
      bytes.writeUInt8(unit, NIFTI1.xyztUnits)
      const { volume } = await openCt(write(bytes))
      expect(furthest(volume.spacing, [0.75 * mm, 1.5 * mm, 2.5 * mm])).toBeLessThan(1e-9)
      expect(furthest(volume.origin, [12.5 * mm, -30.25 * mm, -400 * mm])).toBeLessThan(1e-9)
    }
  })

  it('with voxels that have no value sets them to air and says how many', async () => {
    const bytes = bytesOf('float32, little endian')
    bytes.writeFloatLE(Number.NaN, 352)
    bytes.writeFloatLE(1e9, 356)
    const { volume, warnings } = await openCt(write(bytes))
    expect([...volume.voxels.subarray(0, 2)]).toEqual([-1024, 32767])
    expect(warnings.map((w) => w.code)).toEqual(['input/clamped', 'input/not-a-number'])
  })

  it('with fractions says how many were rounded, where no voxel is below 0', async () => {
    const bytes = bytesOf('float32, little endian')
    const all = (value: number) => {
      for (let at = 352; at < bytes.length; at += 4) bytes.writeFloatLE(value, at)
    }
    const said = async () => (await openCt(write(bytes))).warnings.filter((w) => w.code === 'input/fractions')
    all(1.0001)
    expect(await said()).toEqual([])
    bytes.writeFloatLE(0.3, 352)
    bytes.writeFloatLE(2.5, 356)
    expect((await said()).map(({ message }) => message)).toEqual([expect.stringMatching(/: 2\.$/)])
    bytes.writeFloatLE(-1000, 360)
    expect(await said()).toEqual([])
  })
})

describe('a NIfTI file that is refused', () => {
  const code = async (edit: (bytes: Buffer) => Buffer | undefined, name = 'RAS by sform') => {
    const bytes = bytesOf(name)
    return (await refusal(openCt(write(edit(bytes) ?? bytes)))).code
  }
  const int16 = (offset: number, value: number) => (b: Buffer) => {
    b.writeInt16LE(value, offset)
    return b
  }

  it('because it is cut short, packed or not', async () => {
    expect(await code((b) => b.subarray(0, b.length - 1))).toBe('input/truncated')
    expect(await code((b) => b.subarray(0, 200))).toBe('input/truncated')
    expect(await code((b) => gzipSync(b.subarray(0, b.length - 1)))).toBe('input/truncated')
    expect(await code((b) => gzipSync(b).subarray(0, -30))).toBe('input/truncated')
    expect(await code((b) => gzipSync(b).fill(0x55, 40, 80))).toBe('input/damaged')
  })

  it('because its header promises far more than the file can hold, before memory is taken', async () => {
    const before = process.memoryUsage().arrayBuffers
    const huge = (b: Buffer) => {
      for (const axis of [1, 2, 3]) b.writeInt16LE(1000, NIFTI1.dim + 2 * axis)
      return b
    }
    expect(await code(huge)).toBe('input/truncated')
    expect(await code((b) => gzipSync(huge(b)))).toBe('input/truncated')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100e6)
    expect(await code((b) => int16(NIFTI1.dim + 2, 32767)(huge(b)))).toBe('input/too-large')
  })

  it('because of its dimensions', async () => {
    expect(await code(int16(NIFTI1.dim, 2))).toBe('input/too-few-slices')
    expect(await code(int16(NIFTI1.dim + 6, 2))).toBe('input/too-few-slices')
    expect(await code(int16(NIFTI1.dim + 6, 0))).toBe('input/nifti-header')
    expect(await code(int16(NIFTI1.dim, 8))).toBe('input/nifti-header')
    expect(await code(int16(NIFTI1.dim + 8, 3), 'a fourth dimension of one')).toBe('input/four-d')
  })

  it('because its voxels are not numbers', async () => {
    expect(await code(int16(NIFTI1.datatype, 128))).toBe('input/nifti-datatype')
    expect(await code(int16(NIFTI1.datatype, 32))).toBe('input/nifti-datatype')
    expect(await code(int16(NIFTI1.datatype, 999))).toBe('input/nifti-datatype')
  })

  it('because it is another format', async () => {
    expect(await code((b) => b.fill('ni1\0', NIFTI1.magic, NIFTI1.magic + 4))).toBe('input/nifti-pair')
    expect(await code((b) => b.fill(0, NIFTI1.magic, NIFTI1.magic + 4))).toBe('input/not-nifti')
    expect(await code((b) => void b.writeInt32LE(540, 0))).toBe('input/truncated')
    const second = (b: Buffer) => {
      b.writeInt32LE(540, 0)
      return Buffer.concat([b, Buffer.alloc(400)])
    }
    expect(await code(second)).toBe('input/not-nifti')
    expect(await code((b) => void b.writeInt32LE(7, 0))).toBe('input/not-nifti')
  })

  it('because its axes are sheared or missing', async () => {
    expect(await code((b) => void b.writeFloatLE(0.3, NIFTI1.srow + 4))).toBe('input/sheared')
    const nothing = (b: Buffer) => {
      b.fill(0, NIFTI1.srow, NIFTI1.srow + 48)
      b.fill(0, NIFTI1.pixdim, NIFTI1.pixdim + 32)
      return b
    }
    expect(await code(nothing)).toBe('input/nifti-affine')
    expect(await code((b) => void b.writeFloatLE(12.5, NIFTI1.voxOffset))).toBe('input/nifti-header')
  })

  it('and described with the reason', async () => {
    const path = write(int16(NIFTI1.datatype, 128)(bytesOf('RAS by sform')))
    const report = await describeInput(path)
    expect(report.kind).toBe('nifti')
    expect(report.series[0]).toMatchObject({ canScreen: false, dims: null })
    expect(report.series[0]!.reason?.message).toContain('RGB colour')
  })
})
