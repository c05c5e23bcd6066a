import type { Grid, Vec3 } from '../volume.ts'

/** What a voxel is made of: decides texture, and what may be painted over. */
export const Tissue = {
  air: 0,
  skin: 1,
  fat: 2,
  muscle: 3,
  lung: 4,
  visceralFat: 5,
  bone: 6,
  blood: 7,
  liver: 8,
  organ: 9,
  content: 10,
  airway: 11,
  lesion: 12,
  couch: 13,
  bowel: 14,
  bronchus: 15,
} as const
export type Tissue = (typeof Tissue)[keyof typeof Tissue]

/** Signed distance (mm, negative inside) of a point in the patient's own frame. */
export type Distance = (x: number, y: number, z: number) => number
/** HU at a point, given the distance to the shape's surface. */
export type Paint = number | ((x: number, y: number, z: number, distance: number) => number)
export interface Box {
  min: Vec3
  max: Vec3
}

/**
 * The volume while it is painted. Shapes are given in the patient's frame (mm; x Left, y Posterior, z Superior, the
 * origin under the right dome of the diaphragm), which is scaled, turned and shifted against the grid.
 */
export interface Canvas {
  grid: Grid
  hu: Float32Array
  tissue: Uint8Array
  /** Patient point of index (0, 0, 0), and the steps along the three index axes. */
  start: Vec3
  steps: readonly [Vec3, Vec3, Vec3]
  toIndex: (p: Vec3) => Vec3
  /** Width of the soft edge, mm: the resolution of the pretended scanner. */
  edge: number
}

/** Index range [low, high) per axis that covers a box of the patient's frame, clipped to the grid. */
export function indexRange(canvas: Canvas, box: Box): { low: number[]; high: number[] } {
  const low = [Infinity, Infinity, Infinity]
  const high = [-Infinity, -Infinity, -Infinity]
  for (let corner = 0; corner < 8; corner++) {
    const index = canvas.toIndex([
      corner & 1 ? box.max[0] : box.min[0],
      corner & 2 ? box.max[1] : box.min[1],
      corner & 4 ? box.max[2] : box.min[2],
    ])
    for (let axis = 0; axis < 3; axis++) {
      low[axis] = Math.min(low[axis], index[axis])
      high[axis] = Math.max(high[axis], index[axis])
    }
  }
  for (let axis = 0; axis < 3; axis++) {
    low[axis] = Math.max(0, Math.floor(low[axis]))
    high[axis] = Math.min(canvas.grid.dims[axis], Math.ceil(high[axis]) + 1)
  }
  return { low, high }
}

/** Calls `visit(offset, x, y, z)` for every voxel within the box; x, y, z in the patient's frame. */
export function forBox(
  canvas: Canvas,
  box: Box,
  visit: (offset: number, x: number, y: number, z: number) => void,
): void {
  const { low, high } = indexRange(canvas, box)
  const [nx, ny] = canvas.grid.dims
  const [u, v, w] = canvas.steps
  const s = canvas.start
  for (let k = low[2]; k < high[2]; k++) {
    for (let j = low[1]; j < high[1]; j++) {
      const x0 = s[0] + v[0] * j + w[0] * k
      const y0 = s[1] + v[1] * j + w[1] * k
      const z0 = s[2] + v[2] * j + w[2] * k
      const row = nx * (j + ny * k)
      for (let i = low[0]; i < high[0]; i++) visit(row + i, x0 + u[0] * i, y0 + u[1] * i, z0 + u[2] * i)
    }
  }
}

/** Share of a voxel inside a surface at the given distance: the partial volume of a soft edge. */
export function coverage(distance: number, edge: number): number {
  const share = 0.5 - distance / edge
  return share <= 0 ? 0 : share >= 1 ? 1 : share
}

export interface PaintOptions {
  /** Only voxels of these tissues are painted over. */
  over?: readonly Tissue[]
  edge?: number
  /** The shape is cut to this region. */
  within?: Distance
}

/** Paints one shape. The box must enclose it; the soft edge's margin is added here. */
export function paint(
  canvas: Canvas,
  box: Box,
  distance: Distance,
  value: Paint,
  tissue: Tissue,
  options: PaintOptions = {},
): void {
  const edge = options.edge ?? canvas.edge
  const { hu, tissue: tissues } = canvas
  const { within } = options
  let mask = options.over ? 0 : -1
  for (const allowed of options.over ?? []) mask |= 1 << allowed
  const constant = typeof value === 'number' ? value : 0
  const varying = typeof value === 'number' ? undefined : value
  forBox(canvas, grow(box, edge), (offset, x, y, z) => {
    if (((mask >> tissues[offset]) & 1) === 0) return
    let d = distance(x, y, z)
    if (d > edge) return
    if (within) d = Math.max(d, within(x, y, z))
    const share = coverage(d, edge)
    if (share === 0) return
    hu[offset] += share * ((varying ? varying(x, y, z, d) : constant) - hu[offset])
    if (share >= 0.5) tissues[offset] = tissue
  })
}

/** A tube of varying radius along a line of points. */
export function paintTube(
  canvas: Canvas,
  points: readonly Vec3[],
  radii: readonly number[] | number,
  value: Paint,
  tissue: Tissue,
  options: PaintOptions = {},
): void {
  for (let n = 0; n + 1 < points.length; n++) {
    const ra = typeof radii === 'number' ? radii : radii[n]
    const rb = typeof radii === 'number' ? radii : radii[n + 1]
    const a = points[n]
    const b = points[n + 1]
    const r = Math.max(ra, rb)
    const box: Box = {
      min: [Math.min(a[0], b[0]) - r, Math.min(a[1], b[1]) - r, Math.min(a[2], b[2]) - r],
      max: [Math.max(a[0], b[0]) + r, Math.max(a[1], b[1]) + r, Math.max(a[2], b[2]) + r],
    }
    // A vessel thinner than the scanner resolves is fainter, not absent.
    const faint = Math.min(1, (2.2 * r) / canvas.edge)
    const distance = capsule(a, b, ra, rb)
    if (faint < 1 && typeof value === 'number') {
      const { hu } = canvas
      const edge = options.edge ?? canvas.edge
      forBox(canvas, grow(box, edge), (offset, x, y, z) => {
        if (options.over && !options.over.includes(canvas.tissue[offset] as Tissue)) return
        const share = coverage(distance(x, y, z), edge) * faint
        if (share > 0) hu[offset] += share * (value - hu[offset])
      })
    } else paint(canvas, box, distance, value, tissue, options)
  }
}

export function capsule(a: Vec3, b: Vec3, ra: number, rb: number): Distance {
  const dx = b[0] - a[0]
  const dy = b[1] - a[1]
  const dz = b[2] - a[2]
  const inverse = 1 / (dx * dx + dy * dy + dz * dz || 1)
  return (x, y, z) => {
    const px = x - a[0]
    const py = y - a[1]
    const pz = z - a[2]
    let t = (px * dx + py * dy + pz * dz) * inverse
    t = t < 0 ? 0 : t > 1 ? 1 : t
    const ex = px - t * dx
    const ey = py - t * dy
    const ez = pz - t * dz
    return Math.sqrt(ex * ex + ey * ey + ez * ez) - (ra + t * (rb - ra))
  }
}

/** Distance to an ellipsoid (first-order), optionally turned by `yaw` about z and then `pitch` about x, radians. */
export function ellipsoid(centre: Vec3, radii: Vec3, yaw = 0, pitch = 0): Distance {
  const [cx, cy, cz] = centre
  const [ix, iy, iz] = [1 / radii[0], 1 / radii[1], 1 / radii[2]]
  const [cosYaw, sinYaw] = [Math.cos(yaw), Math.sin(yaw)]
  const [cosPitch, sinPitch] = [Math.cos(pitch), Math.sin(pitch)]
  return (x, y, z) => {
    const px = x - cx
    const py = y - cy
    const qx = cosYaw * px + sinYaw * py
    const t = -sinYaw * px + cosYaw * py
    const pz = z - cz
    const qy = cosPitch * t + sinPitch * pz
    const qz = -sinPitch * t + cosPitch * pz
    const ux = qx * ix
    const uy = qy * iy
    const uz = qz * iz
    const f = Math.sqrt(ux * ux + uy * uy + uz * uz)
    const vx = ux * ix
    const vy = uy * iy
    const vz = uz * iz
    const gradient = Math.sqrt(vx * vx + vy * vy + vz * vz)
    return gradient < 1e-9 ? -Math.min(radii[0], radii[1], radii[2]) : (f * (f - 1)) / gradient
  }
}

export function boxAround(centre: Vec3, radius: number): Box {
  return grow({ min: centre, max: centre }, radius)
}

export function grow(box: Box, margin: number): Box {
  const { min, max } = box
  return {
    min: [min[0] - margin, min[1] - margin, min[2] - margin],
    max: [max[0] + margin, max[1] + margin, max[2] + margin],
  }
}

/** Smooth minimum (union) and maximum (intersection) of distances, rounding over k mm. */
export function blendMin(a: number, b: number, k: number): number {
  const h = Math.max(0, k - Math.abs(a - b)) / k
  return Math.min(a, b) - (h * h * k) / 4
}
export function blendMax(a: number, b: number, k: number): number {
  return -blendMin(-a, -b, k)
}

/** Points along a Catmull–Rom spline through the given points, `parts` per span. */
export function smoothLine(points: readonly Vec3[], parts: number): Vec3[] {
  const line: Vec3[] = []
  const at = (n: number) => points[Math.min(points.length - 1, Math.max(0, n))]
  for (let n = 0; n + 1 < points.length; n++) {
    const [p, q, r, s] = [at(n - 1), at(n), at(n + 1), at(n + 2)]
    for (let m = 0; m < parts; m++) {
      const t = m / parts
      const blend = (axis: 0 | 1 | 2) =>
        0.5 *
        (2 * q[axis] +
          (r[axis] - p[axis]) * t +
          (2 * p[axis] - 5 * q[axis] + 4 * r[axis] - s[axis]) * t * t +
          (3 * q[axis] - p[axis] - 3 * r[axis] + s[axis]) * t * t * t)
      line.push([blend(0), blend(1), blend(2)])
    }
  }
  line.push(points[points.length - 1])
  return line
}
