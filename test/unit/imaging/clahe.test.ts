import { describe, expect, it } from 'vitest'
import { clahe } from '../../../main/imaging/clahe.ts'
import { clippedHistogramToLut } from '../../../main/imaging/claheHistogram.ts'
import type { Vec3 } from '../../../main/imaging/volume.ts'
import { dimsOf, type GoldenArray, largestDifference, openGolden } from './goldenArrays.ts'

const golden = openGolden('preprocess')
type Case = { name: string; clipLimit: number; image: GoldenArray; expected?: GoldenArray; constant?: number }
const cases = golden.cases.clahe as Case[]

/** The image of make_preprocess.py's formula_image: exact arithmetic, then one rounding to float32. */
function formulaImage([nx, ny, nz]: Vec3): Float32Array {
  const image = new Float32Array(nx * ny * nz)
  let o = 0
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++)
      for (let x = 0; x < nx; x++) {
        const texture = (x * 7 + y * 13 + z * 29 + x * y * z) % 101
        const shade = Math.floor(((x * x + 2 * y * y + 3 * z * z) % 4001) / 8)
        image[o++] = (((x + y + z) % 97 < 40 ? shade : 0) + texture) / 600
      }
  return image
}

describe('3D CLAHE', () => {
  // The issue asks for 1e-3 of the range; equal to the bit is what is built.
  it.each(cases.filter((c) => c.expected))(
    "equals scikit-image's equalize_adapthist to the bit: $name",
    (c) => {
      const result = clahe(golden.array(c.image), dimsOf(c.image), c.clipLimit)
      expect(largestDifference(result, golden.array(c.expected!))).toBe(0)
    },
  )

  it.each(cases.filter((c) => c.constant !== undefined))(
    'makes a constant image constant and finite, as scikit-image does: $name',
    (c) => {
      const result = clahe(golden.array(c.image), dimsOf(c.image), c.clipLimit)
      expect(new Set(result)).toEqual(new Set([c.constant]))
    },
  )

  it('equals scikit-image to the bit on two million voxels', () => {
    const c = golden.cases.claheLarge as {
      dims: Vec3
      clipLimit: number
      stride: number
      maximum: number
      sum: number
      expected: GoldenArray
    }
    const result = clahe(formulaImage(c.dims), c.dims, c.clipLimit)
    const [nx, ny, nz] = c.dims
    const sampled: number[] = []
    for (let z = 0; z < nz; z += c.stride)
      for (let y = 0; y < ny; y += c.stride)
        for (let x = 0; x < nx; x += c.stride) sampled.push(result[x + nx * (y + ny * z)]!)
    expect(largestDifference(sampled, golden.array(c.expected))).toBe(0)
    expect(result.reduce((sum, v) => sum + v, 0)).toBeCloseTo(c.sum, 3)
  })

  it('leaves its input as it was', () => {
    const image = golden.array<Float32Array>(cases[0]!.image)
    clahe(image, dimsOf(cases[0]!.image), 0.025)
    expect(image).toEqual(golden.array(cases[0]!.image))
  })
})

describe('histogram clipping', () => {
  const c = golden.cases.claheHistogram as {
    settings: { voxels: number; clip: number }[]
    histograms: GoldenArray
    luts: GoldenArray
  }

  it.each(c.settings.map((s, i) => ({ ...s, i })))(
    "redistributes and integrates as scikit-image's loop: $voxels voxels, clip $clip",
    (s) => {
      const of = (g: GoldenArray) => golden.array(g).subarray(s.i * 256, (s.i + 1) * 256)
      const lut = new Uint16Array(256)
      clippedHistogramToLut(Int32Array.from(of(c.histograms)), s.clip, 16383 / s.voxels, 16383, lut)
      expect([...lut]).toEqual([...of(c.luts)])
    },
  )
})
