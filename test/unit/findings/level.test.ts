import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WorkstationError } from '../../../main/errors.ts'
import { formatLevel, levelOf, levels, scoreAtLevel } from '../../../main/findings/level.ts'
import { findingsGoldens } from './golden.ts'

const table = { percentile: [0, 50, 90, 99, 99.9], score: [-4, 0, 2, 3, 8] }

/** Any valid table, crowded ones included. */
const anyTable = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 0, max: 10_000 }), { minLength: 2, maxLength: 60 }),
    fc.uniqueArray(fc.integer({ min: -100_000, max: 100_000 }), { minLength: 60, maxLength: 60 }),
    fc.constantFrom(1, 1e-3, 1e3),
  )
  .map(([p, s, scale]) => ({
    percentile: p.sort((a, b) => a - b).map((value) => value / 100),
    score: s
      .slice(0, p.length)
      .sort((a, b) => a - b)
      .map((value) => value * scale),
  }))

describe('anomaly level of a score', () => {
  it('is the table percentile at a table score', () => {
    expect(table.score.map((score) => levelOf(score, table))).toEqual(table.percentile)
  })

  it('is interpolated between table scores', () => {
    expect(levelOf(-2, table)).toBe(25)
    expect(levelOf(2.5, table)).toBe(94.5)
    expect(levelOf(5.5, table)).toBeCloseTo(99.45, 10)
  })

  it('is clamped to the first and the last percentile', () => {
    expect(levelOf(-1e30, table)).toBe(0)
    expect(levelOf(1e30, table)).toBe(99.9)
    expect(levelOf(Number.POSITIVE_INFINITY, table)).toBe(99.9)
  })

  it('of not-a-number is not a number, so that it is never taken for normal', () => {
    expect(levelOf(Number.NaN, table)).toBeNaN()
    expect(levels(new Float32Array([Number.NaN]), table)[0]).toBeNaN()
  })

  it('never falls as the score rises', () => {
    fc.assert(
      fc.property(anyTable, fc.array(fc.float({ noNaN: true }), { maxLength: 50 }), (any, scores) => {
        const sorted = Float32Array.from(scores).sort()
        const found = Array.from(sorted, (score) => levelOf(score, any))
        for (let i = 1; i < found.length; i++) expect(found[i]).toBeGreaterThanOrEqual(found[i - 1])
      }),
    )
  })

  it.each(findingsGoldens())('matches numpy.interp: $name', ({ score, calibration, expected }) => {
    const found = levels(score, calibration)
    let largest = 0
    found.forEach((level, i) => {
      largest = Math.max(largest, Math.abs(level - expected.levels[i]))
    })
    expect(largest).toBeLessThan(1e-5)
  })

  it('is written into a given map', () => {
    const out = new Float32Array(2)
    expect(levels(new Float32Array([-2, 99]), table, out)).toBe(out)
    expect(out).toEqual(new Float32Array([25, 99.9]))
    expect(() => levels(new Float32Array(3), table, out)).toThrow(RangeError)
  })
})

describe('score at a level', () => {
  it('is the inverse of the level', () => {
    fc.assert(
      fc.property(anyTable, fc.double({ min: 0, max: 1, noNaN: true }), (any, fraction) => {
        const [low, high] = [any.percentile[0], any.percentile.at(-1)!]
        const level = low + fraction * (high - low)
        expect(levelOf(scoreAtLevel(level, any), any)).toBeCloseTo(level, 6)
      }),
    )
  })

  it('is exact at a table entry, also after the score was stored as float32', () => {
    const thirds = { percentile: [0, 99.9, 99.99], score: [1 / 3, 2 / 3, 4 / 3] }
    expect(scoreAtLevel(99.9, thirds)).toBe(Math.fround(2 / 3))
    expect(levelOf(Math.fround(2 / 3), thirds)).toBe(99.9)
  })

  it('is out of reach above the last percentile', () => {
    expect(scoreAtLevel(100, table)).toBe(Number.POSITIVE_INFINITY)
  })

  it.each([-0.1, 100.1, Number.NaN])('refuses level %d', (level) => {
    expect(() => scoreAtLevel(level, table)).toThrow(/between 0 and 100/)
  })
})

describe('calibration table', () => {
  it.each([
    ['columns of different length', { percentile: [0, 50, 99], score: [0, 1] }],
    ['a single entry', { percentile: [50], score: [0] }],
    ['scores that fall', { percentile: [0, 50, 99], score: [0, 2, 1] }],
    ['scores that stand still', { percentile: [0, 50, 99], score: [0, 1, 1] }],
    ['scores that float32 cannot tell apart', { percentile: [0, 50], score: [1, 1 + 1e-9] }],
    ['percentiles that fall', { percentile: [0, 99, 50], score: [0, 1, 2] }],
    ['a percentile above 100', { percentile: [0, 101], score: [0, 1] }],
    ['a score that is not a number', { percentile: [0, 50], score: [0, Number.NaN] }],
    ['an infinite score', { percentile: [0, 50], score: [0, Number.POSITIVE_INFINITY] }],
  ])('is refused with %s', (_, calibration) => {
    let error: unknown
    try {
      levelOf(0, calibration)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(WorkstationError)
    expect(error).toMatchObject({ code: 'model/calibration', message: /calibration table is not valid/ })
  })
})

describe('level in words', () => {
  it.each([
    [50, '1 in 2 normal voxels'],
    [60, '1 in 2.5 normal voxels'],
    [95, '1 in 20 normal voxels'],
    [99.7, '1 in 330 normal voxels'],
    [99.9, '1 in 1,000 normal voxels'],
    [99.99, '1 in 10,000 normal voxels'],
    [99.9999, '1 in 1,000,000 normal voxels'],
    [0, 'more than half of normal voxels'],
    [100, 'rarer than any normal voxel seen in calibration'],
  ])('%d', (level, words) => {
    expect(formatLevel(level)).toBe(words)
    // A level map holds float32 levels; rounding must not show.
    expect(formatLevel(Math.fround(level))).toBe(words)
  })
})
