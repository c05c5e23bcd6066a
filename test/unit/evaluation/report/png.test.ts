import { PNG } from 'pngjs'
import { describe, expect, it } from 'vitest'
import { encodePng } from '../../../../main/evaluation/report/png.ts'

describe('a PNG', () => {
  it('of grey values is read back by pngjs, row by row from the top', () => {
    const pixels = Uint8Array.from({ length: 15 }, (_, i) => 17 * i)
    const { width, height, data } = PNG.sync.read(encodePng({ width: 5, height: 3, pixels }))
    expect([width, height]).toEqual([5, 3])
    expect(Array.from(data)).toEqual(Array.from(pixels).flatMap((grey) => [grey, grey, grey, 255]))
  })

  it('of a palette has its colours and opacities', () => {
    const palette = [
      [0, 0, 0, 0],
      [10, 20, 30, 128],
      [255, 250, 240, 255],
    ] as const
    const pixels = Uint8Array.of(2, 0, 1, 1)
    const { data } = PNG.sync.read(encodePng({ width: 2, height: 2, pixels, palette }))
    expect(Array.from(data)).toEqual([2, 0, 1, 1].flatMap((index) => palette[index]))
  })

  it('needs a value for each pixel', () => {
    expect(() => encodePng({ width: 2, height: 2, pixels: new Uint8Array(3) })).toThrow(RangeError)
  })
})
