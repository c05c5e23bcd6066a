import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { thresholdSteps } from '../../../../main/findings/steps.ts'
import {
  barHeight,
  decades,
  partOf,
  rarityTicks,
  stepAt,
  stepByKey,
  voxelsFrom,
} from '../../../../renderer/overlay/histogram.ts'

describe('the level histogram', () => {
  it('has bars that grow with the logarithm: the highest fills it, one voxel is seen, none is not', () => {
    expect(barHeight(0, 1000)).toBe(0)
    expect(barHeight(1000, 1000)).toBe(1)
    expect(barHeight(1, 1000)).toBeGreaterThan(0.05)
    const [ten, hundred, thousand] = decades(1000).map((count) => barHeight(count, 1000))
    expect(hundred - ten).toBeCloseTo(thousand - hundred, 12)
  })

  it.each([
    ['ArrowLeft', false, 49],
    ['ArrowRight', true, 60],
    ['PageDown', false, 40],
    ['Home', false, 1],
    ['End', false, 100],
    ['j', false, undefined],
  ])('is moved by %s, with Shift: %j', (key, shift, to) => expect(stepByKey(key, shift, 50, 100)).toBe(to))

  it('names the powers of ten up to the highest bar', () => {
    expect(decades(5)).toEqual([])
    expect(decades(2500)).toEqual([10, 100, 1000])
  })

  it('has the step under a place on it, and its line at the left end of that step’s bar', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 254 }), fc.nat(253), (steps, s) => {
        const step = (s % steps) + 1
        expect(stepAt(partOf(step, steps) + 0.5 / steps, steps)).toBe(step)
        expect(stepAt(-0.2, steps)).toBe(1)
        expect(stepAt(1.3, steps)).toBe(steps)
      }),
    )
  })

  it('counts the voxels from a step upwards, without those below all steps', () => {
    const counts = Float64Array.of(1000, 30, 7, 2)
    expect([1, 2, 3].map((step) => voxelsFrom(counts, step))).toEqual([39, 9, 2])
  })

  it('is marked where a decade of rarity begins', () => {
    const { level } = thresholdSteps({ percentile: [0, 50, 99.9995], score: [0, 1, 2] })
    const ticks = rarityTicks(level)
    expect(ticks.map((tick) => tick.oneIn)).toEqual([10, 100, 1000, 10_000, 100_000])
    expect(ticks.map((tick) => level[tick.step - 1])).toEqual([90, 99, 99.9, 99.99, 99.999])
  })
})
