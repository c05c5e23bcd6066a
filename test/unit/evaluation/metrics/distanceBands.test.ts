import { describe, expect, it } from 'vitest'
import { distanceBands } from '../../../../main/evaluation/metrics/distanceBands.ts'
import type { Vec3 } from '../../../../main/imaging/volume.ts'
import golden from '../../../golden/evaluation/metrics.json' with { type: 'json' }
import { unpack } from './golden.ts'

describe('bands of distance', () => {
  it.each(golden.distances)('match scipy: $name', ({ dims, spacing, limitsMm, sites, bands }) => {
    const grid = { dims: dims as unknown as Vec3, spacing: spacing as unknown as Vec3 }
    const mask = unpack(sites)
    expect(Array.from(distanceBands(mask, grid, 'nonzero', limitsMm))).toEqual(Array.from(unpack(bands)))
    const inverse = mask.map((site) => (site === 0 ? 3 : 0))
    expect(Array.from(distanceBands(inverse, grid, 'zero', limitsMm))).toEqual(Array.from(unpack(bands)))
  })

  it('are the farthest everywhere where there is no site', () => {
    const grid = { dims: [3, 2, 2], spacing: [1, 1, 1] } as const
    expect(Array.from(distanceBands(new Uint8Array(12), grid, 'nonzero', [1, 2]))).toEqual(
      new Array(12).fill(2),
    )
  })
})
