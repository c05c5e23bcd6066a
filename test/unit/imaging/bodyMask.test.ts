import { describe, expect, it } from 'vitest'
import { bodyMask } from '../../../main/imaging/bodyMask.ts'
import { dimsOf, type GoldenArray, openGolden } from './goldenArrays.ts'

const golden = openGolden('preprocess')
const cases = golden.cases.bodyMask as { name: string; hu: GoldenArray; expected: GoldenArray }[]

describe('body mask', () => {
  it.each(cases)('equals scipy.ndimage.label and binary_fill_holes: $name', (c) => {
    const mask = bodyMask(Float32Array.from(golden.array(c.hu)), dimsOf(c.hu), -500)
    expect(Buffer.from(mask).equals(Buffer.from(golden.array<Uint8Array>(c.expected)))).toBe(true)
  })

  it('joins components that meet only far from where they start', () => {
    // Two prongs along x whose runs meet in the last row: a comb, one component of 3 + 3 + 5 voxels, and a lone voxel.
    const rows = ['111.1...', '........', '1.1....1', '1.1.....', '111.....']
    const hu = Float32Array.from(rows.join(''), (v) => (v === '1' ? 0 : -1000))
    const mask = bodyMask(hu, [8, 5, 1], -500)
    // The largest has 7 voxels, so a tenth is one voxel: all stay, and nothing is filled.
    expect([...mask]).toEqual(Array.from(rows.join(''), (v) => (v === '1' ? 1 : 0)))
  })
})
