import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Components, labelComponents } from '../../../main/findings/components.ts'
import type { Vec3 } from '../../../main/imaging/volume.ts'
import { findingsGoldens } from './golden.ts'

/** Label of every voxel, from 1; 0 below the threshold. */
function labelMap(components: Components, voxels: number): number[] {
  const map = new Array<number>(voxels).fill(0)
  components.runStart.forEach((start, run) => {
    map.fill(components.runComponent[run] + 1, start, start + components.runLength[run])
  })
  return map
}

/** Textbook flood fill: the definition of 26-connectivity, one voxel at a time. */
function floodFill(values: Uint8Array, [nx, ny, nz]: Vec3): number[] {
  const map = new Array<number>(values.length).fill(0)
  let label = 0
  for (let seed = 0; seed < values.length; seed++) {
    if (values[seed] === 0 || map[seed] !== 0) continue
    map[seed] = ++label
    const stack = [seed]
    while (stack.length > 0) {
      const at = stack.pop()!
      const [x, y, z] = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny))]
      for (let k = Math.max(0, z - 1); k <= Math.min(nz - 1, z + 1); k++) {
        for (let j = Math.max(0, y - 1); j <= Math.min(ny - 1, y + 1); j++) {
          for (let i = Math.max(0, x - 1); i <= Math.min(nx - 1, x + 1); i++) {
            const next = i + nx * (j + ny * k)
            if (values[next] !== 0 && map[next] === 0) {
              map[next] = label
              stack.push(next)
            }
          }
        }
      }
    }
  }
  return map
}

describe('connected components', () => {
  it.each(findingsGoldens())('match scipy.ndimage.label: $name', ({ score, volume, expected }) => {
    const components = labelComponents(score, expected.threshold, volume.dims)
    expect(components.count).toBe(expected.components)
    expect(labelMap(components, score.length)).toEqual(Array.from(expected.labels))
  })

  it('equal a flood fill on any volume, with their sizes', () => {
    const anyVolume = fc
      .tuple(
        fc.tuple(
          fc.integer({ min: 1, max: 7 }),
          fc.integer({ min: 1, max: 6 }),
          fc.integer({ min: 1, max: 5 }),
        ),
        fc.integer({ min: 1, max: 9 }),
      )
      .chain(([dims, tenths]) => {
        const voxels = dims[0] * dims[1] * dims[2]
        const values = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: voxels, maxLength: voxels })
        return fc.tuple(
          fc.constant(dims as Vec3),
          values.map((array) => Uint8Array.from(array, (value) => (value < tenths ? 1 : 0))),
        )
      })
    fc.assert(
      fc.property(anyVolume, ([dims, values]) => {
        const components = labelComponents(values, 1, dims)
        const expected = floodFill(values, dims)
        expect(labelMap(components, values.length)).toEqual(expected)
        const sizes = new Array<number>(components.count).fill(0)
        for (const label of expected) if (label > 0) sizes[label - 1]++
        expect(Array.from(components.voxelCount)).toEqual(sizes)
      }),
      { numRuns: 500 },
    )
  })

  it('join across a shared corner', () => {
    const values = new Float32Array(27)
    values[0] = 1
    values[13] = 1
    values[26] = 1
    expect(labelComponents(values, 1, [3, 3, 3]).count).toBe(1)
  })

  it('do not join from the end of one row to the start of the next', () => {
    const values = new Float32Array([0, 0, 1, 1, 0, 0])
    expect(labelComponents(values, 1, [3, 2, 1]).count).toBe(2)
  })

  it('join two arms that only meet in the last slice', () => {
    const values = new Float32Array(5 * 1 * 4)
    for (let z = 0; z < 4; z++) {
      values[5 * z] = 1
      values[5 * z + 4] = 1
    }
    values.fill(1, 15, 20)
    expect(labelComponents(values, 1, [5, 1, 4]).count).toBe(1)
  })

  it('are none where nothing reaches the threshold, and NaN never does', () => {
    expect(labelComponents(new Float32Array(8).fill(Number.NaN), 0, [2, 2, 2]).count).toBe(0)
    expect(labelComponents(new Float32Array(8), 1, [2, 2, 2]).count).toBe(0)
  })

  it('hold in rows too long for 16-bit run lengths', () => {
    const components = labelComponents(new Uint8Array(70_000).fill(1), 1, [70_000, 1, 1])
    expect(Array.from(components.voxelCount)).toEqual([70_000])
  })
})
