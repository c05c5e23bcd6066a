import { describe, expect, it } from 'vitest'
import { type Grid, IDENTITY, indexToPatient } from '../../../../main/imaging/volume.ts'
import { withHandle } from '../../../../renderer/viewer/measure/handles.ts'
import { angleDeg, areaMm2, lengthMm, roiStatistics } from '../../../../renderer/viewer/measure/statistics.ts'
import type { Measurement } from '../../../../renderer/viewer/measure/store.ts'

const grid: Grid = { dims: [30, 30, 3], spacing: [0.5, 0.5, 5], origin: [10, -5, 0], direction: IDENTITY }
/** HU is the column. */
const voxels = Int16Array.from({ length: 30 * 30 * 3 }, (_, i) => i % 30)

const roi = (kind: Measurement['kind'], from: number, to: number): Measurement => ({
  id: 'one',
  seriesId: 'series',
  kind,
  points: [indexToPatient(grid, [from, from, 1]), indexToPatient(grid, [to, to, 1])],
  right: [1, 0, 0],
  down: [0, 1, 0],
  normal: [0, 0, 1],
})

describe('measurements', () => {
  it('are in mm and degrees of the patient', () => {
    expect(lengthMm([indexToPatient(grid, [0, 0, 0]), indexToPatient(grid, [6, 8, 0])])).toBeCloseTo(5)
    expect(
      angleDeg([
        [1, 0, 0],
        [0, 0, 0],
        [0, 0, 2],
      ]),
    ).toBeCloseTo(90)
    expect(
      angleDeg([
        [1, 0, 0],
        [0, 0, 0],
        [-1, 0, 0],
      ]),
    ).toBeCloseTo(180)
  })
  it('have the area of their shape', () => {
    expect(areaMm2(roi('rectangle', 0, 10))).toBeCloseTo(25)
    expect(areaMm2(roi('ellipse', 0, 10))).toBeCloseTo((25 * Math.PI) / 4)
  })
  it('count each voxel of a rectangle once: mean, SD, range, histogram', () => {
    const found = roiStatistics(grid, voxels, roi('rectangle', 4.5, 9.5))!
    expect(found.samples).toBe(25)
    expect(found.meanHu).toBe(7)
    expect(found.sdHu).toBeCloseTo(Math.sqrt((5 * (4 + 1 + 0 + 1 + 4)) / 24))
    expect([found.minHu, found.maxHu]).toEqual([5, 9])
    expect(found.histogram.counts).toEqual([5, 5, 5, 5, 5])
  })
  it('count what lies within an ellipse', () => {
    const found = roiStatistics(grid, voxels, roi('ellipse', 4.5, 24.5))!
    expect(found.samples).toBeGreaterThan(0.97 * 100 * Math.PI)
    expect(found.samples).toBeLessThan(1.03 * 100 * Math.PI)
    expect(found.meanHu).toBeCloseTo(14.5, 0)
  })
  it('have no numbers outside the scan', () => {
    expect(roiStatistics(grid, voxels, roi('rectangle', -20, -10))).toBeNull()
  })
  it('keep the far corner while one is dragged', () => {
    const before = roi('rectangle', 0, 10)
    const after = withHandle(before, 0, indexToPatient(grid, [2, 3, 1]))
    expect(areaMm2(after)).toBeCloseTo(8 * 7 * 0.25)
    expect(after.points).toContainEqual(before.points[1])
  })
})
