import { describe, expect, it } from 'vitest'
import { calibrationByRegion } from '../../../../main/evaluation/metrics/calibrationByRegion.ts'
import { distanceBands } from '../../../../main/evaluation/metrics/distanceBands.ts'
import { forEachSmoothedSlice } from '../../../../main/evaluation/metrics/smoothedSlices.ts'
import { IDENTITY, type Vec3 } from '../../../../main/imaging/volume.ts'
import golden from '../../../golden/evaluation/metrics.json' with { type: 'json' }
import { goldenBody } from './golden.ts'

describe('calibration by region', () => {
  const { ct, lesion, scored, score, expected } = goldenBody()
  const margin = distanceBands(lesion, ct, 'nonzero', [10])
  const normal = (i: number) => margin[i] === 1

  it('matches scipy: voxels of each region, and those above each level', () => {
    const regions = calibrationByRegion(ct, score, scored, normal, expected.calibration)
    expect(regions).toEqual(expected.regions)
    for (const { voxels } of Object.values(regions)) expect(voxels).toBeGreaterThan(500)
  })

  it('says nothing of levels that the calibration does not reach', () => {
    const short = { percentile: [0, 50, 99], score: [-5, 0, 2] }
    const { lung } = calibrationByRegion(ct, score, scored, normal, short)
    expect(lung.above).toEqual([expected.regions.lung.above[0], null, null])
  })
})

describe('smoothing', () => {
  it.each(golden.smoothings)('matches scipy on $dims voxels', ({ dims, spacing, hu, voxels, sums }) => {
    const found: number[] = []
    const ct = {
      dims: dims as unknown as Vec3,
      spacing: spacing as unknown as Vec3,
      origin: [0, 0, 0] as const,
      direction: IDENTITY,
      voxels: Int16Array.from(hu),
    }
    forEachSmoothedSlice(ct, 2, (_, slice, count) => {
      found.push(...slice)
      expect(count).toBe(voxels)
    })
    expect(found).toEqual(sums)
  })
})
