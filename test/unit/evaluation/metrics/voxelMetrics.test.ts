import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type LesionVoxels, rankVoxels } from '../../../../main/evaluation/metrics/rankedVoxels.ts'
import { rankingMetrics } from '../../../../main/evaluation/metrics/voxelMetrics.ts'
import golden from '../../../golden/evaluation/metrics.json' with { type: 'json' }

/** Lesion voxels at offsets 0, 1, …, each in the region given. */
function inside(region: readonly number[]): LesionVoxels {
  const size = new Int32Array(Math.max(...region) + 1)
  for (const number of region) size[number]++
  return { offset: Int32Array.from(region, (_, n) => n), lesion: Int32Array.from(region), size }
}

function metrics(lesion: readonly number[], region: readonly number[], other: readonly number[]) {
  const values = Float32Array.from(lesion)
  return rankingMetrics(rankVoxels(inside(region), (i) => values[i], Float32Array.from(other)))
}

describe('figures of a ranking', () => {
  it.each(golden.ranking)('match scikit-learn: $name', ({ lesion, region, other, ...expected }) => {
    const found = metrics(lesion, region, other)
    for (const figure of ['aurocAll', 'averagePrecision', 'aupro', 'sensitivityAt95'] as const)
      expect(found[figure], figure).toBeCloseTo(expected[figure], 12)
    expect(found.bestDice.dice).toBeCloseTo(expected.bestDice.dice, 12)
    expect(found.bestDice.threshold).toBe(expected.bestDice.threshold)
  })

  it('are right in a case worked by hand', () => {
    // From the top: lesion 0, other, both regions at once, other, other.
    const found = metrics([9, 5, 5], [0, 0, 1], [7, 3, 1])
    expect(found.aurocAll).toBeCloseTo((3 + 2 + 2) / 9, 12)
    expect(found.averagePrecision).toBeCloseTo(1 / 3 + (2 / 3) * (3 / 4), 12)
    expect(found.sensitivityAt95).toBeCloseTo(1 / 3, 12)
    // Two of three flagged voxels at 5 and above would be one false: 2 · 3 / (3 + 4).
    expect(found.bestDice).toEqual({ dice: 6 / 7, threshold: 5 })
    // Until a third of the others is flagged, half of region 0 is found and nothing of region 1.
    expect(found.aupro).toBeCloseTo(0.25, 12)
  })

  it('count a small region that is missed as much as a large one that is found', () => {
    const region = [...new Array<number>(99).fill(0), 1]
    const other = [0, 0.1, 0.2, 0.3]
    expect(metrics([...new Array<number>(99).fill(5), -5], region, other).aupro).toBeCloseTo(0.5, 12)
  })

  it('are not defined without voxels of both classes', () => {
    expect(() => metrics([1], [0], [])).toThrow(RangeError)
  })
})

describe('curves', () => {
  const scores = (most: number) =>
    fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 1, maxLength: most })

  it('are points of the full curve, at most 100, from one end to the other', () => {
    fc.assert(
      fc.property(scores(300), scores(300), (lesion, other) => {
        const region = lesion.map(() => 0)
        const { roc, precisionRecall } = metrics(lesion, region, other).curves
        const share = (values: number[], threshold: number) =>
          values.filter((value) => value >= threshold).length / values.length
        const thresholds = [...new Set([...lesion, ...other])]
        const full = thresholds.map((t) => `${share(other, t)} ${share(lesion, t)}`)
        const points = roc.x.map((x, n) => `${x} ${roc.y[n]}`)
        expect(points.length).toBeLessThanOrEqual(100)
        expect([points[0], points.at(-1)]).toEqual(['0 0', '1 1'])
        for (const point of points.slice(1)) expect(full).toContain(point)

        const found = precisionRecall.x.map((x, n) => `${x} ${precisionRecall.y[n].toFixed(9)}`)
        const all = thresholds.map((t) => {
          const [hits, misses] = [share(lesion, t) * lesion.length, share(other, t) * other.length]
          return `${share(lesion, t)} ${(hits / (hits + misses)).toFixed(9)}`
        })
        expect(found.length).toBeLessThanOrEqual(100)
        expect(precisionRecall.x.at(-1)).toBe(1)
        for (const point of found) expect(all).toContain(point)
      }),
      { numRuns: 40 },
    )
  })

  it('keep their shape over many voxels', () => {
    const lesion = Array.from({ length: 5000 }, (_, n) => n / 5000 + 0.5)
    const other = Array.from({ length: 8000 }, (_, n) => n / 8000)
    const region = lesion.map(() => 0)
    const { curves, aurocAll } = metrics(lesion, region, other)
    for (const { x, y } of [curves.roc, curves.precisionRecall]) {
      expect(x.length).toBeGreaterThan(30)
      expect(x.length).toBeLessThanOrEqual(100)
      expect(y).toHaveLength(x.length)
    }
    const { x, y } = curves.roc
    const area = x.slice(1).reduce((sum, right, n) => sum + ((right - x[n]) * (y[n] + y[n + 1])) / 2, 0)
    expect(area).toBeCloseTo(aurocAll, 3)
  })
})
