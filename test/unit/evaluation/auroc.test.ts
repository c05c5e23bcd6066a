import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { auroc } from '../../../main/evaluation/auroc.ts'
import golden from '../../golden/evaluation/auroc.json' with { type: 'json' }

const of = (positives: number[], negatives: number[]) =>
  auroc(Float64Array.from(positives), Float64Array.from(negatives))

const scores = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 30 })

describe('AUROC', () => {
  it.each(golden.cases)('matches scikit-learn: $name', ({ positive, negative, auroc: expected }) => {
    expect(auroc(Float32Array.from(positive), Float32Array.from(negative))).toBeCloseTo(expected, 12)
  })

  it('is right in cases worked by hand', () => {
    expect(of([2, 3], [0, 1])).toBe(1)
    expect(of([0, 1], [2, 3])).toBe(0)
    expect(of([1], [1])).toBe(0.5)
    expect(of([1, 3], [2])).toBe(0.5)
    // Pairs (2, 1) won, (2, 2) tied, (2, 3) lost; (3, 1) and (3, 2) won, (3, 3) tied.
    expect(of([2, 3], [1, 2, 3])).toBe((1 + 0.5 + 0 + 1 + 1 + 0.5) / 6)
  })

  it('equals the share of pairs in which the positive is above, ties half', () => {
    fc.assert(
      fc.property(scores, scores, (positives, negatives) => {
        let pairs = 0
        for (const p of positives) for (const q of negatives) pairs += p > q ? 1 : p === q ? 0.5 : 0
        expect(of(positives, negatives)).toBe(pairs / (positives.length * negatives.length))
      }),
    )
  })

  it('does not change under a monotone map, and turns round with the sign', () => {
    fc.assert(
      fc.property(scores, scores, (positives, negatives) => {
        const area = of(positives, negatives)
        expect(of(positives.map(Math.exp), negatives.map(Math.exp))).toBe(area)
        expect(
          of(
            positives.map((s) => -s),
            negatives.map((s) => -s),
          ),
        ).toBeCloseTo(1 - area, 12)
      }),
    )
  })

  it('ties 0 with −0, and ranks infinities', () => {
    expect(of([0], [-0])).toBe(0.5)
    expect(of([Number.POSITIVE_INFINITY], [1e300, Number.NEGATIVE_INFINITY])).toBe(1)
  })

  it('is not defined for an empty class', () => {
    expect(of([], [1])).toBeNaN()
    expect(of([1], [])).toBeNaN()
  })

  it('refuses a score that is not a number', () => {
    expect(() => of([1, Number.NaN], [1])).toThrow(RangeError)
    expect(() => of([1], [Number.NaN, 3])).toThrow(RangeError)
  })

  it('leaves the scores in their order', () => {
    const positives = Float32Array.from([3, 1, 2])
    auroc(positives, Float32Array.from([0]))
    expect(Array.from(positives)).toEqual([3, 1, 2])
  })

  it('loses nothing to rounding over many voxels', () => {
    const positives = new Float32Array(200_000).fill(1)
    const negatives = new Float32Array(1_000_000).fill(1)
    expect(auroc(positives, negatives)).toBe(0.5)
    negatives[0] = 2
    expect(auroc(positives, negatives)).toBe((0.5 * 999_999) / 1_000_000)
  })
})
