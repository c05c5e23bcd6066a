import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alongNormal, type SlicePlane, sliceAxes, stackGrid } from '../../../main/imaging/dicom/geometry.ts'
import type { Cosines } from '../../../main/imaging/dicom/header.ts'
import { determinant, indexToPatient, type Vec3 } from '../../../main/imaging/volume.ts'
import { furthest } from './readerFixtures.ts'

const angle = fc.double({ min: -Math.PI, max: Math.PI, noNaN: true })
const mm = fc.double({ min: 0.2, max: 10, noNaN: true })

/** Row and column direction of a plane turned by Euler angles. */
function cosines(a: number, b: number, c: number): Cosines {
  const [ca, sa, cb, sb, cc, sc] = [
    Math.cos(a),
    Math.sin(a),
    Math.cos(b),
    Math.sin(b),
    Math.cos(c),
    Math.sin(c),
  ]
  return [ca * cb, sa * cb, -sb, ca * sb * sc - sa * cc, sa * sb * sc + ca * cc, cb * sc]
}

describe('a stack of slices', () => {
  it('puts the pixel (i, j) of slice k where DICOM PS3.3 C.7.6.2.1.1 (equation C.7.6.2.1-1) puts it', () => {
    fc.assert(
      fc.property(
        angle,
        angle,
        angle,
        mm,
        mm,
        mm,
        fc.integer({ min: 3, max: 9 }),
        (a, b, c, dx, dy, dz, n) => {
          const imageOrientation = cosines(a, b, c)
          const axes = sliceAxes(imageOrientation)!
          const slices: SlicePlane[] = Array.from({ length: n }, (_, k) => ({
            imagePosition: [10, -20, 30].map((o, i) => o + axes.normal[i]! * dz * k) as unknown as Vec3,
            imageOrientation,
            pixelSpacing: [dy, dx],
            rows: 6,
            columns: 8,
          }))
          const { grid, warnings } = stackGrid(slices, axes)
          expect(warnings).toEqual([])
          expect(grid.dims).toEqual([8, 6, n])
          expect(determinant(grid.direction)).toBeCloseTo(1, 9)
          slices.forEach((slice, k) => {
            const [i, j] = [5, 3]
            const expected = slice.imagePosition.map(
              (s, r) => s + imageOrientation[r]! * dx * i + imageOrientation[3 + r]! * dy * j,
            )
            expect(furthest(indexToPatient(grid, [i, j, k]), expected)).toBeLessThan(1e-9)
          })
        },
      ),
    )
  })

  it('sorts by the position along row × column, whatever the orientation', () => {
    const feetward = sliceAxes([-1, 0, 0, 0, 1, 0])!
    expect(alongNormal({ imagePosition: [0, 0, 5] }, feetward)).toBeLessThan(
      alongNormal({ imagePosition: [0, 0, 4] }, feetward),
    )
  })

  it('knows vectors that are no orientation', () => {
    expect(sliceAxes([1, 0, 0, 1, 0, 0])).toBeUndefined()
    expect(sliceAxes([0, 0, 0, 0, 1, 0])).toBeUndefined()
    expect(sliceAxes([1, 0, 0, 0.01, 1, 0])).toBeUndefined()
    expect(sliceAxes([2, 0, 0, 0, 1, 0])).toBeUndefined()
  })

  it('squares up cosines that were rounded to four digits', () => {
    const { row, column, normal } = sliceAxes([0.913, -0.3255, 0.246, 0.3522, 0.9331, -0.0728])!
    for (const v of [row, column, normal]) expect(Math.hypot(...v)).toBeCloseTo(1, 12)
    expect(row[0] * column[0] + row[1] * column[1] + row[2] * column[2]).toBeCloseTo(0, 12)
  })
})
