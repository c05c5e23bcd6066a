import { describe, expect, it } from 'vitest'
import { caseBootstrap } from '../../../../main/evaluation/metrics/bootstrap.ts'
import { froc } from '../../../../main/evaluation/metrics/froc.ts'
import type { LesionCurve } from '../../../../main/evaluation/types.ts'

const level = [99.9, 99, 98, 95, 90]
const curves: LesionCurve[] = [
  { lesions: 2, level, lesionsHit: [0, 1, 1, 2, 2], falsePositives: [0, 0, 3, 9, 1] },
  { lesions: 1, level, lesionsHit: [0, 0, 1, 1, 1], falsePositives: [0, 1, 1, 12, 0] },
]

const pooled = (cases: LesionCurve[]) => froc(cases, caseBootstrap(cases.length, 0))

describe('FROC', () => {
  it('pools lesions and false findings of all scans', () => {
    expect(pooled(curves)).toMatchObject({
      lesions: 3,
      scans: 2,
      level,
      sensitivity: [0, 1 / 3, 2 / 3, 1, 1],
      falsePositivesPerScan: [0, 0.5, 2, 10.5, 0.5],
    })
  })

  it('reads each rate before false findings first exceed it, not where they have grown together', () => {
    const { rates, meanSensitivity } = pooled(curves)
    expect(rates.map((rate) => [rate.falsePositivesPerScan, rate.sensitivity?.value, rate.level])).toEqual([
      [0.125, 0, 99.9],
      [0.25, 0, 99.9],
      [0.5, 1 / 3, 99],
      [1, 1 / 3, 99],
      [2, 2 / 3, 98],
      [4, 2 / 3, 98],
      [8, 2 / 3, 98],
    ])
    expect(meanSensitivity?.value).toBeCloseTo((0 + 0 + 1 / 3 + 1 / 3 + 3 * (2 / 3)) / 7, 12)
  })

  it('leaves out rates that even the highest level exceeds', () => {
    const noisy = [{ ...curves[0], falsePositives: [3, 3, 3, 3, 3] }]
    const { rates, meanSensitivity } = pooled(noisy)
    expect(rates.map((rate) => rate.sensitivity?.value ?? null)).toEqual([null, null, null, null, null, 1, 1])
    expect(meanSensitivity?.value).toBe(1)
    const flooded = pooled([{ ...curves[0], falsePositives: [99, 99, 99, 99, 99] }])
    expect(flooded.meanSensitivity).toBeNull()
  })

  it('has intervals over scans', () => {
    const { meanSensitivity } = pooled([...curves, ...curves])
    const [low, high] = meanSensitivity?.ci ?? [1, 0]
    expect(low).toBeLessThan(meanSensitivity?.value ?? 0)
    expect(high).toBeGreaterThan(meanSensitivity?.value ?? 1)
  })
})
