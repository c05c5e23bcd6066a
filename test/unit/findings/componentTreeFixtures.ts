import fc from 'fast-check'
import { buildComponentTree } from '../../../main/findings/componentTree.ts'
import type { ComponentTree } from '../../../main/findings/componentTreeQuery.ts'
import type { Calibration } from '../../../main/findings/level.ts'
import { stepMap, thresholdSteps } from '../../../main/findings/steps.ts'
import type { CtVolume, Mat3, Vec3 } from '../../../main/imaging/volume.ts'

/** Any valid table with its end above or below level 90, at 100 or short of it. */
export const anyCalibration: fc.Arbitrary<Calibration> = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 0, max: 100_000 }), { minLength: 2, maxLength: 30 }),
    fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 30, maxLength: 30 }),
    fc.boolean(),
  )
  .map(([p, s, toTheEnd]) => {
    const percentile = p.sort((a, b) => a - b).map((value) => value / 1000)
    if (toTheEnd) percentile[percentile.length - 1] = 100
    return {
      percentile,
      score: s
        .slice(0, p.length)
        .sort((a, b) => a - b)
        .map((value) => value / 10),
    }
  })

export interface ScoredVolume {
  volume: CtVolume
  score: Float32Array
  calibration: Calibration
}

/** Level 0 to 100 in a few scores, so that small volumes have plateaus, ties and many components. */
const calibration: Calibration = { percentile: [0, 80, 90, 99, 99.9, 99.99], score: [-1, 0, 1, 5, 9, 12] }

const directions: Mat3[] = [
  [1, 0, 0, 0, 1, 0, 0, 0, 1],
  [0, -1, 0, 0, 0, -1, 1, 0, 0],
  [0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, -1],
]

/** Small volumes: some of whole scores (plateaus, ties), some of any score, some nearly empty. */
export const anyScoredVolume: fc.Arbitrary<ScoredVolume> = fc
  .record({
    dims: fc.tuple(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 6 }),
    ),
    spacing: fc.constantFrom<Vec3>([1, 1, 1], [0.7, 0.9, 5], [3, 1.5, 1]),
    direction: fc.constantFrom(...directions),
    whole: fc.boolean(),
    background: fc.integer({ min: 0, max: 90 }),
    seed: fc.integer(),
  })
  .map(({ dims, spacing, direction, whole, background, seed }) => {
    const random = generator(seed)
    const voxels = dims[0] * dims[1] * dims[2]
    const score = new Float32Array(voxels)
    for (let i = 0; i < voxels; i++) {
      const value = 1 + 12 * random()
      score[i] = 100 * random() < background ? -1 : whole ? Math.round(value) : value
    }
    const hu = Int16Array.from(score, () => Math.round(2000 * random() - 1000))
    return {
      volume: { dims, spacing, direction, origin: [-12.5, 30, 7], voxels: hu },
      score,
      calibration,
    }
  })

/** Numbers from 0 to 1 (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export function treeOf({ volume, score, calibration }: ScoredVolume, minComponentMl = 0): ComponentTree {
  const steps = thresholdSteps(calibration)
  const slice = volume.dims[0] * volume.dims[1]
  return buildComponentTree({
    grid: volume,
    steps,
    map: stepMap(score, steps),
    scoreSlice: (k) => score.subarray(k * slice, (k + 1) * slice),
    huSlice: (k) => volume.voxels.subarray(k * slice, (k + 1) * slice),
    calibration,
    minComponentMl,
  })
}
