import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { labelComponents } from '../../../main/findings/components.ts'
import { regionAt } from '../../../main/findings/region.ts'
import type { Vec3 } from '../../../main/imaging/volume.ts'
import { generator } from './componentTreeFixtures.ts'

const anyMap = fc
  .record({
    dims: fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 7 }),
    ),
    share: fc.double({ min: 0.05, max: 0.9, noNaN: true }),
    seed: fc.integer(),
  })
  .map(({ dims, share, seed }) => {
    const random = generator(seed)
    const map = Uint8Array.from({ length: dims[0] * dims[1] * dims[2] }, () =>
      random() < share ? 1 + Math.floor(5 * random()) : 0,
    )
    return { dims: dims as Vec3, map, random }
  })

describe('the region of a voxel', () => {
  it('is the component that holds it, in its own box', () => {
    fc.assert(
      fc.property(anyMap, ({ dims, map, random }) => {
        const [nx, ny] = dims
        const step = 1 + Math.floor(4 * random())
        const components = labelComponents(map, step, dims)
        const label = new Int32Array(map.length).fill(-1)
        components.runStart.forEach((start, run) => {
          label.fill(components.runComponent[run], start, start + components.runLength[run])
        })
        const seed = Math.floor(map.length * random())
        const at: Vec3 = [seed % nx, Math.floor(seed / nx) % ny, Math.floor(seed / (nx * ny))]
        const region = regionAt(map, dims, at, step)
        if (label[seed] < 0) {
          expect(region).toBeNull()
          return
        }
        const { min, max, voxels, voxelCount } = region!
        const own = Uint8Array.from(label, (l) => (l === label[seed] ? 1 : 0))
        expect(voxelCount).toBe(components.voxelCount[label[seed]])
        let inBox = 0
        let o = 0
        for (let z = min[2]; z <= max[2]; z++)
          for (let y = min[1]; y <= max[1]; y++)
            for (let x = min[0]; x <= max[0]; x++, o++) {
              expect(voxels[o]).toBe(own[x + nx * (y + ny * z)])
              inBox += voxels[o]
            }
        expect(inBox).toBe(voxelCount)
        // The box is the smallest: the same again, asked for within it.
        expect(regionAt(map, dims, at, step, { min, max })).toEqual(region)
      }),
      { numRuns: 500 },
    )
  })

  it('follows a way as long as the volume without running out of stack', () => {
    // A snake through every second row of a slice.
    const n = 601
    const map = new Uint8Array(n * n)
    for (let y = 0; y < n; y += 2) map.fill(3, y * n, (y + 1) * n)
    for (let y = 1; y < n; y += 2) map[y * n + (y % 4 === 1 ? n - 1 : 0)] = 3
    expect(regionAt(map, [n, n, 1], [0, 0, 0], 3)?.voxelCount).toBe(map.reduce((sum, v) => sum + v / 3, 0))
  })

  it('is refused for a voxel or a box outside the volume', () => {
    const map = new Uint8Array(8)
    expect(() => regionAt(map, [2, 2, 2], [2, 0, 0], 1)).toThrow(RangeError)
    const beyond = { min: [0, 0, 0], max: [2, 1, 1] } as const
    expect(() => regionAt(map, [2, 2, 2], [0, 0, 0], 1, beyond)).toThrow(RangeError)
  })
})
