import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type SlicePlane, sliceAxes, stackGrid } from '../../../main/imaging/dicom/geometry.ts'
import { evenSpacing } from '../../../main/imaging/dicom/regularGrid.ts'
import { openCt } from '../../../main/imaging/open.ts'
import type { DicomSource } from '../../../main/imaging/source.ts'
import { blendStack, straighten } from '../../../main/imaging/stackResample.ts'
import type { Vec3 } from '../../../main/imaging/volume.ts'
import { furthest, SHARED } from './readerFixtures.ts'

interface Placed {
  dims: number[]
  spacing: number[]
  origin: number[]
}
interface Synthetic extends Placed {
  rowDirection: Vec3
  columnDirection: Vec3
  pixelSpacing: [number, number]
  positions: Vec3[]
  columns: number
  rows: number
  images: number[]
  voxels: number[]
}
interface Real extends Placed {
  images: number
  /** i, j, k and the value there. */
  samples: [number, number, number, number][]
}

/** Made by test/golden/make_geometry.py. */
const golden = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../golden/geometry.json'), 'utf8'),
) as { synthetic: Record<string, Synthetic>; real: Record<string, Real> }

/** Interpolated values are rounded once along the normal and once more within the plane. */
const ROUNDING = 1 + 1e-4

describe('a stack that is not regular is resampled as scipy does it', () => {
  it.each(Object.entries(golden.synthetic))('%s', (_, expected) => {
    const { columns, rows, positions } = expected
    const axes = sliceAxes([...expected.rowDirection, ...expected.columnDirection])!
    const slices: SlicePlane[] = positions.map((imagePosition) => ({
      imagePosition,
      imageOrientation: [...expected.rowDirection, ...expected.columnDirection],
      pixelSpacing: expected.pixelSpacing,
      rows,
      columns,
    }))
    const { grid, blends, shear } = stackGrid(slices, axes)
    expect(grid.dims).toEqual(expected.dims)
    expect(furthest(grid.spacing, expected.spacing)).toBeLessThan(1e-9)
    expect(furthest(grid.origin, expected.origin)).toBeLessThan(1e-9)
    let voxels = new Int16Array(blends.length * columns * rows)
    blendStack(Int16Array.from(expected.images), columns * rows, blends, voxels)
    if (shear) {
      const upright = new Int16Array(grid.dims[0] * grid.dims[1] * grid.dims[2])
      straighten(voxels, shear, upright)
      voxels = upright
    }
    expect(furthest([...voxels], expected.voxels)).toBeLessThan(ROUNDING)
  })

  it.skipIf(!existsSync(SHARED)).each(Object.entries(golden.real))(
    'public scan %s',
    async (name, expected) => {
      const { volume, source } = await openCt(join(SHARED, 'dicom/edge', name))
      expect(volume.dims).toEqual(expected.dims)
      expect(furthest(volume.spacing, expected.spacing)).toBeLessThan(1e-6)
      expect(furthest(volume.origin, expected.origin)).toBeLessThan(1e-6)
      expect((source as DicomSource).images).toHaveLength(expected.images)
      const [nx, ny] = volume.dims
      const found = expected.samples.map(([i, j, k]) => volume.voxels[i + nx * (j + ny * k)]!)
      expect(
        furthest(
          found,
          expected.samples.map(([, , , value]) => value),
        ),
      ).toBeLessThan(ROUNDING)
    },
  )
})

describe('the policy on slice spacing', () => {
  const code = (heights: number[]) => evenSpacing(heights).warnings.map((w) => w.code)
  /** Heights from 100 mm on. */
  const steps = (...gaps: number[]) => {
    const heights = [100]
    for (const gap of gaps) heights.push(heights.at(-1)! + gap)
    return heights
  }
  const even = (n: number, gap = 2) => new Array<number>(n).fill(gap)

  it('takes an even spacing as it is', () => {
    const { step, imageOf, filled, warnings } = evenSpacing(steps(2, 2, 2))
    expect([step, imageOf, filled, warnings]).toEqual([2, [0, 1, 2, 3], [], []])
  })

  it('fills slices that are missing, names them, and leaves those that are there as they are', () => {
    const { imageOf, filled, warnings, blends } = evenSpacing(steps(2, 2, 6, 2, 2, 4, 2, 2, 2))
    expect(filled).toEqual([3, 4, 8])
    expect(imageOf).toEqual([0, 1, 2, null, null, 3, 4, 5, null, 6, 7, 8, 9])
    expect(blends[4]).toEqual({ below: 2, above: 3, weight: 2 / 3 })
    expect(warnings).toEqual([
      {
        code: 'input/missing-slices',
        message:
          '3 slices are missing of 13, counted along the slice normal: slices 4 to 5 (106.0 to 108.0 mm), slice 9 (at 116.0 mm). They were interpolated from their neighbours and are not scored.',
      },
    ])
  })

  it('refuses where more than a quarter is missing, or a gap is longer than 20 mm', () => {
    expect(code(steps(...even(3), 4))).toEqual(['input/missing-slices'])
    expect(() => evenSpacing(steps(...even(3), 8))).toThrow('3 of 8 slices are missing, more than a quarter')
    expect(code(steps(...even(40), 20, ...even(40)))).toEqual(['input/missing-slices'])
    expect(() => evenSpacing(steps(...even(40), 22, ...even(40)))).toThrow('between 180 mm and 202 mm')
    expect(() => evenSpacing(steps(...even(40), 21.1, ...even(40)))).toThrow('between 180 mm and 201.1 mm')
    expect(() => evenSpacing(steps(2, 2, 1e9))).toThrow('no image shows the patient')
  })

  it('resamples any other spacing to the usual one, of two the finer, and says so', () => {
    const { step, blends, filled, imageOf, warnings } = evenSpacing(steps(2, 2, 3, 3))
    expect(step).toBe(2)
    expect(blends).toHaveLength(6)
    expect(imageOf).toEqual([0, 1, 2, null, null, 4])
    expect(filled).toEqual([])
    expect(warnings.map((w) => w.code)).toEqual(['input/resampled-spacing'])
    expect(warnings[0]!.message).toContain('from 2 mm to 3 mm: the 5 images were resampled to 6 slices 2 mm')
  })

  it('of a tilted stack claims no slice to be an image: each is shifted', () => {
    const axes = sliceAxes([1, 0, 0, 0, 1, 0])!
    const tilted = (shift: number) =>
      stackGrid(
        [0, 2, 4, 7, 10].map((z) => ({
          imagePosition: [0, shift * z, z] as Vec3,
          imageOrientation: [1, 0, 0, 0, 1, 0] as const,
          pixelSpacing: [1, 1] as const,
          rows: 64,
          columns: 64,
        })),
        axes,
      )
    const messages = (shift: number) => tilted(shift).warnings.map((w) => w.message)
    expect(messages(0)).toEqual([expect.stringContaining('of which 4 lie where an image does')])
    expect(messages(0.3)).toHaveLength(2)
    expect(messages(0.3)[0]).toContain('tilted gantry (16.7 degrees)')
    expect(messages(0.3)[1]).toMatch(/resampled to 6 slices 2 mm apart\.$/)
    expect(tilted(0.3).imageOf.every((image) => image === null)).toBe(true)
  })

  it('fills what is far from any image in a resampled stack too', () => {
    const { filled, warnings } = evenSpacing(steps(...even(10), 5.1, ...even(10)))
    // Images lie at 120 and 125.1 mm: the slices at 122 and 124 mm are more than half a step from both.
    expect(filled).toEqual([11, 12])
    expect(warnings.map((w) => w.code)).toEqual(['input/resampled-spacing', 'input/missing-slices'])
  })
})
