import { describe, expect, it } from 'vitest'
import { length } from '../../../../main/imaging/vector.ts'
import { type Grid, IDENTITY } from '../../../../main/imaging/volume.ts'
import {
  fitted,
  mmPerPixel,
  panePlane,
  panned,
  pixelOf,
  pointAt,
  withInView,
  zoomed,
} from '../../../../renderer/viewer/geometry/framing.ts'
import { corners, paneAxes } from '../../../../renderer/viewer/geometry/planes.ts'

const grid: Grid = { dims: [100, 80, 20], spacing: [1, 1, 5], origin: [-50, -40, 0], direction: IDENTITY }
const axes = paneAxes('coronal', IDENTITY)
const size = { widthPx: 400, heightPx: 300 }
const framing = fitted(grid, axes, size.widthPx, size.heightPx)
const plane = panePlane('coronal', axes, framing, 12, size)

describe('a pane', () => {
  it('shows the whole volume at first, as large as it fits', () => {
    const at = corners(grid).map((corner) => pixelOf(plane, corner))
    for (const { x, y } of at) {
      expect(x).toBeGreaterThanOrEqual(0)
      expect(x).toBeLessThanOrEqual(400)
      expect(y).toBeGreaterThanOrEqual(0)
      expect(y).toBeLessThanOrEqual(300)
    }
    expect(Math.max(...at.map(({ y }) => y)) - Math.min(...at.map(({ y }) => y))).toBeGreaterThan(270)
  })
  it('has pixels square in mm, though slices are 5 mm apart', () => {
    expect(length(plane.rightMm)).toBeCloseTo(length(plane.downMm), 12)
    const a = pixelOf(plane, [0, 12, 10])
    const b = pixelOf(plane, [20, 12, 30])
    expect(b.x - a.x).toBeCloseTo(a.y - b.y, 9)
  })
  it('tells the position under a pixel, and the pixel of a position', () => {
    const { x, y, depthMm } = pixelOf(plane, pointAt(plane, 123, 45))
    expect([x, y, depthMm]).toEqual([expect.closeTo(123), expect.closeTo(45), expect.closeTo(0)])
    expect(pixelOf(plane, [0, 20, 10]).depthMm).toBeCloseTo(8)
  })
  it('zooms about a point that stays under the pointer', () => {
    const about = pointAt(plane, 90, 200)
    const after = panePlane('coronal', axes, zoomed(framing, 2.5, about), 12, size)
    expect(mmPerPixel(plane) / mmPerPixel(after)).toBeCloseTo(2.5)
    expect(pixelOf(after, about)).toMatchObject({ x: expect.closeTo(90), y: expect.closeTo(200) })
  })
  it('moves with the pointer when it is panned', () => {
    const after = panePlane('coronal', axes, panned(framing, axes, 30, -20), 12, size)
    const before = pixelOf(plane, [0, 12, 10])
    expect(pixelOf(after, [0, 12, 10])).toMatchObject({
      x: expect.closeTo(before.x + 30),
      y: expect.closeTo(before.y - 20),
    })
  })
  it('moves to a finding that is out of sight, and only then', () => {
    const close = zoomed(framing, 8, [0, 12, 50])
    expect(withInView(close, axes, size, [1, 12, 51])).toBe(close)
    const moved = panePlane('coronal', axes, withInView(close, axes, size, [45, 12, 50]), 12, size)
    expect(pixelOf(moved, [45, 12, 50]).x).toBeCloseTo(200)
  })
})
