import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { levelTable } from '../../../main/findings/level.ts'
import { nearestStep, stepMap, thresholdSteps } from '../../../main/findings/steps.ts'
import { anyCalibration } from './componentTreeFixtures.ts'

const open = { percentile: [0, 50, 90, 99, 99.9, 99.999, 100], score: [-4, 0, 2, 3, 8, 20, 30] }
const closed = { percentile: [0, 50, 90, 99, 99.9], score: [-4, 0, 2, 3, 8] }

describe('threshold steps', () => {
  it('run from level 90 to the table’s highest level, with the round levels among them exactly', () => {
    const { level } = thresholdSteps(open)
    expect(level[0]).toBe(90)
    expect(level.at(-1)).toBe(100)
    for (const round of [99, 99.9, 99.99, 99.999]) expect(level).toContain(round)
    expect(level.length).toBeLessThanOrEqual(254)
  })

  it('are evenly spaced in rarity: 0.01 where that fits, else 0.02', () => {
    for (const [calibration, spacing] of [
      [closed, 0.01],
      [open, 0.02],
    ] as const) {
      const rarity = Array.from(
        thresholdSteps(calibration).level.slice(0, -1),
        (l) => -Math.log10(1 - l / 100),
      )
      for (let i = 1; i < rarity.length; i++) expect(rarity[i] - rarity[i - 1]).toBeCloseTo(spacing, 4)
    }
    expect(thresholdSteps(closed).level).toHaveLength(201)
    expect(thresholdSteps(closed).level.at(-1)).toBe(99.9)
  })

  it('begin at level 0 for a table that ends below 90', () => {
    const { level } = thresholdSteps({ percentile: [10, 60], score: [0, 1] })
    expect(level[0]).toBe(0)
    expect(level.at(-1)).toBe(60)
  })

  it('ascend, never exceed 254, and never reach down to the lowest score, whatever the table', () => {
    fc.assert(
      fc.property(anyCalibration, (calibration) => {
        const { level, score } = thresholdSteps(calibration)
        const table = levelTable(calibration)
        expect(level.length).toBeLessThanOrEqual(254)
        expect(level.at(-1)).toBe(table.highestLevel)
        for (let i = 1; i < level.length; i++) {
          expect(level[i]).toBeGreaterThan(level[i - 1])
          expect(score[i]).toBeGreaterThanOrEqual(score[i - 1])
        }
        expect(score[0]).toBeGreaterThan(table.lowestScore)
      }),
    )
  })

  it('are found again by a level: the same, or the nearest in rarity', () => {
    const steps = thresholdSteps(open)
    expect(steps.level[nearestStep(steps, 99.9) - 1]).toBe(99.9)
    expect(steps.level[nearestStep(steps, 99.9001) - 1]).toBe(99.9)
    expect(nearestStep(steps, 5)).toBe(1)
    expect(nearestStep(steps, 100)).toBe(steps.level.length)
    steps.level.forEach((level, i) => {
      expect(nearestStep(steps, level)).toBe(i + 1)
    })
  })
})

describe('a step map', () => {
  it('counts the thresholds at or below each score', () => {
    fc.assert(
      fc.property(anyCalibration, fc.array(fc.float(), { maxLength: 40 }), (calibration, scores) => {
        const steps = thresholdSteps(calibration)
        // The thresholds themselves, and beside them, are where a look-up goes wrong.
        const near = Array.from(steps.score).flatMap((s) => [s, s - 1e-6, s + 1e-6])
        const map = Float32Array.from([...scores, ...near])
        const counted = Array.from(map, (value) => steps.score.filter((s) => s <= value).length)
        expect(Array.from(stepMap(map, steps))).toEqual(counted)
      }),
    )
  })

  it('is 0 for unscored voxels and for not-a-number', () => {
    const steps = thresholdSteps(closed)
    expect(Array.from(stepMap(Float32Array.from([-4, Number.NaN, 1.99, 2, 8, 99]), steps))).toEqual([
      0, 0, 0, 1, 201, 201,
    ])
  })
})
