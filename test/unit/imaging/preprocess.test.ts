import { describe, expect, it } from 'vitest'
import { channelValues } from '../../../main/imaging/inputChannel.ts'
import { type PreprocessingParameters, preprocess } from '../../../main/imaging/preprocess.ts'
import {
  type CtVolume,
  IDENTITY,
  indexToPatient,
  type Mat3,
  type Vec3,
} from '../../../main/imaging/volume.ts'
import { dimsOf, type GoldenArray, largestDifference, openGolden } from './goldenArrays.ts'

const golden = openGolden('preprocess')
const { parameters, cases } = golden.cases.whole as {
  parameters: PreprocessingParameters
  cases: {
    name: string
    ct: GoldenArray
    spacing: Vec3
    direction: Mat3
    origin: Vec3
    box: number[][]
    affineLps: number[]
    hu: GoldenArray
    clahe: GoldenArray
    body: GoldenArray
  }[]
}
const volumeOf = (c: (typeof cases)[number]): CtVolume => ({
  dims: dimsOf(c.ct),
  spacing: c.spacing,
  origin: c.origin,
  direction: c.direction,
  voxels: golden.array<Int16Array>(c.ct),
})

describe('preprocessing', () => {
  it.each(cases)("gives the network what the recipe's Python gives it: $name", (c) => {
    const result = preprocess(volumeOf(c), parameters)
    expect([0, 1, 2].map((p) => [result.cropBox.start[p], result.cropBox.end[p]])).toEqual(c.box)
    expect(result.grid.dims).toEqual(c.hu.dims)
    expect(largestDifference(channelValues(result.channels[1]!), golden.array(c.hu))).toBeLessThan(1e-5)
    expect(largestDifference(channelValues(result.channels[0]!), golden.array(c.clahe))).toBeLessThan(1e-3)
    expect(largestDifference(result.body, golden.array(c.body))).toBe(0)
  })

  it.each(cases)('places the model grid in the patient: $name', (c) => {
    const { grid } = preprocess(volumeOf(c), parameters)
    for (const index of [
      [0, 0, 0],
      [5, 0, 0],
      [0, 6, 0],
      [0, 0, 7],
    ] as Vec3[]) {
      const expected = [0, 1, 2].map((r) =>
        [...index, 1].reduce((sum, v, col) => sum + v * c.affineLps[4 * r + col]!, 0),
      )
      expect(largestDifference(indexToPatient(grid, index), expected)).toBeLessThan(1e-9)
    }
  })

  it('tells the position in the model grid in the order of the manifest, left of the patient last', () => {
    const c = cases[0]!
    const { grid, channels } = preprocess(volumeOf(c), {
      ...parameters,
      channels: ['position-z', 'hu', 'position-x', 'position-y'],
    })
    const [nx, ny, nz] = grid.dims
    const along = (axis: 0 | 1 | 2, n: number) => ({
      axis,
      values: Float32Array.from({ length: n }, (_, i) => (i + 0.5) / n),
    })
    expect(channels.filter((_, i) => i !== 1)).toEqual([along(2, nz), along(0, nx), along(1, ny)])
    expect(largestDifference(channels[1] as Float32Array, golden.array(c.hu))).toBeLessThan(1e-5)
  })

  it('leaves the CT as it was', () => {
    const ct = volumeOf(cases[0]!)
    preprocess(ct, parameters)
    expect(ct.voxels).toEqual(golden.array(cases[0]!.ct))
  })

  it('has no NaN in a volume of one value', () => {
    const ct: CtVolume = {
      dims: [9, 8, 7],
      spacing: [2, 2, 2],
      origin: [0, 0, 0],
      direction: IDENTITY,
      voxels: new Int16Array(504),
    }
    for (const channel of preprocess(ct, parameters).channels)
      expect(channelValues(channel).every((v) => v >= 0 && v <= 1)).toBe(true)
  })

  it('refuses air, and a body that falls between the voxels of the model', () => {
    const ct: CtVolume = {
      dims: [10, 10, 5],
      spacing: [1, 1, 1],
      origin: [0, 0, 0],
      direction: IDENTITY,
      voxels: new Int16Array(500).fill(-1000),
    }
    const noBody = expect.objectContaining({ code: 'input/no-body' })
    expect(() => preprocess(ct, parameters)).toThrowError(noBody)
    // Two blocks that meet at an edge: their bounding box starts in air, where the only model voxel lies.
    for (let k = 0; k < 5; k++)
      for (let i = 0; i < 5; i++)
        for (let j = 5; j < 10; j++) {
          ct.voxels[i + 10 * (j + 10 * k)] = 0
          ct.voxels[j + 10 * (i + 10 * k)] = 0
        }
    expect(preprocess(ct, parameters).cropBox).toEqual({ start: [0, 0, 0], end: [10, 10, 5] })
    expect(() => preprocess(ct, { ...parameters, spacingMm: [50, 50, 50] })).toThrowError(noBody)
  })
})
