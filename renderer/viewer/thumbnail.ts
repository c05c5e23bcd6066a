import type { Region } from '../../main/findings/region.ts'
import { subtract } from '../../main/imaging/vector.ts'
import { type Grid, patientToIndex, type Vec3 } from '../../main/imaging/volume.ts'
import { type ContourStyle, paintRegionContour } from './contours.ts'
import { panePlane, pointAt } from './geometry/framing.ts'
import { baseFrame, paneAxes, slicePlace } from './geometry/planes.ts'
import type { PanePlane } from './layers.ts'

export interface HuWindow {
  centreHu: number
  widthHu: number
}

/** The axial plane of a square image around a point, as radiologists see it; `pane` is only a name. */
export function axialPlane(grid: Grid, centreMm: Vec3, sizeMm: number, sizePx: number): PanePlane {
  const axes = paneAxes('axial', baseFrame(grid))
  const { offsetMm } = slicePlace(grid, axes.normal, centreMm)
  const size = { widthPx: sizePx, heightPx: sizePx }
  return panePlane('axial', axes, { centreMm, mmPerPx: sizeMm / sizePx }, offsetMm, size)
}

/**
 * RGBA pixels of a plane, row by row, bilinear within voxels nearest to the plane; black outside the volume. Plain
 * loops over the plane only, for small images: a worker or a test can do it too.
 */
export function planePixels(
  grid: Grid,
  voxels: Int16Array,
  plane: PanePlane,
  window: HuWindow,
): Uint8ClampedArray<ArrayBuffer> {
  const { widthPx: width, heightPx: height } = plane
  const at = (x: number, y: number): Vec3 => patientToIndex(grid, pointAt(plane, x, y))
  const first = at(0.5, 0.5)
  const perX = subtract(at(1.5, 0.5), first)
  const perY = subtract(at(0.5, 1.5), first)
  const [nx, ny, nz] = grid.dims
  const lowest = window.centreHu - window.widthHu / 2
  const out = new Uint8ClampedArray(width * height * 4)
  const clamp = (value: number, n: number) => (value < 0 ? 0 : value > n - 1 ? n - 1 : value)
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0; x < width; x++, o += 4) {
      const fx = first[0] + perX[0] * x + perY[0] * y
      const fy = first[1] + perX[1] * x + perY[1] * y
      const fz = first[2] + perX[2] * x + perY[2] * y
      out[o + 3] = 255
      if (fx < -0.5 || fy < -0.5 || fz < -0.5 || fx > nx - 0.5 || fy > ny - 0.5 || fz > nz - 0.5) continue
      const [cx, cy, cz] = [clamp(fx, nx), clamp(fy, ny), clamp(fz, nz)]
      const i = Math.min(Math.floor(cx), nx - 2 < 0 ? 0 : nx - 2)
      const j = Math.min(Math.floor(cy), ny - 2 < 0 ? 0 : ny - 2)
      const k = Math.min(Math.floor(cz), nz - 2 < 0 ? 0 : nz - 2)
      const [dx, dy, dz] = [nx > 1 ? 1 : 0, ny > 1 ? nx : 0, nz > 1 ? nx * ny : 0]
      const p = i + nx * (j + ny * k)
      const [u, v, w] = [cx - i, cy - j, cz - k]
      const near =
        (voxels[p]! * (1 - u) + voxels[p + dx]! * u) * (1 - v) +
        (voxels[p + dy]! * (1 - u) + voxels[p + dx + dy]! * u) * v
      const far =
        (voxels[p + dz]! * (1 - u) + voxels[p + dx + dz]! * u) * (1 - v) +
        (voxels[p + dy + dz]! * (1 - u) + voxels[p + dx + dy + dz]! * u) * v
      const grey = (((1 - w) * near + w * far - lowest) / window.widthHu) * 255
      out[o] = grey
      out[o + 1] = grey
      out[o + 2] = grey
    }
  }
  return out
}

/** A square axial image around a point: `sizeMm` of the patient on `sizePx` pixels, patient's right on its left. */
export function axialImage(
  grid: Grid,
  voxels: Int16Array,
  centreMm: Vec3,
  sizeMm: number,
  sizePx: number,
  window: HuWindow,
): ImageData {
  const pixels = planePixels(grid, voxels, axialPlane(grid, centreMm, sizeMm, sizePx), window)
  return new ImageData(pixels, sizePx, sizePx)
}

const CONTOUR: ContourStyle = { colour: '#ffd43b', widthPx: 1.5, halo: 'rgb(0 0 0 / 0.6)' }

/** The same with a finding's outline over it, on a canvas of the caller's (its size becomes `sizePx`). */
export function findingThumbnail(
  canvas: HTMLCanvasElement | OffscreenCanvas,
  grid: Grid,
  voxels: Int16Array,
  centreMm: Vec3,
  sizeMm: number,
  sizePx: number,
  window: HuWindow,
  region: Region | null,
): void {
  canvas.width = sizePx
  canvas.height = sizePx
  const context = canvas.getContext('2d') as CanvasRenderingContext2D | null
  if (!context) return
  context.putImageData(axialImage(grid, voxels, centreMm, sizeMm, sizePx, window), 0, 0)
  if (region) paintRegionContour(context, axialPlane(grid, centreMm, sizeMm, sizePx), grid, region, CONTOUR)
}
