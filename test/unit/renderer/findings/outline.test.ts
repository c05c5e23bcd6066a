import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Vec3 } from '../../../../main/imaging/volume.ts'
import { OutlineRecord } from '../../../../preload/records.ts'
import { decodeOutline, encodeOutline } from '../../../../renderer/findings/outline.ts'
import { generator } from '../../findings/componentTreeFixtures.ts'

const anyRegion = fc
  .record({
    min: fc.tuple(fc.nat(50), fc.nat(50), fc.nat(50)),
    size: fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 5 }),
    ),
    seed: fc.integer(),
  })
  .map(({ min, size, seed }) => {
    const random = generator(seed)
    const max: Vec3 = [min[0] + size[0] - 1, min[1] + size[1] - 1, min[2] + size[2] - 1]
    const voxels = Uint8Array.from({ length: size[0] * size[1] * size[2] }, () => (random() < 0.4 ? 1 : 0))
    return { min: min as Vec3, max, voxels, voxelCount: voxels.filter((v) => v === 1).length }
  })

describe('an outline as it is stored', () => {
  it('has voxel (x, y, z) of its box at bit x + w · (y + h · z), lowest bit of a byte first', () => {
    fc.assert(
      fc.property(anyRegion, (region) => {
        const bytes = Buffer.from(encodeOutline(region).bits, 'base64')
        const [w, h, d] = [0, 1, 2].map((a) => region.max[a] - region.min[a] + 1)
        expect(bytes).toHaveLength(Math.ceil((w * h * d) / 8))
        for (let z = 0; z < d; z++)
          for (let y = 0; y < h; y++)
            for (let x = 0; x < w; x++) {
              const bit = x + w * (y + h * z)
              expect(Math.floor(bytes[Math.floor(bit / 8)] / 2 ** (bit % 8)) % 2).toBe(region.voxels[bit])
            }
      }),
    )
  })

  it('is a record of the contract and comes back as it was', () => {
    fc.assert(
      fc.property(anyRegion, (region) => {
        expect(decodeOutline(OutlineRecord.parse(encodeOutline(region)))).toEqual(region)
      }),
    )
  })

  it('may be larger than an argument list', () => {
    const voxels = new Uint8Array(100 ** 3 + 5).fill(1)
    const region = { min: [0, 0, 0] as Vec3, max: [voxels.length - 1, 0, 0] as Vec3, voxels }
    expect(decodeOutline(encodeOutline(region)).voxelCount).toBe(voxels.length)
  })

  it.each([
    ['too few', [8, 0, 0]],
    ['too many', [0, 0, 0]],
  ] as [string, Vec3][])('is refused with %s bits for its box', (_, max) => {
    const bits = Buffer.from(max[0] === 0 ? [1, 1] : [1]).toString('base64')
    expect(() => decodeOutline({ min: [0, 0, 0], max, bits })).toThrow(RangeError)
  })
})
