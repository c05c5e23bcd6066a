import { describe, expect, it } from 'vitest'
import { drawOrdinals, sampleLabels, sampleVoxels, sampleWhere } from '../../../main/evaluation/sampling.ts'

/** 4,000 voxels: 1,500 lesion (500 of them unscored), 1,500 other scored, 1,000 neither. */
const lesion = Uint8Array.from({ length: 4000 }, (_, i) => (i < 1500 ? 1 : 0))
const scored = Uint8Array.from({ length: 4000 }, (_, i) => (i >= 500 && i < 3000 ? 1 : 0))

describe('sampled voxels', () => {
  it('are at most the number asked for of each class, different and in order', () => {
    const sample = sampleVoxels(lesion, scored, 7, 'case', 1000)
    for (const offsets of [sample.lesion, sample.other]) {
      expect(offsets).toHaveLength(1000)
      expect(new Set(offsets).size).toBe(1000)
      expect(Array.from(offsets)).toEqual(Array.from(offsets).sort((a, b) => a - b))
    }
  })

  it('are lesion wherever the lesion lies, and other only where the model scored', () => {
    const sample = sampleVoxels(lesion, scored, 7, 'case', 1000)
    expect(sample.lesion.every((i) => lesion[i] === 1)).toBe(true)
    expect(sample.lesion.some((i) => scored[i] === 0)).toBe(true)
    expect(sample.other.every((i) => lesion[i] === 0 && scored[i] === 1)).toBe(true)
  })

  it('are all of a class smaller than that', () => {
    const sample = sampleVoxels(lesion, scored, 7, 'case', 1_000_000)
    expect(sample.lesion).toEqual(Int32Array.from({ length: 1500 }, (_, i) => i))
    expect(sample.other).toEqual(Int32Array.from({ length: 1500 }, (_, i) => 1500 + i))
  })

  it('are the same for the same seed and scan, and others for another seed or scan', () => {
    const draw = (seed: number, scan: string) => sampleVoxels(lesion, scored, seed, scan, 100)
    expect(draw(7, 'a')).toEqual(draw(7, 'a'))
    expect(draw(7, 'a')).not.toEqual(draw(8, 'a'))
    expect(draw(7, 'a')).not.toEqual(draw(7, 'b'))
  })

  it('come from everywhere alike', () => {
    const times = new Array<number>(20).fill(0)
    for (let seed = 0; seed < 4000; seed++) {
      for (const ordinal of drawOrdinals(20, 5, seed, 'uniform')) times[ordinal]++
    }
    // Each is drawn 1,000 times on average; binomial sd is 27.
    for (const count of times) expect(Math.abs(count - 1000)).toBeLessThan(5 * 27)
  })

  it('are none of none', () => {
    expect(drawOrdinals(0, 5, 1, 'x')).toHaveLength(0)
  })
})

describe('sampled voxels of numbered lesions', () => {
  // Label 2 has 300 voxels, label 1 has 20, in turns at first.
  const labels = Uint16Array.from({ length: 1000 }, (_, i) =>
    i < 40 ? 1 + (i % 2) : i >= 700 && i < 980 ? 2 : 0,
  )
  const offsets = Int32Array.from(labels.keys()).filter((i) => labels[i] !== 0)

  it('are at most the number asked for of each label, its own, different and in order', () => {
    const drawn = sampleLabels(labels, offsets, 7, 'case', 50)
    expect([...drawn.keys()]).toEqual([1, 2])
    expect(drawn.get(1)).toMatchObject({ voxels: 20, sample: offsets.filter((i) => labels[i] === 1) })
    const { voxels, sample } = drawn.get(2)!
    expect([voxels, sample.length, new Set(sample).size]).toEqual([300, 50, 50])
    expect(sample.every((i) => labels[i] === 2)).toBe(true)
    expect(Array.from(sample)).toEqual(Array.from(sample).sort((a, b) => a - b))
  })

  it('are the same for the same seed, whatever other labels there are', () => {
    const alone = labels.map((label) => (label === 2 ? 2 : 0))
    const draw = (of: Uint16Array, seed: number) => sampleLabels(of, offsets, seed, 'case', 50).get(2)?.sample
    expect(draw(alone, 7)).toEqual(draw(labels, 7))
    expect(draw(labels, 7)).not.toEqual(draw(labels, 8))
  })
})

describe('sampled voxels that fulfil a condition', () => {
  it('are all of them, or as many as asked for', () => {
    const third = (i: number) => i % 3 === 0
    expect(Array.from(sampleWhere(10, third, 1, 'x'))).toEqual([0, 3, 6, 9])
    const some = sampleWhere(3000, third, 1, 'x', 100)
    expect(some).toHaveLength(100)
    expect(some.every(third)).toBe(true)
    expect(sampleWhere(3000, third, 1, 'x', 100)).toEqual(some)
    expect(sampleWhere(10, () => false, 1, 'x')).toHaveLength(0)
  })
})
