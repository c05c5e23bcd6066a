import { describe, expect, it } from 'vitest'
import { type FindingsRequest, findFindings } from '../../../main/findings/findings.ts'
import { type CtVolume, IDENTITY, type Vec3 } from '../../../main/imaging/volume.ts'
import { findingsGoldens } from './golden.ts'

const calibration = { percentile: [0, 50, 90, 99, 99.9], score: [-1, 0, 2, 4, 8] }

/** A 1 mm volume of −1 scores and 0 HU with the given scores at the given x positions of its only row. */
function row(scores: readonly (readonly [number, number])[], length = 20): FindingsRequest {
  const dims: Vec3 = [length, 1, 1]
  const volume: CtVolume = {
    dims,
    spacing: [1, 1, 1],
    origin: [0, 0, 0],
    direction: IDENTITY,
    voxels: new Int16Array(length),
  }
  const score = new Float32Array(length).fill(-1)
  for (const [x, value] of scores) score[x] = value
  return { volume, score, calibration, level: 90, minVolumeMl: 0 }
}

describe('findings', () => {
  it.each(findingsGoldens())('match scipy, scikit-image and numpy: $name', (golden) => {
    const { findings, mask, warnings } = findFindings(golden)
    expect(findings).toHaveLength(golden.expected.findings.length)
    expect(warnings).toEqual([])
    golden.expected.findings.forEach((expected, index) => {
      const found = findings[index]
      for (const key of ['number', 'voxelCount', 'peakIndex', 'extentIndex', 'peakScore'] as const) {
        expect(found[key], key).toEqual(expected[key])
      }
      for (const key of ['volumeMl', 'peakLevel', 'meanLevel', 'meanScore', 'huMean', 'huSd'] as const) {
        expect(found[key], key).toBeCloseTo(expected[key], 8)
      }
      for (const axis of [0, 1, 2]) {
        expect(found.centreMm[axis]).toBeCloseTo(expected.centreMm[axis], 8)
        expect(found.extentMm[axis]).toBeCloseTo(expected.extentMm[axis], 8)
      }
    })
    expect(mask).toEqual(golden.expected.mask)
  })

  it('hold every voxel at the level exactly', () => {
    expect(findFindings(row([[3, 2]])).findings).toMatchObject([{ voxelCount: 1, peakLevel: 90 }])
    expect(findFindings(row([[3, 1.999]])).findings).toEqual([])
  })

  it('rank by peak level, then by peak score, then by volume', () => {
    const { findings, mask } = findFindings(
      row([
        [1, 3],
        [4, 9],
        [7, 9],
        [8, 9],
        [11, 20],
        [14, 5],
        [15, 5],
        [16, 5],
      ]),
    )
    // 20 and 9 are both beyond the table, so their levels are equal and the score decides.
    expect(findings.map((finding) => [finding.number, finding.peakScore, finding.voxelCount])).toEqual([
      [1, 20, 1],
      [2, 9, 2],
      [3, 9, 1],
      [4, 5, 3],
      [5, 3, 1],
    ])
    expect(findings.map((finding) => finding.peakLevel)).toEqual([99.9, 99.9, 99.9, 99.225, 94.5])
    expect(Array.from(mask)).toEqual([0, 5, 0, 0, 3, 0, 0, 2, 2, 0, 0, 1, 0, 0, 4, 4, 4, 0, 0, 0])
  })

  it('keep a component of exactly the smallest volume', () => {
    const request = row([
      [2, 5],
      [3, 5],
      [4, 5],
      [8, 5],
      [9, 5],
    ])
    // Voxels of 0.0009 mL: 0.0027 / 0.0009 is above 3 in floating point, which must not cost the component.
    const thin = { ...request, volume: { ...request.volume, spacing: [0.9, 1, 1] as const } }
    expect(findFindings({ ...thin, minVolumeMl: 0.0027 }).findings).toMatchObject([{ voxelCount: 3 }])
    expect(findFindings({ ...request, minVolumeMl: 0.003 }).findings).toMatchObject([{ voxelCount: 3 }])
    expect(findFindings({ ...request, minVolumeMl: 0.0031 }).findings).toEqual([])
    expect(findFindings({ ...request, minVolumeMl: 0.002 }).findings).toHaveLength(2)
  })

  it('leave unscored voxels out even at level 0', () => {
    const { findings, mask } = findFindings({ ...row([[5, -0.5]]), level: 0 })
    expect(findings).toMatchObject([{ voxelCount: 1, peakIndex: [5, 0, 0] }])
    expect(mask.filter((number) => number > 0)).toHaveLength(1)
  })

  it('leave unscored voxels out where float32 rounds the lowest score up', () => {
    const request = { ...row([]), level: 0, calibration: { percentile: [0, 99], score: [0.1, 1] } }
    request.score.fill(0.1)
    expect(request.score[0]).toBeGreaterThan(0.1)
    expect(findFindings(request).findings).toEqual([])
  })

  it('are none above the last percentile of the table', () => {
    expect(findFindings({ ...row([[3, 1e9]]), level: 100 }).findings).toEqual([])
  })

  it('measure HU on the source voxels, with the population standard deviation', () => {
    const request = row([
      [6, 3],
      [7, 3],
    ])
    request.volume.voxels.set([-10, 30], 6)
    expect(findFindings(request).findings).toMatchObject([{ huMean: 10, huSd: 20 }])
  })

  it('are limited to the highest-ranked ones, with a warning that says so', () => {
    const request = row([
      [1, 3],
      [4, 6],
      [8, 5],
    ])
    const { findings, mask, warnings } = findFindings({ ...request, maxFindings: 2 })
    expect(findings.map((finding) => finding.peakScore)).toEqual([6, 5])
    expect(mask[1]).toBe(0)
    expect(warnings).toMatchObject([
      { code: 'findings/limited', message: /^3 regions .* only the 2 highest/ },
    ])
  })

  it('never exceed what a uint16 mask can number', () => {
    const count = 66_000
    const request = row([], 2 * count)
    for (let i = 0; i < count; i++) request.score[2 * i] = 3 + i / count
    const { findings, mask, warnings } = findFindings({ ...request, maxFindings: 1_000_000 })
    expect(findings).toHaveLength(65_535)
    expect(mask[2 * (count - 1)]).toBe(1)
    expect(mask[0]).toBe(0)
    expect(warnings).toHaveLength(1)
  })

  it('are refused for a score map with values that are not numbers', () => {
    expect(() => findFindings(row([[3, Number.NaN]]))).toThrow(
      expect.objectContaining({ code: 'engine/invalid-score' }),
    )
    expect(() => findFindings(row([[3, Number.POSITIVE_INFINITY]]))).toThrow(/not numbers/)
  })

  it.each([
    [{ level: 101 }, 'usage/level'],
    [{ minVolumeMl: -1 }, 'usage/min-volume'],
    [{ minVolumeMl: Number.NaN }, 'usage/min-volume'],
    [{ maxFindings: 0 }, 'usage/max-findings'],
    [{ calibration: { percentile: [0], score: [0] } }, 'model/calibration'],
  ])('are refused with %j', (change, code) => {
    expect(() => findFindings({ ...row([]), ...change })).toThrow(expect.objectContaining({ code }))
  })
})
