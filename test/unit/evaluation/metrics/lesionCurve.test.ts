import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lesionCurve } from '../../../../main/evaluation/metrics/lesionCurve.ts'
import { lesionVoxels } from '../../../../main/evaluation/metrics/rankedVoxels.ts'
import { labelComponents } from '../../../../main/findings/components.ts'
import { findFindings } from '../../../../main/findings/findings.ts'
import { IDENTITY } from '../../../../main/imaging/volume.ts'

// What scipy finds at every level is compared in evaluate.test.ts, on the golden cases.

const calibration = { percentile: [0, 90, 95, 97], score: [0, 1, 2, 3] }
const dims = [6, 5, 4] as const
const voxels = dims[0] * dims[1] * dims[2]
const volume = {
  dims,
  spacing: [10, 10, 10] as const,
  origin: [0, 0, 0] as const,
  direction: IDENTITY,
  voxels: new Int16Array(voxels),
}

const maps = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: voxels, maxLength: voxels })
const masks = fc.array(fc.integer({ min: 0, max: 11 }), { minLength: voxels, maxLength: voxels })

describe('findings against lesions', () => {
  it('are those of findFindings at every level', () => {
    fc.assert(
      fc.property(maps, masks, fc.integer({ min: 0, max: 6 }), (scores, marks, minVolumeMl) => {
        const score = Float32Array.from(scores, (value) => value / 2)
        const lesion = Uint8Array.from(marks, (mark, n) => (mark === 0 || n === 7 ? 1 : 0))
        const lesions = labelComponents(lesion, 1, dims)
        const inside = lesionVoxels(lesions)
        const curve = lesionCurve(volume, score, inside, calibration, minVolumeMl)
        expect(curve.lesions).toBe(lesions.count)
        expect(curve.level[0]).toBe(97)
        expect(curve.level.at(-1)).toBe(90)
        for (const step of [0, 12, Math.floor(curve.level.length / 2), curve.level.length - 1]) {
          const level = curve.level[step]
          const { findings, mask } = findFindings({ volume, score, calibration, level, minVolumeMl })
          const touched = new Set<number>()
          const touching = new Set<number>()
          inside.offset.forEach((offset, n) => {
            if (mask[offset] === 0) return
            touched.add(inside.lesion[n])
            touching.add(mask[offset])
          })
          expect(curve.lesionsHit[step], `lesions at ${level}`).toBe(touched.size)
          expect(curve.falsePositives[step], `false at ${level}`).toBe(findings.length - touching.size)
        }
      }),
      { numRuns: 60 },
    )
  })
})
