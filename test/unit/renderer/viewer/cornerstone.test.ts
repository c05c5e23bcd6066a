import { describe, expect, it } from 'vitest'
import { column, cross, dot, rotationAbout, subtract } from '../../../../main/imaging/vector.ts'
import { type Grid, IDENTITY, indexToPatient, type Mat3, type Vec3 } from '../../../../main/imaging/volume.ts'
import { cameraOf, directionByAxis, pictureSize } from '../../../../renderer/viewer/cornerstone/camera.ts'
import { IMAGES_MS, Pace } from '../../../../renderer/viewer/cornerstone/pace.ts'
import {
  askedSlabMm,
  heatColours,
  heatOpacities,
  windowRange,
} from '../../../../renderer/viewer/cornerstone/transfer.ts'
import { fitted, panePlane, pixelOf } from '../../../../renderer/viewer/geometry/framing.ts'
import { baseFrame, PLANES, paneAxes } from '../../../../renderer/viewer/geometry/planes.ts'
import { colourAt } from '../../../../renderer/viewer/render/colourMaps.ts'
import { sampleSteps } from '../../../../renderer/viewer/stepSamples.ts'

const tilted = rotationAbout([1, 0, 0], 0.2)
const grid: Grid = { dims: [100, 80, 60], spacing: [0.8, 0.8, 2], origin: [-40, 12, 300], direction: tilted }
const turned = rotationAbout([0.6, 0.64, 0.48], 0.4)

/** Where a parallel camera draws a point, in pixels of its picture: the middle is the focal point, up is viewUp. */
function drawnAt(camera: ReturnType<typeof cameraOf>, width: number, height: number, at: Vec3) {
  const { focalPoint, viewPlaneNormal, viewUp, parallelScale } = camera
  const right = cross(viewUp, viewPlaneNormal)
  const perMm = height / (2 * parallelScale)
  const offset = subtract(at, focalPoint)
  return { x: width / 2 + dot(offset, right) * perMm, y: height / 2 - dot(offset, viewUp) * perMm }
}

describe('the camera of a pane', () => {
  const cases = PLANES.flatMap((plane) =>
    [IDENTITY, turned].flatMap((rotation) =>
      [1, 3.7].flatMap((zoom) => [1, 3].map((coarse) => ({ plane, rotation, zoom, coarse }))),
    ),
  )
  it.each(cases)('draws each voxel where the pane says it lies: $plane, zoom $zoom, coarse $coarse', (of) => {
    const axes = paneAxes(of.plane, baseFrame(grid), of.rotation)
    const size = { widthPx: 487.6, heightPx: 381.3 }
    const { mmPerPx } = fitted(grid, axes, size.widthPx, size.heightPx)
    const framing = { centreMm: [3, 40, 350] as Vec3, mmPerPx: mmPerPx / of.zoom }
    const plane = panePlane(of.plane, axes, framing, 11, size)
    const { width, height } = pictureSize(plane, of.coarse)
    for (const index of [
      [0, 0, 0],
      [99, 0, 59],
      [31, 64, 12],
    ] as const) {
      const at = indexToPatient(grid, index)
      const wanted = pixelOf(plane, at)
      const drawn = drawnAt(cameraOf(plane, of.coarse), width, height, at)
      expect(drawn.x * of.coarse).toBeCloseTo(wanted.x, 6)
      expect(drawn.y * of.coarse).toBeCloseTo(wanted.y, 6)
    }
  })
  it('covers all of the pane', () => {
    expect(pictureSize({ widthPx: 100.2, heightPx: 50 }, 3)).toEqual({ width: 34, height: 17 })
  })
})

it('a direction matrix is listed axis by axis', () => {
  const byAxis: Mat3 = directionByAxis(tilted)
  expect(byAxis.slice(3, 6)).toEqual(column(tilted, 1))
})

describe('the window', () => {
  it('is black and white where DICOM says', () => {
    // PS3.3 C.11.2.1.2.1: at most c − 0.5 − (w − 1) / 2 is black, above c − 0.5 + (w − 1) / 2 white.
    expect(windowRange(40, 400)).toEqual({ lower: -160, upper: 239 })
  })
})

describe('the heat map', () => {
  const look = { step: 4, opacity: 0.6, colourMap: 'viridis', steps: 10 } as const
  it('shows nothing below the threshold, and from it on what the slider says', () => {
    const points = heatOpacities(look)
    const at = (value: number) => points.findLast(([from]) => from <= value)![1]
    expect(at(3)).toBe(0)
    expect(at(4)).toBe(0.6)
    expect(at(10)).toBe(0.6)
  })
  it('has a colour for each step, wherever the threshold stands', () => {
    const points = heatColours(look)
    expect(points.length).toBe(4 * 11)
    expect(points.slice(4 * 10)).toEqual([10, ...colourAt('viridis', 1).map((part) => part / 255)])
  })
})

/** Distances that vtk.js 36 looks at on one side, retold from its shader. */
function visited(askedMm: number, spacing: number): number[] {
  const s = spacing / 2
  const at: number[] = []
  let step = s
  let samples = 1
  for (let travelled = s; travelled < askedMm / 2; samples += 2) {
    travelled += step
    if (travelled > askedMm / 2) step = askedMm / 2 / samples
    at.push(samples * step)
  }
  return at
}

describe('a slab', () => {
  it.each([3, 5, 10, 30, 77])('of %d mm reaches its faces to half a voxel, and no farther', (mm) => {
    const farthest = Math.max(...visited(askedSlabMm(mm, [0.8, 0.7, 2]), 0.7))
    expect(Math.abs(farthest - mm / 2)).toBeLessThanOrEqual(0.36)
  })
  it('of no thickness is a plane', () => {
    expect(askedSlabMm(0, [1, 1, 1])).toBe(0)
  })
})

describe('the pace', () => {
  const pane = 250_000
  it('draws every pixel where frames are quick, moving or not', () => {
    const pace = new Pace(2)
    pace.took(12, pane, 1)
    expect([pace.coarse(true, pane), pace.coarse(false, pane)]).toEqual([1, 1])
  })
  it('draws what moves coarser where frames are slow, and sharp once it stands', () => {
    const pace = new Pace(2)
    pace.took(100, pane, 1)
    expect(pace.coarse(true, pane)).toBe(2)
    expect(pace.coarse(false, pane)).toBe(1)
  })
  it('draws more panes coarser than one, so that they fit in the same frame', () => {
    const pace = new Pace(2)
    pace.took(100, pane, 1)
    expect(pace.coarse(true, 3 * pane)).toBe(3)
    expect(pace.ms(3 * pane, 3)).toBeLessThanOrEqual(IMAGES_MS)
    expect(pace.ms(3 * pane, 2)).toBeGreaterThan(IMAGES_MS)
  })
  it('gives no time for a second pane before it knows what one takes', () => {
    expect(new Pace(2).ms(pane, 1)).toBe(Number.POSITIVE_INFINITY)
  })
  it('begins coarse where a first frame could take a minute, and gets finer as far as it may', () => {
    const pace = new Pace(3, 4, 500)
    expect(pace.coarse(false, pane)).toBe(4)
    pace.took(5, pane, 4)
    expect(pace.coarse(false, pane)).toBe(1)
  })
  it('leaves coarse what would hold the window, where that was asked for', () => {
    const pace = new Pace(3, 4, 500)
    pace.took(400, pane, 4)
    expect(pace.coarse(false, pane)).toBe(4)
    expect(pace.coarse(true, pane)).toBe(6)
  })
})

describe('the samples of the heat outline', () => {
  const small: Grid = { dims: [20, 20, 10], spacing: [1, 1, 2], origin: [0, 0, 0], direction: IDENTITY }
  const stepMap = new Uint8Array(20 * 20 * 10)
  stepMap[7 + 20 * (11 + 20 * 4)] = 9
  const axes = paneAxes('axial', baseFrame(small))
  const plane = (offset: number) =>
    panePlane('axial', axes, { centreMm: [10, 10, 0], mmPerPx: 0.1 }, offset, { widthPx: 200, heightPx: 200 })
  const highest = (samples: ReturnType<typeof sampleSteps>) => {
    const at = samples.values.indexOf(Math.max(...samples.values))
    const { x0, y0, step, width } = samples
    return { value: samples.values[at]!, x: x0 + (at % width) * step, y: y0 + Math.floor(at / width) * step }
  }
  it('are highest where the highest step lies on the pane', () => {
    const { value, x, y } = highest(sampleSteps(plane(8), small, stepMap, 0))
    const wanted = pixelOf(plane(8), [7, 11, 8])
    expect(value).toBeGreaterThan(7)
    expect(Math.abs(x - wanted.x)).toBeLessThanOrEqual(2)
    expect(Math.abs(y - wanted.y)).toBeLessThanOrEqual(2)
  })
  it('are the highest through a slab, and of the plane alone without one', () => {
    expect(highest(sampleSteps(plane(12), small, stepMap, 0)).value).toBe(0)
    expect(highest(sampleSteps(plane(12), small, stepMap, 10)).value).toBeGreaterThan(7)
  })
})
