import { describe, expect, it } from 'vitest'
import { huPlausibility } from '../../../main/imaging/huPlausibility.ts'

/** Shares of a CT of a trunk, roughly: air around and in the lungs, fat, soft tissue, bone. */
function ct(length: number): Int16Array {
  const hu = [-1000, -1010, -990, -850, -100, -90, 40, 50, 60, 300, -1000, 1200]
  return Int16Array.from({ length }, (_, i) => hu[(i * 7) % hu.length]! + (i % 5))
}
const message = (voxels: Int16Array) => {
  const warnings = huPlausibility(voxels)
  expect(warnings.map((w) => w.code)).toEqual(['input/not-hu'])
  return warnings[0]!.message
}

describe('values that are HU', () => {
  it('raise no doubt, in a small volume and in a large one', () => {
    expect(huPlausibility(ct(1000))).toEqual([])
    expect(huPlausibility(ct(3_000_000))).toEqual([])
    expect(huPlausibility(new Int16Array(0))).toEqual([])
  })

  it('raise no doubt if the only air is a pocket that a sample would miss', () => {
    const voxels = new Int16Array(3_000_000).fill(40)
    voxels[1_234_567] = -900
    expect(huPlausibility(voxels)).toEqual([])
  })

  it('raise no doubt with padding far below air', () => {
    const voxels = ct(5000)
    voxels.fill(-2048, 0, 500)
    expect(huPlausibility(voxels)).toEqual([])
  })
})

describe('values that are clearly not HU', () => {
  it('from 0 to 1 are a mask or a scaled image', () => {
    expect(message(ct(1000).map((hu) => (hu > 0 ? 1 : 0)))).toContain('between 0 and 1')
  })

  it('from 0 to 255 are an image in 8 bits', () => {
    const windowed = ct(1000).map((hu) => Math.max(0, Math.min(255, (hu + 160) * (255 / 400))))
    expect(message(windowed)).toContain('8 bits')
  })

  it('with air at 0 and water at 1024 lack the subtraction', () => {
    const sentence = message(ct(2_000_000).map((hu) => Math.max(0, hu + 1024)))
    expect(sentence).toContain('1024 added')
  })

  it('of another kind, as of an MR, are said to lack air', () => {
    const mr = Int16Array.from({ length: 10_000 }, (_, i) => (i * 37) % 700)
    expect(message(mr)).toContain('darkest voxel has the value 0')
    expect(message(ct(1000).map((hu) => Math.max(hu, -150)))).toContain('darkest voxel has the value -150')
  })

  it('without anything as bright as water, or all the same, are said to be so', () => {
    expect(message(ct(1000).map((hu) => hu - 2000))).toContain('brightest voxel has the value -7')
    expect(message(new Int16Array(5000).fill(-1000))).toContain('Every voxel has the value -1000')
  })
})
