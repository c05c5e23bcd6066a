import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type FindingReview,
  type ReviewedRequest,
  reviewedFindings,
} from '../../../main/exporting/reviewedFindings.ts'
import { findFindings } from '../../../main/findings/findings.ts'
import { type Grid, IDENTITY, voxelCount } from '../../../main/imaging/volume.ts'
import {
  type Box,
  CALIBRATION,
  huAt,
  offsetOf,
  outlineOf,
  rawFiles,
  review,
  runFiles,
  voxelsOf,
} from './reviewCases.ts'

const GRID: Grid = { dims: [9, 7, 5], spacing: [2, 1, 5], origin: [-4, 3, 100], direction: IDENTITY }
const ALL = ['unreviewed', 'confirmed', 'false-positive', 'uncertain'] as const

// Two findings at level 99, the first of them with a core at 99.9 that is further off than a voxel from the second.
const FIRST = { min: [0, 0, 0], max: [3, 2, 1], score: 1.5 } as const
const CORE = { min: [1, 1, 0], max: [2, 1, 1], score: 2.5 } as const
const SECOND = { min: [6, 4, 3], max: [8, 6, 4], score: 1.2 } as const
const FIRST_KEY = `peak-${offsetOf(GRID, CORE.min)}`
const SECOND_KEY = `peak-${offsetOf(GRID, SECOND.min)}`
const BETWEEN: Box = { min: [3, 2, 1], max: [6, 4, 3] }

const find = (reviews: FindingReview[], change: Partial<ReviewedRequest> = {}) =>
  reviewedFindings({
    grid: GRID,
    calibration: CALIBRATION,
    files: runFiles(GRID, [FIRST, CORE, SECOND]),
    level: 99,
    minVolumeMl: 0,
    states: ALL,
    reviews,
    ...change,
  })

const inMask = (mask: Uint16Array, number: number) =>
  voxelsOf({ min: [0, 0, 0], max: [8, 6, 4] }).filter((voxel) => mask[offsetOf(GRID, voxel)] === number)

describe('the findings of a run that nobody reviewed', () => {
  it('are those of findFindings, in number, measurement and mask, for any map and level', async () => {
    const scores = fc.array(fc.constantFrom(-1, -1, -1, 0.5, 1, 1.5, 2, 2.5, 4), {
      minLength: voxelCount(GRID),
      maxLength: voxelCount(GRID),
    })
    const level = fc.constantFrom(0, 90, 99, 99.5, 99.9, 99.99, 100)
    await fc.assert(
      fc.asyncProperty(scores, level, fc.constantFrom(0, 0.02, 0.1), async (values, level, minVolumeMl) => {
        const score = Float32Array.from(values)
        const voxels = Int16Array.from(score, (_, offset) => huAt(offset))
        const request = { calibration: CALIBRATION, level, minVolumeMl }
        const expected = findFindings({ ...request, volume: { ...GRID, voxels }, score })
        const { findings, mask, warnings } = await find([], { ...request, files: rawFiles(score) })
        expect(mask).toEqual(expected.mask)
        expect(warnings).toEqual([])
        expect(
          findings.map(({ number, volumeMl, peakIndex, meanLevel, huSd, extentIndex }) => [
            number,
            volumeMl,
            peakIndex,
            meanLevel,
            huSd,
            extentIndex,
          ]),
        ).toEqual(
          expected.findings.map(({ number, volumeMl, peakIndex, meanLevel, huSd, extentIndex }) => [
            number,
            volumeMl,
            peakIndex,
            meanLevel,
            huSd,
            extentIndex,
          ]),
        )
        for (const { key, peakIndex, state, origin } of findings)
          expect([key, state, origin]).toEqual([`peak-${offsetOf(GRID, peakIndex)}`, 'unreviewed', 'machine'])
      }),
      { numRuns: 60 },
    )
  })
})

describe('the findings of a reviewed run', () => {
  it('are those in the chosen states, numbered by rank, with what was said', async () => {
    const label = { text: 'Nodule', code: { scheme: 'SCT', value: '27925004', meaning: 'Nodule' } }
    const said = [review(SECOND_KEY, { label, note: 'new' }), review(FIRST_KEY, { state: 'false-positive' })]
    const numbered = async (states: ReviewedRequest['states']) =>
      (await find(said, { states })).findings.map(({ number, key }) => [number, key])
    expect(await numbered(['confirmed'])).toEqual([[1, SECOND_KEY]])
    expect(await numbered(['confirmed', 'false-positive'])).toEqual([
      [1, FIRST_KEY],
      [2, SECOND_KEY],
    ])
    expect(await numbered(['unreviewed', 'uncertain'])).toEqual([])
    const { findings } = await find(said, { states: ['confirmed'] })
    expect(findings[0]).toMatchObject({ label, note: 'new', origin: 'machine', regionLevel: 99 })
  })

  it('have the reader’s outline in place of the machine’s, measured on its own voxels', async () => {
    const outline = outlineOf(BETWEEN, ([i]) => i === 4)
    const { findings, mask } = await find([review(SECOND_KEY, { outline })])
    const corrected = findings.find(({ key }) => key === SECOND_KEY)!
    const voxels = voxelsOf(BETWEEN).filter(([i]) => i !== 4)
    const hu = voxels.map((voxel) => huAt(offsetOf(GRID, voxel)))
    expect(corrected).toMatchObject({ origin: 'corrected', voxelCount: voxels.length, regionLevel: null })
    expect(corrected.volumeMl).toBeCloseTo(voxels.length * 0.01, 12)
    expect(corrected.huMean).toBeCloseTo(hu.reduce((a, b) => a + b) / hu.length, 9)
    expect(inMask(mask, corrected.number)).toEqual(voxels)
  })

  it('hold what was drawn, also where the machine gave no score', async () => {
    const box: Box = { min: [0, 5, 4], max: [1, 6, 4] }
    const drawn = review('drawn-abcdefgh', { outline: outlineOf(box), state: 'uncertain' })
    const { findings, mask } = await find([drawn])
    expect(findings.map(({ key, origin }) => [key, origin])).toEqual([
      [FIRST_KEY, 'machine'],
      [SECOND_KEY, 'machine'],
      ['drawn-abcdefgh', 'drawn'],
    ])
    expect(findings[2]).toMatchObject({ voxelCount: 4, peakLevel: 0, peakScore: -1 })
    expect(inMask(mask, 3)).toEqual(voxelsOf(box))
  })

  it('keep what was judged at another level as it was there, whatever its size', async () => {
    const core = review(FIRST_KEY, { thresholdLevel: 99.9 })
    const above = await find([review(FIRST_KEY, { thresholdLevel: 99 })], {
      level: 99.9,
      states: ['confirmed'],
    })
    expect(above.findings[0], 'the same peak at the exported level').toMatchObject({
      voxelCount: 4,
      regionLevel: 99.9,
    })
    const gone = await find([core], { level: 99.99, minVolumeMl: 1, states: ['confirmed'] })
    expect(gone.findings).toHaveLength(1)
    expect(gone.findings[0]).toMatchObject({ key: FIRST_KEY, voxelCount: 4, regionLevel: 99.9 })
    expect(inMask(gone.mask, 1)).toEqual(voxelsOf(CORE))
    const unknown = await find([review(FIRST_KEY)], { level: 99.99, states: ['confirmed'] })
    expect([unknown.findings, unknown.warnings.map(({ code }) => code)]).toEqual([
      [],
      ['export/not-at-level'],
    ])
  })

  it('give a shared voxel to the confirmed one, then to the later, and say so; measurements count it for both', async () => {
    const outline = outlineOf(BETWEEN)
    const early = review('drawn-early-one', {
      outline,
      state: 'confirmed',
      updatedAt: '2026-01-01T00:00:00.000Z',
    })
    const late = review('drawn-later-one', {
      outline,
      state: 'uncertain',
      updatedAt: '2026-02-01T00:00:00.000Z',
    })
    const winner = async (reviews: FindingReview[]) => {
      const { findings, mask } = await find(reviews)
      return findings.find(({ number }) => number === mask[offsetOf(GRID, [5, 3, 2])])?.key
    }
    expect(await winner([early, late])).toBe('drawn-early-one')
    expect(await winner([early, { ...late, state: 'confirmed' }])).toBe('drawn-later-one')
    expect(await winner([{ ...early, state: 'uncertain' }, late])).toBe('drawn-later-one')

    const { findings, mask, warnings } = await find([early])
    const [first, second, drawn] = findings
    expect([first, second, drawn].map(({ key }) => key)).toEqual([FIRST_KEY, 'drawn-early-one', SECOND_KEY])
    expect(inMask(mask, 2)).toEqual(voxelsOf(BETWEEN))
    expect([first.voxelCount, first.maskVoxelCount]).toEqual([24, 23])
    expect(warnings).toEqual([
      {
        code: 'export/overlap',
        message: expect.stringContaining(
          '1 of finding 1 went to finding 2; 1 of finding 3 went to finding 2',
        ),
      },
    ])
  })

  it('leave out an outline without a voxel, and say so', async () => {
    const empty = review('drawn-abcdefgh', { outline: outlineOf(BETWEEN, () => true) })
    const { findings, warnings } = await find([empty])
    expect(findings).toHaveLength(2)
    expect(warnings.map(({ code }) => code)).toEqual(['export/empty-outline'])
  })

  it.each([
    ['reaches out of the grid', { ...outlineOf(BETWEEN), max: [9, 4, 3] }],
    ['has fewer bits than its box', { ...outlineOf(BETWEEN), bits: 'AA==' }],
  ])('are refused where an outline %s', async (_, outline) => {
    const drawn = review('drawn-abcdefgh', { outline: outline as FindingReview['outline'] })
    await expect(find([drawn])).rejects.toMatchObject({ code: 'input/outline' })
  })

  it('are not made up from scores that are not numbers', async () => {
    const score = new Float32Array(voxelCount(GRID)).fill(-1)
    score[7] = Number.NaN
    await expect(find([], { files: rawFiles(score) })).rejects.toMatchObject({ code: 'engine/invalid-score' })
  })
})
