import type { Vec3 } from '../volume.ts'
import { type Canvas, type Distance, type PaintOptions, paintTube, type Tissue } from './canvas.ts'
import type { Random } from './random.ts'

/** A branching tree of tubes: node n hangs on `parent[n]` (the root on itself). */
export interface Tree {
  points: Vec3[]
  parent: number[]
  radius: number[]
}

export interface TreeOptions {
  root: Vec3
  /** Region to fill, as a signed distance; ends stay `margin` mm inside. */
  region: Distance
  box: { min: Vec3; max: Vec3 }
  ends: number
  endRadius: number
  margin: number
  rootRadius?: number
}

/**
 * Fills a region: ends are drawn uniformly and joined, nearest to the root first, to the node that gives the shortest
 * way; radii follow Murray's law (r³ of a parent is the sum of its children's).
 */
export function growTree(random: Random, options: TreeOptions): Tree {
  const { root, region, box, ends, endRadius, margin } = options
  const targets: Vec3[] = []
  for (let tries = 0; targets.length < ends && tries < ends * 40; tries++) {
    const p: Vec3 = [
      random.uniform(box.min[0], box.max[0]),
      random.uniform(box.min[1], box.max[1]),
      random.uniform(box.min[2], box.max[2]),
    ]
    if (region(p[0], p[1], p[2]) < -margin) targets.push(p)
  }
  targets.sort((p, q) => length(p, root) - length(q, root))
  const points: Vec3[] = [root]
  const parent = [0]
  const way = [0]
  const children = [0]
  for (const target of targets) {
    let best = 0
    let bestCost = Infinity
    for (let n = 0; n < points.length; n++) {
      if (n > 0 && children[n] >= 2) continue
      const cost = length(points[n], target) + 0.55 * way[n]
      if (cost < bestCost) {
        bestCost = cost
        best = n
      }
    }
    const from = points[best]
    const step = length(from, target)
    // A slight bend halfway keeps vessels from looking like wires.
    const bend = 0.09 * step
    const middle: Vec3 = [
      (from[0] + target[0]) / 2 + random.normal(0, bend),
      (from[1] + target[1]) / 2 + random.normal(0, bend),
      (from[2] + target[2]) / 2 + random.normal(0, bend),
    ]
    children[best]++
    points.push(middle, target)
    parent.push(best, points.length - 2)
    way.push(way[best] + step / 2, way[best] + step)
    children.push(1, 0)
  }
  const cubes = new Float64Array(points.length)
  for (let n = points.length - 1; n > 0; n--) {
    if (cubes[n] === 0) cubes[n] = endRadius ** 3
    cubes[parent[n]] += cubes[n]
  }
  const limit = options.rootRadius ?? Infinity
  return { points, parent, radius: Array.from(cubes, (cube) => Math.min(limit, Math.cbrt(cube))) }
}

export function paintTree(
  canvas: Canvas,
  tree: Tree,
  hu: number,
  tissue: Tissue,
  options: PaintOptions & { grow?: number; thickerThan?: number } = {},
): void {
  const extra = options.grow ?? 0
  for (let n = 1; n < tree.points.length; n++) {
    if (tree.radius[n] < (options.thickerThan ?? 0)) continue
    const p = tree.parent[n]
    // A side branch starts with its own radius, not with its parent's.
    const start = Math.min(tree.radius[p], tree.radius[n] * 1.25)
    paintTube(
      canvas,
      [tree.points[p], tree.points[n]],
      [start + extra, tree.radius[n] + extra],
      hu,
      tissue,
      options,
    )
  }
}

export function length(p: Vec3, q: Vec3): number {
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2])
}
