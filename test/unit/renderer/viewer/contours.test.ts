import { describe, expect, it } from 'vitest'
import type { Region } from '../../../../main/findings/region.ts'
import { type Grid, IDENTITY, indexToPatient, type Vec3 } from '../../../../main/imaging/volume.ts'
import { traceRegionContour } from '../../../../renderer/viewer/contours.ts'
import { pointAt } from '../../../../renderer/viewer/geometry/framing.ts'
import { isoline } from '../../../../renderer/viewer/marchingSquares.ts'
import { axialPlane, planePixels } from '../../../../renderer/viewer/thumbnail.ts'

const grid: Grid = { dims: [64, 64, 32], spacing: [1, 1, 2], origin: [-30, 10, 5], direction: IDENTITY }
const CENTRE: Vec3 = [30, 32, 16]

/** All voxels whose centre is within so many mm of a voxel's. */
function ball(radiusMm: number): Region {
  const reach = [radiusMm, radiusMm, radiusMm / 2].map(Math.floor) as unknown as Vec3
  const min = CENTRE.map((c, a) => c - reach[a]!) as unknown as Vec3
  const max = CENTRE.map((c, a) => c + reach[a]!) as unknown as Vec3
  const voxels: number[] = []
  for (let k = min[2]; k <= max[2]; k++)
    for (let j = min[1]; j <= max[1]; j++)
      for (let i = min[0]; i <= max[0]; i++)
        voxels.push(Math.hypot(i - CENTRE[0], j - CENTRE[1], 2 * (k - CENTRE[2])) <= radiusMm ? 1 : 0)
  return { min, max, voxels: Uint8Array.from(voxels), voxelCount: voxels.filter(Boolean).length }
}

/** Points of the contour in patient space. */
function contour(region: Region, at: Vec3): Vec3[] {
  const plane = axialPlane(grid, indexToPatient(grid, at), 60, 480)
  const points: Vec3[] = []
  const add = (x: number, y: number) => points.push(pointAt(plane, x, y))
  traceRegionContour(plane, grid, region, { moveTo: add, lineTo: add })
  return points
}

describe('the contour of a region', () => {
  it('is a circle about a ball, at its radius within half a voxel', () => {
    const [x, y, z] = indexToPatient(grid, CENTRE)
    const points = contour(ball(9), CENTRE)
    expect(points.length).toBeGreaterThan(100)
    for (const point of points) {
      expect(point[2]).toBeCloseTo(z, 6)
      expect(Math.abs(Math.hypot(point[0] - x, point[1] - y) - 9.3)).toBeLessThan(0.6)
    }
  })
  it('is there for a single voxel, and less than 1.2 voxels wide', () => {
    const points = contour({ min: CENTRE, max: CENTRE, voxels: Uint8Array.of(1), voxelCount: 1 }, CENTRE)
    expect(points.length).toBeGreaterThan(4)
    const across = points.map((p) => p[0])
    expect(Math.max(...across) - Math.min(...across)).toBeLessThan(1.2)
  })
  it('is not there on slices that the region does not reach', () => {
    expect(contour(ball(9), [30, 32, 26])).toEqual([])
  })
})

describe('marching squares', () => {
  it('put the line where the field has the value', () => {
    const values = Float32Array.from({ length: 25 }, (_, i) => (i % 5) * 10)
    const xs: number[] = []
    const pen = { moveTo: (x: number) => xs.push(x), lineTo: (x: number) => xs.push(x) }
    isoline({ values, width: 5, height: 5, x0: 100, y0: 0, step: 2 }, 15, pen)
    expect(new Set(xs)).toEqual(new Set([103]))
    expect(xs).toHaveLength(8)
  })
})

describe('a thumbnail', () => {
  const voxels = new Int16Array(64 * 64 * 32).fill(-1000)
  // Bone on the patient's left, water on the right, both anterior.
  for (let y = 0; y < 32; y++)
    for (let x = 0; x < 64; x++) voxels[x + 64 * (y + 64 * 16)] = x >= 32 ? 1000 : 0
  const plane = axialPlane(grid, indexToPatient(grid, [31.5, 31.5, 16]), 64, 64)
  const pixels = planePixels(grid, voxels, plane, { centreHu: 0, widthHu: 1000 })
  const grey = (x: number, y: number) => pixels[4 * (x + 64 * y)]!

  it("shows the patient's left on its right, anterior up, at the window's grey", () => {
    expect(grey(16, 10)).toBeCloseTo(127.5, -0.5)
    expect(grey(48, 10)).toBe(255)
    expect(grey(16, 54)).toBe(0)
  })
  it('is black and opaque outside the scan', () => {
    const beside = axialPlane(grid, indexToPatient(grid, [200, 0, 16]), 20, 8)
    expect([...planePixels(grid, voxels, beside, { centreHu: -1000, widthHu: 10 }).subarray(0, 4)]).toEqual([
      0, 0, 0, 255,
    ])
  })
})
