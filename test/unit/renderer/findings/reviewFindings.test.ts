import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { treeComponentsAt } from '../../../../main/findings/componentTreeQuery.ts'
import type { Vec3 } from '../../../../main/imaging/volume.ts'
import { encodeOutline } from '../../../../renderer/findings/outline.ts'
import { reviewFindings } from '../../../../renderer/findings/reviewFindings.ts'
import { anyScoredVolume, type ScoredVolume } from '../../findings/componentTreeFixtures.ts'
import { keyOfFinding, opened, reviewRecord } from './fixtures.ts'

/** A row of voxels of 1 mm: scores as given, HU 10 · index. Scores 1, 5, 9, 12 are levels 90, 99, 99.9, 99.99. */
function row(...scores: number[]): ScoredVolume {
  return {
    volume: {
      dims: [scores.length, 1, 1],
      spacing: [10, 10, 10],
      origin: [0, 0, 0],
      direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
      voxels: Int16Array.from(scores, (_, i) => 10 * i),
    },
    score: Float32Array.from(scores),
    calibration: { percentile: [0, 80, 90, 99, 99.9, 99.99], score: [-1, 0, 1, 5, 9, 12] },
  }
}

function listed(
  scored: ScoredVolume,
  level: number,
  records: ReturnType<typeof reviewRecord>[] = [],
  minVolumeMl = 0,
) {
  const { tree, scan } = opened(scored)
  const step = tree.steps.level.findIndex((l) => l >= level - 1e-9) + 1
  return reviewFindings({ tree, step, minVolumeMl, records: new Map(records.map((r) => [r.key, r])), scan })
}

const outlineOf = (x: number, length: number) =>
  encodeOutline({ min: [x, 0, 0], max: [x + length - 1, 0, 0], voxels: new Uint8Array(length).fill(1) })

describe('the findings of a review', () => {
  it('are the machine’s at the threshold, in order of rank, unreviewed where nothing was said', () => {
    fc.assert(
      fc.property(anyScoredVolume, fc.integer({ min: 1, max: 150 }), (scored, step) => {
        const { tree, scan } = opened(scored)
        const found = treeComponentsAt(tree, step, { minVolumeMl: 0 })
        const list = reviewFindings({ tree, step, minVolumeMl: 0, records: new Map(), scan })
        expect(list.map((f) => [f.key, f.number, f.state])).toEqual(
          found.map((f) => [keyOfFinding(f, tree.dims), f.number, 'unreviewed']),
        )
      }),
      { numRuns: 30 },
    )
  })

  it('keep the key and what was said of them while the threshold moves', () => {
    const scored = row(-1, 5, 12, 5, -1, 9, -1)
    const said = [
      reviewRecord({ key: 'peak-2', state: 'confirmed', label: { text: 'Nodule', code: null }, note: 'why' }),
    ]
    for (const [level, voxels] of [
      [99, 3],
      [99.9, 1],
    ])
      expect(listed(scored, level, said)[0]).toMatchObject({
        key: 'peak-2',
        state: 'confirmed',
        label: { text: 'Nodule' },
        note: 'why',
        voxelCount: voxels,
        corrected: false,
        hidden: null,
      })
  })

  it('are measured on the reader’s outline where it was corrected', () => {
    const [corrected] = listed(row(-1, 5, 12, 5, -1), 99, [
      reviewRecord({ key: 'peak-2', outline: outlineOf(1, 2) }),
    ])
    expect(corrected).toMatchObject({ corrected: true, voxelCount: 2, volumeMl: 2, huMean: 15, huSd: 5 })
    expect(corrected.machine).toMatchObject({ voxelCount: 3, volumeMl: 3 })
  })

  it('have what the reader drew after the machine’s, whatever the threshold', () => {
    const drawn = reviewRecord({ key: 'drawn-00000000', state: 'confirmed', outline: outlineOf(3, 2) })
    const list = listed(row(-1, 12, -1, -1, -1), 99.99, [drawn])
    expect(list.map((f) => f.origin)).toEqual(['machine', 'drawn'])
    expect(list[1]).toMatchObject({ number: null, voxelCount: 2, peakLevel: null, hidden: null })
  })

  describe('keep what was reviewed and the threshold hides', () => {
    const scored = row(-1, 12, 5, 9, -1, 9, -1)
    const said = reviewRecord({ key: 'peak-3', state: 'false-positive', thresholdLevel: 99.9 })

    it('because it lies below, measured as it was when the reader judged it', () => {
      const list = listed(scored, 99.99, [said])
      expect(list.map((f) => [f.key, f.hidden])).toEqual([
        ['peak-1', null],
        ['peak-3', 'below-threshold'],
      ])
      expect(list[1]).toMatchObject({ number: null, state: 'false-positive', voxelCount: 1, huMean: 30 })
    })

    it('because it is part of a larger finding now', () => {
      const list = listed(scored, 99, [said])
      expect(list.map((f) => [f.key, f.hidden])).toEqual([
        ['peak-1', null],
        ['peak-5', null],
        ['peak-3', 'merged'],
      ])
    })

    it('because it is smaller than the smallest volume asked for', () => {
      expect(listed(scored, 99.9, [said], 1.5).map((f) => [f.key, f.hidden])).toEqual([
        ['peak-3', 'too-small'],
      ])
    })
  })

  it('forget a record that says nothing any more', () => {
    expect(listed(row(-1, 9, -1), 99.99, [reviewRecord({ key: 'peak-1' })])).toEqual([])
  })

  it('never lose a reviewed finding, and never list one twice, at any threshold', () => {
    fc.assert(
      fc.property(
        anyScoredVolume,
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 150 }),
        fc.constantFrom(0, 0.005),
        (scored, judgedAt, step, minVolumeMl) => {
          const { tree, scan } = opened(scored)
          const records = new Map(
            treeComponentsAt(tree, judgedAt).map((f) => {
              const key = keyOfFinding(f, tree.dims)
              const thresholdLevel = tree.steps.level[judgedAt - 1]
              return [key, reviewRecord({ key, state: 'confirmed', thresholdLevel })]
            }),
          )
          const keys = reviewFindings({ tree, step, minVolumeMl, records, scan }).map((f) => f.key)
          expect(new Set(keys).size).toBe(keys.length)
          for (const key of records.keys()) expect(keys).toContain(key)
          const judged = reviewFindings({ tree, step: judgedAt, minVolumeMl: 0, records, scan })
          const later = reviewFindings({ tree, step: 1, minVolumeMl: 1e6, records, scan })
          const volumes = new Map(judged.map((f) => [f.key, f.volumeMl]))
          for (const f of later) expect(f.volumeMl).toBe(volumes.get(f.key))
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('a box that is not in the scan', () => {
  it('is an error of the program, not a finding', () => {
    const min: Vec3 = [0, 0, 0]
    const outline = encodeOutline({ min, max: [9, 0, 0], voxels: new Uint8Array(10).fill(1) })
    expect(() => listed(row(-1, 9, -1), 99, [reviewRecord({ key: 'drawn-00000000', outline })])).toThrow(
      RangeError,
    )
  })
})
