import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeNifti } from '../../../main/exporting/nifti.ts'
import type { DicomSource, NiftiSource } from '../../../main/imaging/source.ts'
import type { Grid, Mat3, Vec3, VoxelArray } from '../../../main/imaging/volume.ts'
import { judge, pythonHas } from './judges.ts'
import { caseSource, SEG_CASES } from './segCases.ts'

// Made by nibabel: test/golden/make_exports.py.
type DType = 'uint8' | 'int16' | 'uint16' | 'float32'
interface SourceGolden {
  name: string
  littleEndian: boolean
  dtype: DType
  affine: number[][]
  source: string
  expected: string
}
interface GridGolden {
  name: string
  direction: Mat3
  spacing: Vec3
  origin: Vec3
  affine: number[][]
  qfac?: number
  quatern?: number[]
}
const golden = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../golden/exports/${name}.json`, import.meta.url), 'utf8'))
const SOURCES: SourceGolden[] = golden('nifti-sources')
const GRIDS: GridGolden[] = golden('nifti-grids')

const DIMS: Vec3 = [4, 3, 5]
const DICOM = caseSource(SEG_CASES[0], 0)
const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))

/** As in make_exports.py: (7 · offset) mod 251, a quarter of it for float32. */
function voxels(dtype: DType): VoxelArray {
  const values = Array.from({ length: 60 }, (_, i) => (7 * i) % 251)
  if (dtype === 'uint8') return Uint8Array.from(values)
  if (dtype === 'int16') return Int16Array.from(values)
  if (dtype === 'uint16') return Uint16Array.from(values)
  return Float32Array.from(values, (v) => v / 4)
}

function sourceOf(g: SourceGolden): NiftiSource {
  return {
    kind: 'nifti',
    path: 'source.nii',
    header: hex(g.source),
    affineFrom: 'sform',
    littleEndian: g.littleEndian,
  }
}

/** The grid matters for its dims alone where the geometry is the source's. */
const ANY_GRID: Grid = {
  dims: DIMS,
  spacing: [1, 1, 1],
  origin: [0, 0, 0],
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
}

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'nifti-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

/** Header fields that make up the affine, and the voxel type: dim, datatype, bitpix, pixdim, units, forms. */
const FIELDS: [string, number, number][] = [
  ['dim', 40, 16],
  ['datatype and bitpix', 70, 4],
  ['pixdim', 76, 32],
  ['vox_offset', 108, 4],
  ['xyzt_units', 123, 1],
  ['qform_code and sform_code', 252, 4],
  ['quatern', 256, 12],
  ['qoffset', 268, 12],
  ['srow', 280, 48],
  ['magic', 344, 8],
]

describe('a NIfTI export of a NIfTI source', () => {
  it.each(SOURCES)('has the source’s geometry and our voxels, as nibabel writes them: $name', async (g) => {
    const path = join(dir, 'out.nii')
    await writeNifti(path, ANY_GRID, voxels(g.dtype), sourceOf(g))
    const ours = new Uint8Array(readFileSync(path))
    const theirs = hex(g.expected)
    for (const [name, offset, length] of FIELDS) {
      expect([name, ...ours.subarray(offset, offset + length)]).toEqual([
        name,
        ...theirs.subarray(offset, offset + length),
      ])
    }
    expect(ours.subarray(352)).toEqual(theirs.subarray(352))
  })

  it('does not carry over the source’s scaling: its slope was 2', async () => {
    const path = join(dir, 'scale.nii')
    await writeNifti(path, ANY_GRID, voxels('uint16'), sourceOf(SOURCES[0]))
    const view = new DataView(new Uint8Array(readFileSync(path)).buffer)
    expect([view.getFloat32(112, true), view.getFloat32(116, true)]).toEqual([1, 0])
    expect(new DataView(hex(SOURCES[0].source).buffer).getFloat32(112, true)).toBe(2)
  })

  it('says what it is', async () => {
    const path = join(dir, 'descrip.nii')
    await writeNifti(path, ANY_GRID, voxels('uint16'), sourceOf(SOURCES[0]))
    const text = readFileSync(path).subarray(148, 228).toString('latin1').replace(/\0+$/, '')
    expect(text).toBe('Screener Workstation - research use only')
  })

  it('refuses a grid of another size than the source', async () => {
    const grid: Grid = { ...ANY_GRID, dims: [4, 5, 3] }
    await expect(
      writeNifti(join(dir, 'bad.nii'), grid, voxels('uint8'), sourceOf(SOURCES[0])),
    ).rejects.toThrow(RangeError)
    expect(readdirSync(dir)).not.toContain('bad.nii')
  })
})

describe('a NIfTI export of a DICOM source', () => {
  it.each(GRIDS)('has the RAS affine of the LPS grid: $name', async (g) => {
    const path = join(dir, 'dicom.nii')
    await writeNifti(path, { ...g, dims: DIMS }, voxels('int16'), DICOM)
    const view = new DataView(new Uint8Array(readFileSync(path)).buffer)
    const f = (offset: number, n: number) =>
      Array.from({ length: n }, (_, i) => view.getFloat32(offset + 4 * i, true))
    expect(view.getInt16(254, true), 'sform_code').toBe(1)
    expect([f(280, 4), f(296, 4), f(312, 4)]).toEqual(g.affine.slice(0, 3))
    expect(view.getUint8(123), 'millimetres').toBe(2)
    if (g.quatern === undefined) {
      expect(view.getInt16(252, true), 'no qform for a sheared grid').toBe(0)
    } else {
      expect(view.getInt16(252, true), 'qform_code').toBe(1)
      expect(f(76, 1)).toEqual([g.qfac])
      // A half turn may be written as either of two opposite axes.
      const ours = f(256, 3)
      const sign = Math.sign(ours.reduce((sum, q, i) => sum + q * g.quatern![i], 0)) || 1
      g.quatern.forEach((q, i) => {
        expect(ours[i] * sign).toBeCloseTo(q, 5)
      })
    }
  })
})

describe('a NIfTI export of an NRRD or MetaImage source', () => {
  it.each(GRIDS)('has the RAS affine of the LPS grid, as that of a DICOM source has: $name', async (g) => {
    const grid = { ...g, dims: DIMS }
    await writeNifti(join(dir, 'dicom.nii'), grid, voxels('int16'), DICOM)
    for (const kind of ['nrrd', 'metaimage'] as const) {
      await writeNifti(join(dir, 'other.nii'), grid, voxels('int16'), { kind, path: 'scan' })
      expect(readFileSync(join(dir, 'other.nii'))).toEqual(readFileSync(join(dir, 'dicom.nii')))
    }
  })
})

describe('a NIfTI export', () => {
  const descriptionOf = async (change: Partial<DicomSource>) => {
    const path = join(dir, 'note.nii')
    await writeNifti(path, ANY_GRID, voxels('uint8'), { ...DICOM, ...change })
    return readFileSync(path).subarray(148, 228).toString('latin1').replace(/\0+$/, '')
  }
  const [a, b, c, d, e] = DICOM.slices

  it('says in its description what was done to the scan', async () => {
    expect(await descriptionOf({})).toBe('Screener Workstation - research use only')
    expect(await descriptionOf({ lossy: true })).toBe('Screener - research use only; lossy source')
    expect(await descriptionOf({ slices: [a, null, c, null, e] })).toBe(
      'Screener - research use only; 2 of 5 slices interpolated',
    )
    expect(await descriptionOf({ lossy: true, slices: [a, b, null, d, e] })).toBe(
      'Screener - research use only; lossy source; 1 of 5 slices interpolated',
    )
  })

  it('has a description that ends within its field however many slices there are', async () => {
    const text = await descriptionOf({ lossy: true, slices: new Array(9999).fill(null) })
    expect(text).toBe('Screener - research use only; lossy source; 9999 of 9999 slices interpolated')
    expect(text.length).toBeLessThan(80)
  })
})

describe('writing', () => {
  it('compresses where the name ends in .gz, and only there', async () => {
    await writeNifti(join(dir, 'a.nii'), ANY_GRID, voxels('float32'), DICOM)
    await writeNifti(join(dir, 'a.nii.gz'), ANY_GRID, voxels('float32'), DICOM)
    expect(gunzipSync(readFileSync(join(dir, 'a.nii.gz')))).toEqual(readFileSync(join(dir, 'a.nii')))
  })

  it('takes slices one at a time, from an array used again for each', async () => {
    const whole = voxels('float32') as Float32Array
    const slab = new Float32Array(12)
    const asked: number[] = []
    const slices = (k: number) => {
      asked.push(k)
      slab.set(whole.subarray(12 * k, 12 * (k + 1)))
      return slab
    }
    await writeNifti(join(dir, 'slab.nii.gz'), ANY_GRID, slices, DICOM)
    await writeNifti(join(dir, 'whole.nii.gz'), ANY_GRID, whole, DICOM)
    expect(readFileSync(join(dir, 'slab.nii.gz'))).toEqual(readFileSync(join(dir, 'whole.nii.gz')))
    expect(asked).toEqual([0, 1, 2, 3, 4])
  })

  it('stops within a few slices when it is cancelled, and leaves nothing', async () => {
    // 64 slices of 1 MiB of noise: seconds of compression, of which 20 ms are waited for.
    const grid: Grid = { ...ANY_GRID, dims: [512, 512, 64] }
    const noise = Float32Array.from({ length: 512 * 512 }, Math.random)
    let asked = 0
    const slices = () => {
      asked++
      return noise
    }
    const path = join(dir, 'big.nii.gz')
    const signal = AbortSignal.timeout(20)
    await expect(writeNifti(path, grid, slices, DICOM, { signal })).rejects.toMatchObject({
      name: expect.stringMatching(/^(Abort|Timeout)Error$/),
    })
    expect(asked).toBeLessThan(64)
    expect(readdirSync(dir)).not.toContain('big.nii.gz')
  })

  it('refuses slices of another type or size than the first', async () => {
    const path = join(dir, 'mixed.nii')
    const slices = (k: number) => (k < 2 ? new Float32Array(12) : new Uint8Array(12))
    await expect(writeNifti(path, ANY_GRID, slices, DICOM)).rejects.toThrow(/Slice 2/)
    await expect(writeNifti(path, ANY_GRID, new Uint8Array(59), DICOM)).rejects.toThrow(RangeError)
    expect(readdirSync(dir)).not.toContain('mixed.nii')
  })

  it('says in words that a folder is missing', async () => {
    await expect(
      writeNifti(join(dir, 'missing', 'a.nii'), ANY_GRID, voxels('uint8'), DICOM),
    ).rejects.toMatchObject({ name: 'WorkstationError', code: 'output/not-writable' })
  })
})

describe.skipIf(!pythonHas('nibabel'))('nibabel (skipped where Python has no nibabel)', () => {
  it('reads every export with the source’s affine, equal to the last bit', async () => {
    const checks: object[] = []
    for (const [i, g] of SOURCES.entries()) {
      const file = `source-${i}.nii${i % 2 ? '.gz' : ''}`
      await writeNifti(join(dir, file), ANY_GRID, voxels(g.dtype), sourceOf(g))
      checks.push({ file, affine: g.affine, dtype: g.dtype })
    }
    for (const [i, g] of GRIDS.entries()) {
      const file = `grid-${i}.nii.gz`
      await writeNifti(join(dir, file), { ...g, dims: DIMS }, voxels('float32'), DICOM)
      checks.push({ file, affine: g.affine, dtype: 'float32', qform: g.quatern ? 1 : 0 })
    }
    writeFileSync(join(dir, 'checks.json'), JSON.stringify(checks))
    expect(judge('--check-nifti', dir)).toBe('ok')
  })
})
