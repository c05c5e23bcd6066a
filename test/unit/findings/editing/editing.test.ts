import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Draft, forEachVoxel } from '../../../../main/findings/editing/draft.ts'
import { distances, fillEnclosed, interpolateSlices } from '../../../../main/findings/editing/slices.ts'
import { paintStamp } from '../../../../main/findings/editing/stamp.ts'
import {
  type Grid,
  IDENTITY,
  indexToPatient,
  type Mat3,
  patientToIndex,
  type Vec3,
} from '../../../../main/imaging/volume.ts'

const grid = (change: Partial<Grid> = {}): Grid => ({
  dims: [40, 36, 20],
  spacing: [1, 1, 1],
  origin: [0, 0, 0],
  direction: IDENTITY,
  ...change,
})

/** Oblique, left-handed. */
const OBLIQUE: Mat3 = [0.8, 0.6, 0, -0.6, 0.8, 0, 0, 0, -1]

/** The voxels as a set of words, to compare with what the definition says. */
function members(draft: Draft): Set<string> {
  const found = new Set<string>()
  forEachVoxel(draft, (x, y, z) => found.add(`${x},${y},${z}`))
  return found
}

function expected(dims: Vec3, holds: (x: number, y: number, z: number) => boolean): Set<string> {
  const found = new Set<string>()
  for (let z = 0; z < dims[2]; z++)
    for (let y = 0; y < dims[1]; y++)
      for (let x = 0; x < dims[0]; x++) if (holds(x, y, z)) found.add(`${x},${y},${z}`)
  return found
}

describe('a brush', () => {
  const strokes = fc.array(
    fc.record({
      from: fc.tuple(fc.integer({ min: -3, max: 42 }), fc.integer({ min: -3, max: 38 }), fc.nat(21)),
      radiusMm: fc.double({ min: 1, max: 6, noNaN: true }),
      value: fc.constantFrom(0 as const, 1 as const),
    }),
    { maxLength: 6 },
  )

  it.each([
    ['upright', grid()],
    ['oblique, left-handed, of uneven spacing', grid({ direction: OBLIQUE, spacing: [0.7, 0.9, 2.5] })],
  ])('as a ball takes the voxels whose centres it covers, stroke after stroke (%s grid)', (_, g) => {
    fc.assert(
      fc.property(strokes, (list) => {
        const draft = new Draft(g.dims, null)
        let wanted = new Set<string>()
        for (const { from, radiusMm, value } of list) {
          const centre = indexToPatient(g, from)
          const radius = Math.max(radiusMm, 0.5 * Math.hypot(...g.spacing))
          paintStamp(draft, g, { fromMm: centre, toMm: centre, radiusMm, normal: null }, value)
          const ball = expected(g.dims, (x, y, z) => {
            const p = indexToPatient(g, [x, y, z])
            return Math.hypot(p[0] - centre[0], p[1] - centre[1], p[2] - centre[2]) <= radius
          })
          wanted =
            value === 1
              ? new Set([...wanted, ...ball])
              : new Set([...wanted].filter((voxel) => !ball.has(voxel)))
        }
        expect(members(draft)).toEqual(wanted)
        expect(draft.voxelCount).toBe(wanted.size)
        const region = draft.toRegion()
        expect(region === null).toBe(wanted.size === 0)
        if (region) expect(members(new Draft(g.dims, region))).toEqual(wanted)
      }),
      { numRuns: 25 },
    )
  })

  it('as a disc paints one layer of voxels, also where the plane lies exactly between two', () => {
    for (const z of [7, 7.5, 7.49, 8]) {
      const draft = new Draft(grid().dims, null)
      const at: Vec3 = [20, 18, z]
      paintStamp(draft, grid(), { fromMm: at, toMm: at, radiusMm: 4, normal: [0, 0, 1] }, 1)
      const region = draft.toRegion()!
      expect(region.min[2]).toBe(region.max[2])
      expect(Math.abs(region.min[2] - z)).toBeLessThanOrEqual(0.5)
    }
  })

  it('leaves no gap between two places of a quick pointer', () => {
    const draft = new Draft(grid().dims, null)
    const stroke = {
      fromMm: [5, 5, 3] as Vec3,
      toMm: [33, 30, 3] as Vec3,
      radiusMm: 2,
      normal: [0, 0, 1] as Vec3,
    }
    paintStamp(draft, grid(), stroke, 1)
    for (let t = 0; t <= 1; t += 0.05)
      expect(draft.has(Math.round(5 + 28 * t), Math.round(5 + 25 * t), 3)).toBe(true)
  })

  it('smaller than a voxel still takes the one that it points at', () => {
    const g = grid({ spacing: [0.7, 0.7, 5] })
    const at = indexToPatient(g, [10.4, 11.3, 6])
    const draft = new Draft(g.dims, null)
    expect(
      paintStamp(draft, g, { fromMm: at, toMm: at, radiusMm: 0.01, normal: [0, 0, 1] }, 1),
    ).toBeGreaterThan(0)
    expect(draft.has(10, 11, 6)).toBe(true)
  })

  it('keeps to the voxels that it may paint', () => {
    const draft = new Draft(grid().dims, null)
    const at: Vec3 = [20, 18, 10]
    paintStamp(draft, grid(), { fromMm: at, toMm: at, radiusMm: 5, normal: null }, 1, (x) => x >= 20)
    expect(draft.toRegion()!.min[0]).toBe(20)
  })

  it('finds the voxel of a patient position on any grid', () => {
    const g = grid({ direction: OBLIQUE, spacing: [0.7, 0.9, 2.5], origin: [-120, 33, 812] })
    const index = patientToIndex(g, indexToPatient(g, [3.25, 17, 9.5]))
    expect(index.map((v) => Number(v.toFixed(9)))).toEqual([3.25, 17, 9.5])
  })
})

describe('filling', () => {
  const ring = (axis: 0 | 1 | 2) => {
    const draft = new Draft([30, 30, 30], null)
    const inRing = (a: number, b: number) => Math.abs(Math.hypot(a - 15, b - 15) - 8) <= 1
    draft.paint({ min: [0, 0, 0], max: [29, 29, 29] }, 1, (x, y, z) => {
      const p = [x, y, z]
      const [u, v] = [0, 1, 2].filter((a) => a !== axis)
      return p[axis] === 11 && inRing(p[u], p[v])
    })
    return draft
  }

  it.each([0, 1, 2] as const)('takes what the outline encloses in a slice across axis %i', (axis) => {
    const draft = ring(axis)
    const before = draft.voxelCount
    const seed = [15, 15, 15]
    seed[axis] = 11
    const added = fillEnclosed(draft, axis, seed as unknown as Vec3)
    const [u, v] = [0, 1, 2].filter((a) => a !== axis)
    const disc = expected([30, 30, 30], (x, y, z) => {
      const p = [x, y, z]
      return p[axis] === 11 && Math.hypot(p[u] - 15, p[v] - 15) <= 9
    })
    expect(members(draft)).toEqual(disc)
    expect(added).toBe(disc.size - before)
  })

  it('changes nothing outside the outline, in it, or in a slice without one', () => {
    const draft = ring(2)
    expect(fillEnclosed(draft, 2, [1, 1, 11])).toBe(0)
    expect(fillEnclosed(draft, 2, [15, 7, 11])).toBe(0)
    expect(fillEnclosed(draft, 2, [15, 15, 12])).toBe(0)
  })
})

describe('interpolation between slices', () => {
  const disc = (draft: Draft, z: number, cx: number, cy: number, radius: number) =>
    draft.paint({ min: [0, 0, z], max: [59, 59, z] }, 1, (x, y) => Math.hypot(x - cx, y - cy) <= radius)
  const areaOf = (draft: Draft, z: number) =>
    [...members(draft)].filter((voxel) => voxel.endsWith(`,${z}`)).length

  it('gives half-way between two discs one of the radius and at the place in between', () => {
    const draft = new Draft([60, 60, 20], null)
    disc(draft, 4, 15, 20, 6)
    disc(draft, 8, 40, 30, 12)
    expect(interpolateSlices(draft, 2, [1, 1, 1])).toBeGreaterThan(0)
    const between = new Draft([60, 60, 20], null)
    disc(between, 6, 27.5, 25, 9)
    const found = new Set([...members(draft)].filter((voxel) => voxel.endsWith(',6')))
    const wanted = members(between)
    const both = [...found].filter((voxel) => wanted.has(voxel)).length
    expect((2 * both) / (found.size + wanted.size)).toBeGreaterThan(0.95)
  })

  it('repeats a shape that does not change, and leaves drawn slices and the ends as they are', () => {
    const draft = new Draft([60, 60, 20], null)
    disc(draft, 4, 20, 20, 7)
    disc(draft, 9, 20, 20, 7)
    const area = areaOf(draft, 4)
    interpolateSlices(draft, 2, [1, 1, 1])
    for (const z of [4, 5, 6, 7, 8, 9]) expect(areaOf(draft, z)).toBe(area)
    expect(areaOf(draft, 3)).toBe(0)
    expect(areaOf(draft, 10)).toBe(0)
    expect(interpolateSlices(draft, 2, [1, 1, 1])).toBe(0)
  })

  it('measures distances as the definition does, on pixels that are not square', () => {
    const width = 9
    const height = 7
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: width * height, maxLength: width * height, max: 1 }),
        (inside) => {
          fc.pre(inside.includes(1))
          const found = distances({ width, height, inside }, 1, 0.7, 1.9)
          for (let at = 0; at < inside.length; at++) {
            let nearest = Number.POSITIVE_INFINITY
            inside.forEach((value, other) => {
              if (value === 0) return
              const du = 0.7 * ((at % width) - (other % width))
              const dv = 1.9 * (Math.floor(at / width) - Math.floor(other / width))
              nearest = Math.min(nearest, Math.hypot(du, dv))
            })
            expect(found[at]).toBeCloseTo(nearest, 6)
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})
