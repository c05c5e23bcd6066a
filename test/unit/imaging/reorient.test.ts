import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalView, reorient } from '../../../main/imaging/reorient.ts'
import { IDENTITY, indexToPatient, type Mat3, type Vec3, type Volume } from '../../../main/imaging/volume.ts'
import { ORIENTATIONS, tilt } from './orientations.ts'

/** Every voxel's value is its own stored offset, so that it can be followed. */
function numbered(dims: Vec3, spacing: Vec3, origin: Vec3, direction: Mat3): Volume<Int32Array> {
  const n = dims[0] * dims[1] * dims[2]
  return { dims, spacing, origin, direction, voxels: Int32Array.from({ length: n }, (_, i) => i) }
}

const indexOf = (offset: number, [nx, ny]: Vec3): Vec3 => [
  offset % nx,
  Math.floor(offset / nx) % ny,
  Math.floor(offset / (nx * ny)),
]

const arbitraryDims = fc.tuple(
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 1, max: 5 }),
)
const mm = (min: number, max: number) => fc.double({ min, max, noNaN: true })
const arbitrarySpacing = fc.tuple(mm(0.3, 6), mm(0.3, 6), mm(0.3, 6))
const arbitraryOrigin = fc.tuple(mm(-500, 500), mm(-500, 500), mm(-2000, 2000))
// Below 17° about each axis no voxel axis gets closer to another patient axis.
const arbitraryTilt = fc.tuple(mm(-17, 17), mm(-17, 17), mm(-17, 17))

describe('canonical orientation', () => {
  it.each(ORIENTATIONS.map((d) => [d.join(' '), d] as const))(
    'keeps every voxel where it is in the patient, axes %s',
    (_, direction) => {
      fc.assert(
        fc.property(
          arbitraryDims,
          arbitrarySpacing,
          arbitraryOrigin,
          arbitraryTilt,
          (dims, spacing, origin, angles) => {
            const source = numbered(dims, spacing, origin, tilt(direction, angles))
            const canonical = reorient(source)
            expect(new Set(canonical.voxels).size).toBe(source.voxels.length)
            canonical.voxels.forEach((value, offset) => {
              const before = indexToPatient(source, indexOf(value, source.dims))
              const after = indexToPatient(canonical, indexOf(offset, canonical.dims))
              for (let r = 0; r < 3; r++) expect(Math.abs(after[r]! - before[r]!)).toBeLessThan(1e-9)
            })
          },
        ),
        { numRuns: 8 },
      )
    },
  )

  it.each(ORIENTATIONS.map((d) => [d.join(' '), d] as const))(
    'runs toward Left, Posterior and Superior, axes %s',
    (_, direction) => {
      const { grid } = canonicalView(numbered([2, 3, 4], [1, 2, 3], [0, 0, 0], direction))
      expect(grid.direction).toEqual(IDENTITY)
      // The spacings and lengths travel with their axes: axis a had a + 2 voxels of (a + 1) mm.
      for (let p = 0; p < 3; p++) {
        const a = [0, 1, 2].find((c) => direction[3 * p + c] !== 0)!
        expect([grid.dims[p], grid.spacing[p]]).toEqual([a + 2, a + 1])
      }
    },
  )

  it('does not copy a volume that is canonical already', () => {
    const source = numbered([3, 4, 5], [1, 1, 2], [1, 2, 3], tilt(IDENTITY, [12, 0, 5]))
    expect(reorient(source).voxels).toBe(source.voxels)
  })

  it('leaves the axes as stored at a tie, an axis at 45°', () => {
    const source = numbered([2, 3, 4], [1, 1, 1], [0, 0, 0], tilt(IDENTITY, [0, 0, 45]))
    expect(canonicalView(source).axes).toEqual([0, 1, 2])
  })
})
