import { describe, expect, it } from 'vitest'
import { distanceBands } from '../../../../main/evaluation/metrics/distanceBands.ts'
import { labelledLesions } from '../../../../main/evaluation/metrics/labelledLesions.ts'
import { lesionVoxels } from '../../../../main/evaluation/metrics/rankedVoxels.ts'
import { goldenBody } from './golden.ts'

const { ct, labels, lesion, components, scored, score, expected } = goldenBody()
const { offset: offsets } = lesionVoxels(components)
const margin = distanceBands(lesion, ct, 'nonzero', [16])
const far = (i: number) => scored[i] === 1 && margin[i] === 1 && i % expected.everyNthFar === 0
const kinds = { 1: 'nodule solid', 4: 'node' }
const truth = { ctPath: '', ct, lesion, labels, kinds }
const options = {
  modelValue: (i: number) => score[i],
  baselineValue: (i: number) => -score[i],
  mask: new Uint16Array(labels.length),
  seed: 0,
  name: 'case',
}

describe('numbered lesions', () => {
  it('are each measured against voxels far from all, as scikit-learn does, touching ones too', () => {
    expect(components.count).toBe(2)
    const found = labelledLesions(truth, offsets, far, options) ?? []
    expect(found.map(({ label, kind, voxels }) => [label, kind, voxels])).toEqual([
      [1, 'nodule solid', expected.lesions[1].voxels],
      [4, 'node', expected.lesions[4].voxels],
      [5, 'unknown', expected.lesions[5].voxels],
    ])
    const areas = [expected.lesions[1].auroc, expected.lesions[4].auroc, expected.lesions[5].auroc]
    for (const [n, { auroc, baselineHuDeviation, volumeMl, voxels }] of found.entries()) {
      expect(auroc).toBeCloseTo(areas[n], 12)
      expect(baselineHuDeviation).toBeCloseTo(1 - areas[n], 12)
      expect(volumeMl).toBeCloseTo((voxels * 1.9 * 2.1 * 4) / 1000, 12)
    }
  })

  it('are hit where a finding touches one of their own voxels', () => {
    const mask = new Uint16Array(labels.length)
    mask[labels.indexOf(4)] = 9
    const found = labelledLesions(truth, offsets, far, { ...options, mask })
    expect(found?.map(({ label, hit }) => [label, hit])).toEqual([
      [1, false],
      [4, true],
      [5, false],
    ])
  })

  it('have no area where no body voxel is far from them', () => {
    const found = labelledLesions(truth, offsets, () => false, options)
    expect(found?.map(({ auroc }) => auroc)).toEqual([null, null, null])
  })

  it('are none where the mask does not tell them apart', () => {
    const { labels: _, ...unnumbered } = truth
    expect(labelledLesions(unnumbered, offsets, far, options)).toBeUndefined()
  })
})
