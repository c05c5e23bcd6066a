import { describe, expect, it } from 'vitest'
import { bodyBox } from '../../../main/imaging/bodyCrop.ts'
import { reorient } from '../../../main/imaging/reorient.ts'
import { type CtVolume, IDENTITY, type Vec3 } from '../../../main/imaging/volume.ts'
import { dimsOf, type GoldenArray, openGolden } from './goldenArrays.ts'
import { ORIENTATIONS, tilt } from './orientations.ts'

const golden = openGolden('preprocess')
const cases = golden.cases.bodyBox as { name: string; hu: GoldenArray; spacing: Vec3; box: number[][] }[]
const RULE = { blockMm: 5, thresholdHu: -500 }

const volumeOf = (c: (typeof cases)[number]): CtVolume => ({
  dims: dimsOf(c.hu),
  spacing: c.spacing,
  origin: [0, 0, 0],
  direction: IDENTITY,
  voxels: golden.array<Int16Array>(c.hu),
})

describe('body crop', () => {
  it.each(cases)('finds the blocks a plain loop finds: $name', (c) => {
    const box = bodyBox(volumeOf(c), RULE)
    expect([0, 1, 2].map((p) => [box.start[p], box.end[p]])).toEqual(c.box)
  })

  it.each(ORIENTATIONS.map((d) => [d.join(' '), d] as const))(
    'is in canonical voxels whatever the stored order, axes %s, tilted',
    (_, direction) => {
      const stored = { ...volumeOf(cases[1]!), direction: tilt(direction, [9, -14, 5]) }
      expect(bodyBox(stored, RULE)).toEqual(bodyBox(reorient(stored), RULE))
    },
  )

  it('covers a partial last block', () => {
    const voxels = new Int16Array(7 * 7 * 7).fill(0)
    const ct: CtVolume = {
      dims: [7, 7, 7],
      spacing: [1, 1, 1],
      origin: [0, 0, 0],
      direction: IDENTITY,
      voxels,
    }
    expect(bodyBox(ct, RULE)).toEqual({ start: [0, 0, 0], end: [7, 7, 7] })
  })

  it('counts a block at exactly the threshold', () => {
    const ct: CtVolume = {
      dims: [5, 5, 10],
      spacing: [1, 1, 1],
      origin: [0, 0, 0],
      direction: IDENTITY,
      voxels: new Int16Array(250).fill(-501).fill(-500, 125),
    }
    expect(bodyBox(ct, RULE)).toEqual({ start: [0, 0, 5], end: [5, 5, 10] })
  })

  it('says so where there is no body', () => {
    const ct = { ...volumeOf(cases[1]!), voxels: new Int16Array(31 * 30 * 9).fill(-1000) }
    expect(() => bodyBox(ct, RULE)).toThrowError(expect.objectContaining({ code: 'input/no-body' }))
  })
})
