import { describe, expect, it } from 'vitest'
import { huMap } from '../../../main/imaging/huMap.ts'
import { type GoldenArray, largestDifference, openGolden } from './goldenArrays.ts'

const golden = openGolden('preprocess')
const c = golden.cases.huMap as {
  pivots: { hu: number[]; value: number[] }
  hu: GoldenArray
  expected: GoldenArray
}

describe('HU map', () => {
  it('equals numpy.interp to 1e-5, pivots and both clamped ends included', () => {
    const mapped = huMap(golden.array(c.hu), c.pivots.hu, c.pivots.value)
    expect(largestDifference(mapped, golden.array(c.expected))).toBeLessThan(1e-5)
  })

  it('can write over its input', () => {
    const hu = golden.array<Float32Array>(c.hu)
    const mapped = huMap(hu, c.pivots.hu, c.pivots.value)
    expect(huMap(hu, c.pivots.hu, c.pivots.value, hu)).toBe(hu)
    expect(hu).toEqual(mapped)
  })
})
