import { add, scale, subtract } from '../../main/imaging/vector.ts'
import { type Grid, patientToIndex, type Vec3 } from '../../main/imaging/volume.ts'
import type { PanePlane } from './layers.ts'
import type { Samples } from './marchingSquares.ts'

/** Finer than this the eye sees no difference in a line. */
const SAMPLE_PX = 2
const MOST_SAMPLES = 120_000

/** Steps on a pane, trilinear; through a slab, the highest. */
export function sampleSteps(plane: PanePlane, grid: Grid, stepMap: Uint8Array, slabMm: number): Samples {
  const layers = slabMm > 0 ? 2 * Math.max(1, Math.round(slabMm / 2 / Math.min(...grid.spacing))) + 1 : 1
  const most = MOST_SAMPLES / layers
  const step = Math.max(SAMPLE_PX, Math.sqrt((plane.widthPx * plane.heightPx) / most))
  const width = Math.ceil(plane.widthPx / step) + 2
  const height = Math.ceil(plane.heightPx / step) + 2
  const [x0, y0] = [-step / 2, -step / 2]
  const origin = patientToIndex(grid, plane.originMm)
  const change = (mm: Vec3) => subtract(patientToIndex(grid, add(plane.originMm, mm)), origin)
  const right = change(plane.rightMm)
  const down = change(plane.downMm)
  const through = change(scale(plane.normal, layers > 1 ? slabMm / (layers - 1) : 0))
  const values = new Float32Array(width * height)
  for (let layer = 0; layer < layers; layer++) {
    const depth = layer - (layers - 1) / 2
    for (let j = 0, o = 0; j < height; j++) {
      const y = y0 + j * step
      for (let i = 0; i < width; i++, o++) {
        const x = x0 + i * step
        const value = trilinear(
          stepMap,
          grid.dims,
          origin[0] + right[0] * x + down[0] * y + through[0] * depth,
          origin[1] + right[1] * x + down[1] * y + through[1] * depth,
          origin[2] + right[2] * x + down[2] * y + through[2] * depth,
        )
        if (value > values[o]!) values[o] = value
      }
    }
  }
  return { values, width, height, x0, y0, step }
}

/** Clamped to the outermost voxel centres for half a voxel, as the picture is; 0 beyond. */
function trilinear(map: Uint8Array, [nx, ny, nz]: Vec3, x: number, y: number, z: number): number {
  if (x < -0.5 || y < -0.5 || z < -0.5 || x > nx - 0.5 || y > ny - 0.5 || z > nz - 0.5) return 0
  const i = Math.min(Math.max(0, Math.floor(x)), Math.max(0, nx - 2))
  const j = Math.min(Math.max(0, Math.floor(y)), Math.max(0, ny - 2))
  const k = Math.min(Math.max(0, Math.floor(z)), Math.max(0, nz - 2))
  const u = Math.min(Math.max(0, x - i), 1)
  const v = Math.min(Math.max(0, y - j), 1)
  const w = Math.min(Math.max(0, z - k), 1)
  const [dx, dy, dz] = [nx > 1 ? 1 : 0, ny > 1 ? nx : 0, nz > 1 ? nx * ny : 0]
  const p = i + nx * (j + ny * k)
  const row = (at: number) => map[at]! * (1 - u) + map[at + dx]! * u
  const near = row(p) * (1 - v) + row(p + dy) * v
  const far = row(p + dz) * (1 - v) + row(p + dy + dz) * v
  return near * (1 - w) + far * w
}
