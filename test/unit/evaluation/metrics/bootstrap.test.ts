import { describe, expect, it } from 'vitest'
import { caseBootstrap, quantile } from '../../../../main/evaluation/metrics/bootstrap.ts'
import golden from '../../../golden/evaluation/metrics.json' with { type: 'json' }

const { values, mean, ci, sd, sorted, quantiles } = golden.bootstrap

describe('bootstrap over cases', () => {
  it('gives the interval that scipy gives with many more draws', () => {
    const estimate = caseBootstrap(values.length, 0).mean(values)
    expect(estimate?.value).toBeCloseTo(mean, 12)
    expect(estimate?.cases).toBe(values.length)
    // The standard error of a tail quantile of 1,000 draws is 0.08 sd.
    for (const [n, end] of ci.entries())
      expect(Math.abs((estimate?.ci?.[n] ?? Number.NaN) - end)).toBeLessThan(0.3 * sd)
  })

  it('gives the same interval for the same seed, and another for another', () => {
    const interval = (seed: number) => caseBootstrap(values.length, seed).mean(values)?.ci
    expect(interval(3)).toEqual(interval(3))
    expect(interval(3)).not.toEqual(interval(4))
  })

  it('gives no interval for fewer than three cases, and nothing for none', () => {
    expect(caseBootstrap(2, 0).mean([1, 2])).toEqual({ value: 1.5, ci: null, cases: 2 })
    expect(caseBootstrap(4, 0).mean([1, null, 2, null])).toEqual({ value: 1.5, ci: null, cases: 2 })
    expect(caseBootstrap(3, 0).mean([null, null, null])).toBeNull()
  })

  it('leaves cases without the figure out of every draw', () => {
    const estimate = caseBootstrap(5, 0).mean([0.5, 0.5, null, 0.5, null])
    expect(estimate).toEqual({ value: 0.5, ci: [0.5, 0.5], cases: 3 })
  })

  it.each(quantiles)('interpolates the %f-quantile as numpy', (q, expected) => {
    expect(quantile(Float64Array.from(sorted), q)).toBeCloseTo(expected, 12)
  })
})
