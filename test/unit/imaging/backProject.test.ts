import { describe, expect, it } from 'vitest'
import { scoreOnSourceGrid } from '../../../main/imaging/backProject.ts'
import type { Box } from '../../../main/imaging/bodyCrop.ts'
import { preprocess } from '../../../main/imaging/preprocess.ts'
import {
  type CtVolume,
  type Grid,
  IDENTITY,
  indexToPatient,
  type Vec3,
} from '../../../main/imaging/volume.ts'
import { type GoldenArray, largestDifference, openGolden } from './goldenArrays.ts'
import { ORIENTATIONS, tilt } from './orientations.ts'

const golden = openGolden('preprocess')
const cases = golden.cases.backProject as {
  name: string
  model: Grid
  source: Grid
  cropBox: Box
  unscored: number
  score: GoldenArray
  scored: GoldenArray
  expected: GoldenArray
}[]

describe('score on the source grid', () => {
  it.each(cases)('equals scipy.ndimage.map_coordinates at every source voxel: $name', (c) => {
    const model = { ...c.model, voxels: golden.array<Float32Array>(c.score) }
    const scored = golden.array<Uint8Array>(c.scored)
    const result = scoreOnSourceGrid(model, scored, c.source, c.unscored, c.cropBox)
    expect(largestDifference(result, golden.array(c.expected))).toBeLessThan(1e-5)
  })

  it('changes nothing where the grids are the same', () => {
    const c = cases.find((one) => one.name === 'identity')!
    const score = golden.array<Float32Array>(c.score)
    const all = new Uint8Array(score.length).fill(1)
    expect(scoreOnSourceGrid({ ...c.model, voxels: score }, all, c.source, -7)).toEqual(score)
  })

  it.each(ORIENTATIONS.map((d) => [d.join(' '), d] as const))(
    'puts the score of a place at that place, axes %s',
    (_, direction) => {
      // A score linear in patient space survives linear interpolation exactly, on any grid.
      const field = ([l, p, s]: Vec3) => 0.5 * l - 0.25 * p + 0.125 * s
      const dims: Vec3 = [14, 15, 16]
      const ct: CtVolume = {
        dims,
        spacing: [1.3, 0.9, 1.6],
        origin: [-20, 35, -300],
        direction: tilt(direction, [7, -9, 12]),
        voxels: new Int16Array(dims[0] * dims[1] * dims[2]),
      }
      const { grid, body, cropBox } = preprocess(ct, {
        bodyCrop: { blockMm: 5, thresholdHu: -500 },
        spacingMm: [1, 1.1, 1.2],
        huPivots: { hu: [-1000, 1500], value: [0, 1] },
        clahe: { clipLimit: 0.025 },
        channels: ['hu'],
      })
      const score = new Float32Array(body.length)
      forEachVoxel(grid, (index, o) => {
        score[o] = field(indexToPatient(grid, index))
      })
      const result = scoreOnSourceGrid({ ...grid, voxels: score }, body, ct, -999, cropBox)
      expect(result.includes(-999)).toBe(false)
      let interior = 0
      let worst = 0
      forEachVoxel(ct, (index, o) => {
        // Between the last model voxel and the crop's edge the score is the edge's.
        if (index.some((i, a) => i < 2 || i > dims[a]! - 3)) return
        interior++
        worst = Math.max(worst, Math.abs(result[o]! - field(indexToPatient(ct, index))))
      })
      expect(worst).toBeLessThan(1e-3)
      expect(interior).toBe(10 * 11 * 12)
    },
  )

  it('leaves what lies outside the crop or outside the mask unscored', () => {
    const model: Grid = { dims: [2, 2, 2], spacing: [1, 1, 1], origin: [1, 1, 1], direction: IDENTITY }
    const source: Grid = { dims: [4, 4, 4], spacing: [1, 1, 1], origin: [0, 0, 0], direction: IDENTITY }
    const scored = Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 0)
    const score = new Float32Array(8).fill(5)
    const result = scoreOnSourceGrid({ ...model, voxels: score }, scored, source, -1)
    const at = [...result.keys()].filter((o) => result[o] !== -1)
    expect(at).toEqual([21, 22, 25, 26, 37, 38, 41])
  })

  it('refuses a score map whose axes are not the source’s', () => {
    const model: Grid = { dims: [2, 2, 2], spacing: [1, 1, 1], origin: [0, 0, 0], direction: IDENTITY }
    const source = { ...model, direction: tilt(IDENTITY, [0, 0, 10]) }
    const score = { ...model, voxels: new Float32Array(8) }
    expect(() => scoreOnSourceGrid(score, new Uint8Array(8), source, 0)).toThrowError(RangeError)
  })
})

function forEachVoxel(grid: Grid, visit: (index: Vec3, offset: number) => void) {
  const [nx, ny, nz] = grid.dims
  let o = 0
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) for (let i = 0; i < nx; i++, o++) visit([i, j, k], o)
}
