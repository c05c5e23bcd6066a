import { describe, expect, it } from 'vitest'
import { reorient } from '../../../main/imaging/reorient.ts'
import { resampleCanonical, resampledLength } from '../../../main/imaging/resample.ts'
import { type CtVolume, IDENTITY, indexToPatient, type Vec3 } from '../../../main/imaging/volume.ts'
import { dimsOf, type GoldenArray, largestDifference, openGolden } from './goldenArrays.ts'
import { ORIENTATIONS, tilt } from './orientations.ts'

const golden = openGolden('preprocess')
const cases = golden.cases.resample as {
  name: string
  hu: GoldenArray
  spacing: Vec3
  target: Vec3
  expected: GoldenArray
}[]

const volumeOf = (c: (typeof cases)[number]): CtVolume => ({
  dims: dimsOf(c.hu),
  spacing: c.spacing,
  origin: [3, -4, 5],
  direction: IDENTITY,
  voxels: golden.array<Int16Array>(c.hu),
})
const whole = (dims: Vec3) => ({ start: [0, 0, 0] as Vec3, end: dims })

describe('linear resampling', () => {
  it.each(cases)('equals scipy.ndimage.map_coordinates(order=1) to 1e-3 HU: $name', (c) => {
    const ct = volumeOf(c)
    const result = resampleCanonical(ct, whole(ct.dims), c.target)
    expect(result.dims).toEqual(c.expected.dims)
    expect(largestDifference(result.voxels, golden.array(c.expected))).toBeLessThan(1e-3)
  })

  it.each(ORIENTATIONS.map((d) => [d.join(' '), d] as const))(
    'reads any stored order as its canonical copy, axes %s',
    (_, direction) => {
      const stored = { ...volumeOf(cases[0]!), direction: tilt(direction, [5, -8, 11]) }
      const canonical = reorient(stored)
      const box = { start: [2, 1, 3] as Vec3, end: canonical.dims.map((n) => n - 2) as unknown as Vec3 }
      const target: Vec3 = [1.1, 0.9, 1.6]
      expect(resampleCanonical(stored, box, target)).toEqual(resampleCanonical(canonical, box, target))
    },
  )

  it("starts at the centre of the crop's first voxel", () => {
    const ct = { ...volumeOf(cases[0]!), direction: tilt(IDENTITY, [0, 10, 20]) }
    const result = resampleCanonical(ct, { start: [4, 3, 2], end: [20, 18, 9] }, [1.5, 1.5, 1.5])
    expect(result.origin).toEqual(indexToPatient(ct, [4, 3, 2]))
    expect(result.voxels[0]).toBe(ct.voxels[4 + 25 * (3 + 22 * 2)])
  })

  it('keeps the last voxel where rounding puts it a hair beyond the end', () => {
    expect(resampledLength(4, 0.1, 0.3)).toBe(2)
    expect(resampledLength(31, 0.7, 2.1)).toBe(11)
    expect(resampledLength(1, 5, 1.5)).toBe(1)
  })
})
