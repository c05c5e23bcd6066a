import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { treeComponentsAt } from '../../../../main/findings/componentTreeQuery.ts'
import { regionAt } from '../../../../main/findings/region.ts'
import { indexToPatient, type Vec3 } from '../../../../main/imaging/volume.ts'
import { measureRegion, middleVoxel } from '../../../../renderer/findings/measure.ts'
import { anyScoredVolume } from '../../findings/componentTreeFixtures.ts'
import { opened } from './fixtures.ts'

const someRegion = fc.record({ scored: anyScoredVolume, step: fc.integer({ min: 1, max: 150 }) })

describe('measuring a region', () => {
  it('gives what the machine measures of the same voxels', () => {
    fc.assert(
      fc.property(someRegion, ({ scored, step }) => {
        const { tree, scan } = opened(scored)
        for (const found of treeComponentsAt(tree, step)) {
          const region = regionAt(scan.stepMap, tree.dims, found.peakIndex, step)!
          const measure = measureRegion(region, scan)
          expect(measure.voxelCount).toBe(found.voxelCount)
          expect(measure.volumeMl).toBeCloseTo(found.volumeMl, 12)
          expect(measure.extentIndex).toEqual(found.extentIndex)
          expect(measure.huMean).toBeCloseTo(found.huMean, 8)
          expect(measure.huSd).toBeCloseTo(found.huSd, 6)
          for (const a of [0, 1, 2]) expect(measure.centreMm[a]).toBeCloseTo(found.centreMm[a], 8)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('knows levels to the step below them, and none where no step is reached', () => {
    fc.assert(
      fc.property(someRegion, ({ scored, step }) => {
        const { tree, scan } = opened(scored)
        for (const found of treeComponentsAt(tree, step)) {
          const { peakLevel, meanLevel } = measureRegion(
            regionAt(scan.stepMap, tree.dims, found.peakIndex, step)!,
            scan,
          )
          const { level } = tree.steps
          const reached = level.filter((l) => l <= found.peakLevel + 1e-9).length
          expect(peakLevel).toBe(level[reached - 1])
          expect(meanLevel!).toBeLessThanOrEqual(found.meanLevel + 1e-9)
          expect(meanLevel!).toBeGreaterThanOrEqual(level[step - 1] - 1e-9)
        }
        const low = scan.stepMap.indexOf(0)
        if (low < 0) return
        const at: Vec3 = [
          low % tree.dims[0],
          Math.floor(low / tree.dims[0]) % tree.dims[1],
          Math.floor(low / (tree.dims[0] * tree.dims[1])),
        ]
        const one = { min: at, max: at, voxels: Uint8Array.of(1), voxelCount: 1 }
        expect(measureRegion(one, scan)).toMatchObject({ peakLevel: null, meanLevel: null, huSd: 0 })
      }),
      { numRuns: 30 },
    )
  })

  it('leaves out what of the box is not in the region, at its right place in patient space', () => {
    const grid = {
      dims: [4, 3, 2] as Vec3,
      spacing: [1, 2, 5] as Vec3,
      origin: [10, 20, 30] as Vec3,
      direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] as const,
    }
    const voxels = Int16Array.from({ length: 24 }, (_, i) => 10 * i)
    const stepMap = new Uint8Array(24)
    stepMap[13] = 2
    const scan = { grid, voxels, stepMap, steps: { level: Float64Array.of(90, 99) } }
    // Voxels (1, 0, 1) and (2, 1, 1) of the box (0, 0, 1) … (2, 1, 1): offsets 13 and 18.
    const region = {
      min: [0, 0, 1] as Vec3,
      max: [2, 1, 1] as Vec3,
      voxels: Uint8Array.of(0, 1, 0, 0, 0, 1),
      voxelCount: 2,
    }
    expect(measureRegion(region, scan)).toEqual({
      volumeMl: 0.02,
      voxelCount: 2,
      centreMm: [11.5, 21, 35],
      extentIndex: { min: [1, 0, 1], max: [2, 1, 1] },
      huMean: 155,
      huSd: 25,
      peakLevel: 99,
      meanLevel: null,
      peakIndex: [1, 0, 1],
    })
  })

  it('refuses a region without voxels or outside the scan', () => {
    const grid = { dims: [2, 2, 2] as Vec3, spacing: [1, 1, 1] as Vec3, origin: [0, 0, 0] as Vec3 }
    const scan = {
      grid: { ...grid, direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] as const },
      voxels: new Int16Array(8),
      stepMap: new Uint8Array(8),
      steps: { level: Float64Array.of(90) },
    }
    const at: Vec3 = [1, 1, 2]
    const empty = { min: [0, 0, 0] as Vec3, max: [0, 0, 0] as Vec3, voxels: Uint8Array.of(0), voxelCount: 0 }
    expect(() => measureRegion(empty, scan)).toThrow(RangeError)
    expect(() => measureRegion({ ...empty, min: at, max: at, voxelCount: 1 }, scan)).toThrow(RangeError)
  })
})

describe('the voxel that a reader is taken to', () => {
  it('lies in the region, and none of the region is nearer to its centroid', () => {
    fc.assert(
      fc.property(someRegion, ({ scored, step }) => {
        const { tree, scan } = opened(scored)
        for (const found of treeComponentsAt(tree, step)) {
          const region = regionAt(scan.stepMap, tree.dims, found.peakIndex, step)!
          const middle = middleVoxel(region, tree)
          const distance = (voxel: Vec3) =>
            Math.hypot(...indexToPatient(tree, voxel).map((mm, a) => mm - found.centreMm[a]))
          let least = Number.POSITIVE_INFINITY
          let inside = false
          const { min, max, voxels } = region
          for (let z = min[2], at = 0; z <= max[2]; z++)
            for (let y = min[1]; y <= max[1]; y++)
              for (let x = min[0]; x <= max[0]; x++, at++) {
                if (voxels[at] === 0) continue
                least = Math.min(least, distance([x, y, z]))
                inside ||= x === middle[0] && y === middle[1] && z === middle[2]
              }
          expect(inside).toBe(true)
          expect(distance(middle)).toBeCloseTo(least, 8)
        }
      }),
      { numRuns: 30 },
    )
  })
})
