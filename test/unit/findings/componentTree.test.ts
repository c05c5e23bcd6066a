import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeTree, encodeTree } from '../../../main/findings/componentTreeFile.ts'
import { treeComponentsAt, treeNodesAt } from '../../../main/findings/componentTreeQuery.ts'
import { type Finding, findFindings } from '../../../main/findings/findings.ts'
import { anyScoredVolume, type ScoredVolume, treeOf } from './componentTreeFixtures.ts'
import { findingsGoldens } from './golden.ts'

/** Every field the same; the two means of doubles but for the order in which they were summed. */
function expectSame(found: readonly Finding[], expected: readonly Finding[]): void {
  const exact = ({ meanScore: _, meanLevel: __, ...rest }: Finding) => rest
  expect(found.map(exact)).toEqual(expected.map(exact))
  found.forEach((finding, i) => {
    expect(finding.meanScore).toBeCloseTo(expected[i].meanScore, 9)
    expect(finding.meanLevel).toBeCloseTo(expected[i].meanLevel, 9)
  })
}

/** One row of 1 mm voxels; −1 is unscored. */
function row(scores: readonly number[]): ScoredVolume {
  return {
    volume: {
      dims: [scores.length, 1, 1],
      spacing: [1, 1, 1],
      origin: [0, 0, 0],
      direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
      voxels: new Int16Array(scores.length),
    },
    score: Float32Array.from(scores),
    calibration: { percentile: [0, 90, 99, 99.9], score: [-1, 1, 5, 9] },
  }
}

describe('the components of the tree', () => {
  it('are the findings at every step, in every field, whatever the volume and the smallest volume', () => {
    fc.assert(
      fc.property(anyScoredVolume, fc.integer({ min: 0, max: 6 }), (scored, voxels) => {
        const { spacing } = scored.volume
        const minVolumeMl = (voxels * spacing[0] * spacing[1] * spacing[2]) / 1000
        const tree = treeOf(scored, minVolumeMl)
        // Every fifth step and the last: all 200 would look at most volumes 200 times in vain.
        for (let step = 1; step <= tree.steps.level.length; step += 5) {
          const { findings } = findFindings({ ...scored, level: tree.steps.level[step - 1], minVolumeMl })
          expectSame(treeComponentsAt(tree, step, { minVolumeMl }), findings)
        }
      }),
      { numRuns: 400 },
    )
  })

  it.each(findingsGoldens())('are the findings on a volume of noise: $name', (golden) => {
    const tree = treeOf(golden)
    for (let step = 1; step <= tree.steps.level.length; step += 10) {
      for (const minVolumeMl of [0, golden.minVolumeMl]) {
        const level = tree.steps.level[step - 1]
        expectSame(
          treeComponentsAt(tree, step, { minVolumeMl }),
          findFindings({ ...golden, level, minVolumeMl }).findings,
        )
      }
    }
  })

  it('are kept to the highest-ranked', () => {
    const scored = row([3, -1, 6, -1, 5, 5])
    const found = treeComponentsAt(treeOf(scored), 1, { maxFindings: 2 })
    expect(found.map(({ number, peakScore }) => [number, peakScore])).toEqual([
      [1, 6],
      [2, 5],
    ])
  })

  it('are refused below the smallest volume that the tree holds', () => {
    const tree = treeOf(row([3, 3, 3]), 0.002)
    expect(() => treeComponentsAt(tree, 1, { minVolumeMl: 0.001 })).toThrow(
      expect.objectContaining({ code: 'usage/min-volume' }),
    )
    expect(treeComponentsAt(tree, 1, { minVolumeMl: 0.003 })).toHaveLength(1)
    expect(treeComponentsAt(tree, 1, { minVolumeMl: 0.0031 })).toHaveLength(0)
  })

  it('are refused for a step or a number that there is not', () => {
    const tree = treeOf(row([3]))
    for (const step of [0, 1.5, tree.steps.level.length + 1])
      expect(() => treeNodesAt(tree, step)).toThrow(RangeError)
    expect(() => treeComponentsAt(tree, 1, { maxFindings: 0 })).toThrow(
      expect.objectContaining({ code: 'usage/max-findings' }),
    )
  })
})

describe('the tree', () => {
  it('leaves small components out and keeps their voxels in the larger one that holds them', () => {
    // Two peaks on one plateau: 9 alone, 8 8 together, five voxels in all.
    const scored = row([2, 9, 2, 8, 8, -1])
    const tree = treeOf(scored, 0.002)
    expect(Array.from(tree.nodes.voxelCount)).toEqual([5, 2])
    expect(Array.from(tree.nodes.parent)).toEqual([-1, 0])
    expect(treeComponentsAt(tree, 1)).toMatchObject([{ peakScore: 9, meanScore: 29 / 5, voxelCount: 5 }])
  })

  it('counts the scored voxels of every step, those below the first, and not the unscored ones', () => {
    const tree = treeOf(row([-1, -1, 0, 0.5, 1, 5, 12]))
    expect(tree.scoredVoxels).toBe(5)
    expect(tree.histogram[0]).toBe(2)
    expect(tree.histogram[1]).toBe(1)
    expect(tree.histogram.at(-1)).toBe(1)
    expect(tree.histogram.reduce((sum, count) => sum + count)).toBe(5)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('is refused for a score of %s', (value) => {
    expect(() => treeOf(row([3, value, 3]))).toThrow(
      expect.objectContaining({ code: 'engine/invalid-score' }),
    )
  })

  it('of a volume without anything rare is empty', () => {
    const tree = treeOf(row([-1, 0, 0]))
    expect(treeComponentsAt(tree, 1)).toEqual([])
    expect(treeComponentsAt(decodeTree(encodeTree(tree)), 1)).toEqual([])
  })
})

describe('a tree as bytes', () => {
  const tree = treeOf(row([2, 9, 2, 8, 8, -1, 4]))
  const bytes = encodeTree(tree)

  it('comes back the same', () => {
    fc.assert(
      fc.property(anyScoredVolume, (scored) => {
        const before = treeOf(scored)
        const { nodes, ...after } = decodeTree(encodeTree(before))
        expect({ ...after, nodes: { ...nodes } }).toEqual(before)
      }),
      { numRuns: 50 },
    )
  })

  it('is refused when cut short or grown, at any length', () => {
    for (let length = 0; length < bytes.byteLength; length += 7)
      expect(() => decodeTree(bytes.slice(0, length))).toThrow(
        expect.objectContaining({ code: 'input/component-tree' }),
      )
    const grown = new ArrayBuffer(bytes.byteLength + 8)
    new Uint8Array(grown).set(new Uint8Array(bytes))
    expect(() => decodeTree(grown)).toThrow(/not complete/)
  })

  it.each([
    ['foreign', 0, 0x50, /not those of a screening run/],
    ['of another version', 8, 9, /another version/],
    ['with a damaged header', 16, 0x50, /damaged/],
    ['with a header longer than the file', 15, 0x7f, /not complete/],
  ])('is refused when %s', (_, at, value, message) => {
    const changed = bytes.slice(0)
    new Uint8Array(changed)[at] = value
    expect(() => decodeTree(changed)).toThrow(message)
  })

  it('is refused when its nodes refer to what there is not', () => {
    const changed = decodeTree(bytes.slice(0))
    changed.nodes.parent[0] = 5
    expect(() => decodeTree(changed.nodes.parent.buffer as ArrayBuffer)).toThrow(/damaged/)
  })
})
