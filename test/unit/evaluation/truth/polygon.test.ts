import { describe, expect, it } from 'vitest'
import { fillEvenOdd } from '../../../../main/evaluation/truth/polygon.ts'

/** Rows of a 6 × 4 slice, '#' inside. */
function drawn(...polygons: number[][]): string[] {
  const inside = new Uint8Array(24)
  fillEvenOdd(
    inside,
    [6, 4],
    polygons.map((points) => Float64Array.from(points)),
  )
  return [0, 1, 2, 3].map((y) => Array.from(inside.subarray(6 * y, 6 * y + 6), (v) => '.#'[v]).join(''))
}

describe('scan conversion', () => {
  it('takes the voxels whose centre is inside, whichever way the outline runs', () => {
    const clockwise = [0.5, 0.5, 4.4, 0.5, 4.4, 2.6, 0.5, 2.6]
    const counter = [0.5, 0.5, 0.5, 2.6, 4.4, 2.6, 4.4, 0.5]
    expect(drawn(clockwise)).toEqual(['......', '.####.', '.####.', '......'])
    expect(drawn(counter)).toEqual(drawn(clockwise))
  })

  it('cuts a hole where one outline lies within another', () => {
    const outer = [-0.4, -0.4, 5.4, -0.4, 5.4, 3.4, -0.4, 3.4]
    expect(drawn(outer, [1.5, 0.5, 3.5, 0.5, 3.5, 2.5, 1.5, 2.5])).toEqual([
      '######',
      '##..##',
      '##..##',
      '######',
    ])
  })

  it('gives a centre on a common edge or corner to one polygon only', () => {
    const left = [0, 0, 2, 0, 2, 2, 0, 2]
    const right = [2, 0, 4, 0, 4, 2, 2, 2]
    expect(drawn(left)).toEqual(['##....', '##....', '......', '......'])
    expect(drawn(left, right)).toEqual(['####..', '####..', '......', '......'])
  })

  it('draws nothing for a point or a line', () => {
    expect(drawn([2, 2], [1, 1, 3, 3])).toEqual(['......', '......', '......', '......'])
  })

  it('says where a part lies outside the slice, and draws the rest', () => {
    const inside = new Uint8Array(24)
    expect(fillEvenOdd(inside, [6, 4], [Float64Array.from([4.5, 1.5, 9, 1.5, 9, 9, 4.5, 9])])).toBe(false)
    expect(inside.indexOf(1)).toBe(2 * 6 + 5)
    expect(fillEvenOdd(inside, [6, 4], [Float64Array.from([-0.5, 0, 5.5, 0, 5.5, 3.5])])).toBe(true)
  })
})
