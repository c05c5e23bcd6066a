import type { Region } from '../../main/findings/region.ts'
import { add, subtract } from '../../main/imaging/vector.ts'
import { type Grid, indexToPatient, patientToIndex, type Vec3 } from '../../main/imaging/volume.ts'
import { pixelOf, pointAt } from './geometry/framing.ts'
import type { PanePlane } from './layers.ts'
import { isoline, type Pen, type Samples } from './marchingSquares.ts'

export interface ContourStyle {
  colour: string
  /** CSS pixels. */
  widthPx: number
  /** Drawn below, so that the line is seen on any grey; none where absent. */
  halo?: string
  dash?: readonly number[]
}

/** Finer than this the eye sees no difference in a line of 1.5 pixels. */
const SAMPLE_PX = 2
const MOST_SAMPLES = 30_000
/**
 * Where the line runs in the smoothed region: a tenth of a voxel outside its flat faces, and low enough that a single
 * voxel (27/64 in its centre) still has a line.
 */
const EDGE = 0.4

interface Kept {
  plane: PanePlane
  path: Path2D | null
}

const paths = new WeakMap<Region, Map<string, Kept>>()

/**
 * Draws where a region of voxels meets a plane: an isoline of the region smoothed by quadratic B-splines, so that a
 * ball is drawn round and not as stairs, and sharp at any zoom. Kept by region and pane until the plane moves.
 * @param grid of the volume whose voxels the region's box counts
 */
export function paintRegionContour(
  context: CanvasRenderingContext2D,
  plane: PanePlane,
  grid: Grid,
  region: Region,
  style: ContourStyle,
): void {
  const path = regionPath(plane, grid, region)
  if (!path) return
  context.save()
  context.lineJoin = 'round'
  context.lineCap = 'round'
  if (style.halo) {
    context.strokeStyle = style.halo
    context.lineWidth = style.widthPx + 2
    context.stroke(path)
  }
  if (style.dash) context.setLineDash([...style.dash])
  context.strokeStyle = style.colour
  context.lineWidth = style.widthPx
  context.stroke(path)
  context.restore()
}

function regionPath(plane: PanePlane, grid: Grid, region: Region): Path2D | null {
  const byPane = paths.get(region) ?? new Map<string, Kept>()
  paths.set(region, byPane)
  const kept = byPane.get(plane.pane)
  if (kept && samePlane(kept.plane, plane)) return kept.path
  const samples = sampleRegion(plane, grid, region)
  let path: Path2D | null = null
  if (samples) {
    path = new Path2D()
    isoline(samples, EDGE, path)
  }
  byPane.set(plane.pane, { plane, path })
  return path
}

/** The contour as a pen draws it, for what is no canvas. */
export function traceRegionContour(plane: PanePlane, grid: Grid, region: Region, pen: Pen): void {
  const samples = sampleRegion(plane, grid, region)
  if (samples) isoline(samples, EDGE, pen)
}

export function samePlane(a: PanePlane, b: PanePlane): boolean {
  return (
    a.widthPx === b.widthPx &&
    a.heightPx === b.heightPx &&
    (['originMm', 'rightMm', 'downMm'] as const).every((key) => a[key].every((v, i) => v === b[key][i]))
  )
}

/** The region, 0 to 1, on the part of the pane that its box covers; null where the plane does not meet the box. */
export function sampleRegion(plane: PanePlane, grid: Grid, region: Region): Samples | null {
  const box = boxOnPane(plane, grid, region)
  if (!box) return null
  const step = Math.max(SAMPLE_PX, Math.sqrt((box.width * box.height) / MOST_SAMPLES))
  const width = Math.ceil(box.width / step) + 2
  const height = Math.ceil(box.height / step) + 2
  const x0 = box.x - step / 2
  const y0 = box.y - step / 2
  const at = (x: number, y: number): Vec3 => patientToIndex(grid, pointAt(plane, x, y))
  // The index is affine in the pixel, so three points give all others.
  const first = subtract(at(x0, y0), region.min)
  const perX = subtract(at(x0 + step, y0), add(first, region.min))
  const perY = subtract(at(x0, y0 + step), add(first, region.min))
  const size = [0, 1, 2].map((a) => region.max[a]! - region.min[a]! + 1) as unknown as Vec3
  const values = new Float32Array(width * height)
  for (let j = 0, o = 0; j < height; j++) {
    for (let i = 0; i < width; i++, o++) {
      values[o] = smoothed(
        region.voxels,
        size,
        first[0] + perX[0] * i + perY[0] * j,
        first[1] + perX[1] * i + perY[1] * j,
        first[2] + perX[2] * i + perY[2] * j,
      )
    }
  }
  return { values, width, height, x0, y0, step }
}

/** The rectangle of the pane that the region's box, with a voxel around it, covers. */
function boxOnPane(plane: PanePlane, grid: Grid, { min, max }: Region) {
  const points = [0, 1].flatMap((i) =>
    [0, 1].flatMap((j) =>
      [0, 1].map((k) =>
        pixelOf(
          plane,
          indexToPatient(grid, [
            i ? max[0] + 1 : min[0] - 1,
            j ? max[1] + 1 : min[1] - 1,
            k ? max[2] + 1 : min[2] - 1,
          ]),
        ),
      ),
    ),
  )
  const depths = points.map((p) => p.depthMm)
  if (Math.min(...depths) > 0 || Math.max(...depths) < 0) return null
  const x = Math.max(0, Math.min(...points.map((p) => p.x)))
  const y = Math.max(0, Math.min(...points.map((p) => p.y)))
  const width = Math.min(plane.widthPx, Math.max(...points.map((p) => p.x))) - x
  const height = Math.min(plane.heightPx, Math.max(...points.map((p) => p.y))) - y
  return width > 0 && height > 0 ? { x, y, width, height } : null
}

/** Bytes of a box, 0 outside it, smoothed by the quadratic B-spline (de Boor 1978): three voxels along each axis. */
function smoothed(voxels: Uint8Array, [nx, ny, nz]: Vec3, x: number, y: number, z: number): number {
  const i = Math.round(x)
  const j = Math.round(y)
  const k = Math.round(z)
  if (i < -1 || j < -1 || k < -1 || i > nx || j > ny || k > nz) return 0
  let sum = 0
  for (let c = Math.max(0, k - 1); c <= Math.min(nz - 1, k + 1); c++) {
    const wz = spline(z - c)
    for (let b = Math.max(0, j - 1); b <= Math.min(ny - 1, j + 1); b++) {
      const wzy = wz * spline(y - b)
      const row = nx * (b + ny * c)
      for (let a = Math.max(0, i - 1); a <= Math.min(nx - 1, i + 1); a++)
        if (voxels[row + a] !== 0) sum += wzy * spline(x - a)
    }
  }
  return sum
}

function spline(t: number): number {
  const d = Math.abs(t)
  return d <= 0.5 ? 0.75 - d * d : 0.5 * (1.5 - d) ** 2
}
