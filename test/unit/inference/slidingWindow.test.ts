import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { beforeAll, describe, expect, it } from 'vitest'
import { type PositionChannelName, positionChannel } from '../../../main/imaging/inputChannel.ts'
import type { Vec3 } from '../../../main/imaging/volume.ts'
import { planTiles, slidingWindow, tileStarts } from '../../../main/inference/slidingWindow.ts'
import { type GoldenArray, largestDifference, openGolden } from '../imaging/goldenArrays.ts'

const golden = openGolden('slidingWindow')
const patchSize = golden.cases.patchSize as Vec3
const cases = golden.cases.cases as {
  name: string
  dims: Vec3
  overlap: number
  blendSigma: number
  tiles: number[][]
  /** Arrays, or names of position channels. */
  channels: (GoldenArray | PositionChannelName)[]
  body: GoldenArray
  score: GoldenArray
  covered: GoldenArray
}[]

let session: InferenceSession
beforeAll(async () => {
  session = await InferenceSession.create(fileURLToPath(golden.url('tiny.onnx')), { intraOpNumThreads: 1 })
})

/** The tiny network of make_sliding_window.py. */
async function tinyNetwork(input: Float32Array): Promise<Float32Array> {
  const [x, y, z] = patchSize
  const { score } = await session.run({ image: new Tensor('float32', input, [1, 2, z, y, x]) })
  return score!.data as Float32Array
}

describe('tile plan', () => {
  it.each(cases)('has the tiles of the recipe, those without body left out: $name', (c) => {
    const tiles = planTiles(c.dims, patchSize, c.overlap, golden.array(c.body))
    expect(tiles.map((t) => t.start)).toEqual(c.tiles)
  })

  it('rounds a start that falls between two voxels up', () => {
    // 5 voxels to go in 2 steps: 0, 2.5, 5.
    expect(tileStarts(13, 8, 0.5)).toEqual([0, 3, 5])
  })

  it('covers the axis, flush with both ends, no step longer than the stride', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 128 }),
        fc.double({ min: 0, max: 0.95, noNaN: true }),
        (dim, patch, overlap) => {
          const starts = tileStarts(dim, patch, overlap)
          expect(starts[0]).toBe(0)
          expect(starts.at(-1)).toBe(Math.max(0, dim - patch))
          const stride = Math.max(1, Math.floor(patch * (1 - overlap) + 0.5 + 1e-6))
          for (let i = 1; i < starts.length; i++) {
            expect(starts[i]! - starts[i - 1]!).toBeGreaterThan(0)
            expect(starts[i]! - starts[i - 1]!).toBeLessThanOrEqual(Math.min(stride, patch))
          }
        },
      ),
    )
  })
})

describe('sliding window', () => {
  it.each(cases)('blends the scores of PyTorch to 1e-3 relative: $name', async (c) => {
    const seen: number[][] = []
    const { score, covered } = await slidingWindow({
      dims: c.dims,
      channels: c.channels.map((g) =>
        typeof g === 'string' ? positionChannel(g, c.dims) : golden.array<Float32Array>(g),
      ),
      body: golden.array<Uint8Array>(c.body),
      patchSize,
      overlap: c.overlap,
      blendSigma: c.blendSigma,
      runTile: tinyNetwork,
      onTile: (done, total) => seen.push([done, total]),
    })
    expect(largestDifference(covered, golden.array(c.covered))).toBe(0)
    const expected = golden.array<Float32Array>(c.score)
    const relative = score.map((v, o) => Math.abs(v - expected[o]!) / Math.max(1, Math.abs(expected[o]!)))
    expect(largestDifference(relative, new Float32Array(relative.length))).toBeLessThan(1e-3)
    expect(seen).toEqual(c.tiles.map((_, i) => [i + 1, c.tiles.length]))
  })

  const small = (runTile: (input: Float32Array<ArrayBuffer>) => Promise<Float32Array>, body = 1) => ({
    dims: [5, 6, 7] as Vec3,
    channels: [new Float32Array(210).fill(0.5)],
    body: new Uint8Array(210).fill(body),
    patchSize: [4, 4, 4] as Vec3,
    overlap: 0.5,
    blendSigma: 0.01,
    runTile,
  })

  it('returns what the network gives where every tile gives the same, however narrow the weight', async () => {
    const { score } = await slidingWindow(small(async (tile) => tile.map((v) => 6 * v)))
    expect(largestDifference(score, new Float32Array(210).fill(3))).toBeLessThan(1e-5)
  })

  it('runs no tile and covers nothing where there is no body', async () => {
    let runs = 0
    const { covered } = await slidingWindow(
      small(async (tile) => {
        runs++
        return tile
      }, 0),
    )
    expect([runs, covered.some(Boolean)]).toEqual([0, false])
  })

  it.each([Number.NaN, Infinity])('refuses a score of %s', async (value) => {
    const run = slidingWindow(
      small(async (tile) => {
        const score = new Float32Array(tile)
        score[17] = value
        return score
      }),
    )
    await expect(run).rejects.toMatchObject({ code: 'engine/invalid-score' })
  })

  it('refuses a result that is not a tile', async () => {
    const run = slidingWindow(small(async () => new Float32Array(63)))
    await expect(run).rejects.toMatchObject({ code: 'engine/invalid-score' })
  })

  it('stops at the first tile that throws', async () => {
    let runs = 0
    const run = slidingWindow(
      small(async () => {
        runs++
        throw new Error('stopped')
      }),
    )
    await expect(run).rejects.toThrow('stopped')
    expect(runs).toBe(1)
  })
})
