import type { Vec3 } from '../imaging/volume.ts'

/**
 * Forest over the voxels above the floor (step 1 or more), numbered in memory order from 0. All arrays have one
 * entry per such voxel: 5 bytes each, whatever the size of the volume.
 */
export interface VoxelForest {
  /**
   * Another voxel of the same node, or, for the one voxel that stands for its node, one of the parent node: the
   * largest component of a lower step that holds this one. −1 where there is none.
   */
  readonly parent: Int32Array
  readonly step: Uint8Array
}

/**
 * The max-tree of a step map: the 26-connected components of `map >= step` for all steps at once, by merging the
 * ancestor chains of neighbouring voxels (Wilkinson et al., "Concurrent computation of attribute filters on shared
 * memory parallel machines", IEEE TPAMI 2008, procedure Connect).
 *
 * Of the 13 neighbours before a voxel most need no merging: an edge whose lower end is e adds nothing where a way
 * around it over shorter edges, those of faces before those of edges and corners, stays at e or above.
 *
 * @param map `dims[0] · dims[1] · dims[2]` steps, x fastest
 * @param onSlice told the number of slices done
 */
export function voxelForest(map: Uint8Array, dims: Vec3, onSlice?: (done: number) => void): VoxelForest {
  const [nx, ny, nz] = dims
  const rowFirst = countRows(map, nx, ny * nz)
  const step = new Uint8Array(rowFirst[ny * nz])
  for (let i = 0, at = 0; i < map.length; i++) if (map[i] > 0) step[at++] = map[i]
  const parent = new Int32Array(step.length).fill(-1)
  const connect = connector(parent, step)

  // A row and its neighbours with a voxel of nothing at both ends: own, y−1, z−1, y−1 z−1, y+1 z−1, y+1.
  const rows = Array.from({ length: 6 }, () => new Uint8Array(nx + 2))
  const [own, a, b, c, d, e] = rows
  const load = (into: Uint8Array, y: number, z: number): number => {
    if (y < 0 || y >= ny || z < 0) {
      into.fill(0)
      return 0
    }
    const row = y + ny * z
    into.set(map.subarray(row * nx, (row + 1) * nx), 1)
    return rowFirst[row]
  }

  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      const row = y + ny * z
      if (rowFirst[row] === rowFirst[row + 1]) continue
      let at = load(own, y, z)
      // Number of the voxel at x in each neighbouring row, if there is one.
      let atA = load(a, y - 1, z)
      let atB = load(b, y, z - 1)
      let atC = load(c, y - 1, z - 1)
      let atD = load(d, y + 1, z - 1)
      load(e, y + 1, z)
      const end = rowFirst[row + 1]
      for (let x = 1; at < end; x++) {
        const v = own[x]
        const a1 = a[x]
        const b1 = b[x]
        const c1 = c[x]
        const d1 = d[x]
        if (v > 0) {
          const left = own[x - 1]
          const right = own[x + 1]
          const a0 = a[x - 1]
          const a2 = a[x + 1]
          const b0 = b[x - 1]
          const b2 = b[x + 1]
          const c0 = c[x - 1]
          const c2 = c[x + 1]
          const d0 = d[x - 1]
          const d2 = d[x + 1]
          const e1 = e[x]
          let w: number
          // Faces.
          if (left > 0) connect(at, at - 1)
          w = a1 < v ? a1 : v
          if (w > 0 && (left < w || a0 < w)) connect(at, atA)
          w = b1 < v ? b1 : v
          if (w > 0 && (left < w || b0 < w)) connect(at, atB)
          // Edges.
          w = a0 < v ? a0 : v
          if (w > 0 && a1 < w && left < w) connect(at, atA - 1)
          w = a2 < v ? a2 : v
          if (w > 0 && a1 < w && right < w) connect(at, a1 > 0 ? atA + 1 : atA)
          w = b0 < v ? b0 : v
          if (w > 0 && b1 < w && left < w) connect(at, atB - 1)
          w = b2 < v ? b2 : v
          if (w > 0 && b1 < w && right < w) connect(at, b1 > 0 ? atB + 1 : atB)
          w = c1 < v ? c1 : v
          if (w > 0 && a1 < w && b1 < w) connect(at, atC)
          w = d1 < v ? d1 : v
          if (w > 0 && e1 < w && b1 < w) connect(at, atD)
          // Corners.
          w = c0 < v ? c0 : v
          if (w > 0 && left < w && a0 < w && a1 < w && b0 < w && b1 < w && c1 < w) connect(at, atC - 1)
          w = c2 < v ? c2 : v
          if (w > 0 && right < w && a2 < w && a1 < w && b2 < w && b1 < w && c1 < w)
            connect(at, c1 > 0 ? atC + 1 : atC)
          w = d0 < v ? d0 : v
          if (w > 0 && left < w && e[x - 1] < w && e1 < w && b0 < w && b1 < w && d1 < w) connect(at, atD - 1)
          w = d2 < v ? d2 : v
          if (w > 0 && right < w && e[x + 1] < w && e1 < w && b2 < w && b1 < w && d1 < w)
            connect(at, d1 > 0 ? atD + 1 : atD)
          at++
        }
        if (a1 > 0) atA++
        if (b1 > 0) atB++
        if (c1 > 0) atC++
        if (d1 > 0) atD++
      }
    }
    onSlice?.(z + 1)
  }
  return { parent, step }
}

/** Number of the first voxel above the floor of each row, and of all at the end. */
function countRows(map: Uint8Array, nx: number, rows: number): Int32Array {
  const first = new Int32Array(rows + 1)
  for (let row = 0, i = 0, count = 0; row < rows; row++) {
    for (const end = i + nx; i < end; i++) if (map[i] > 0) count++
    first[row + 1] = count
  }
  return first
}

/** The voxel that stands for a voxel's node; shortens the way to it. */
export function nodeVoxel({ parent, step }: VoxelForest, voxel: number): number {
  const own = step[voxel]
  let root = voxel
  for (let next = parent[root]; next >= 0 && step[next] === own; next = parent[root]) root = next
  for (let at = voxel; at !== root; ) {
    const next = parent[at]
    parent[at] = root
    at = next
  }
  return root
}

function connector(parent: Int32Array, step: Uint8Array): (a: number, b: number) => void {
  const forest: VoxelForest = { parent, step }
  return (a, b) => {
    let high = nodeVoxel(forest, a)
    let low = nodeVoxel(forest, b)
    if (step[high] < step[low]) [high, low] = [low, high]
    while (high !== low) {
      const above = parent[high] < 0 ? -1 : nodeVoxel(forest, parent[high])
      if (above >= 0 && step[above] >= step[low]) {
        high = above
        continue
      }
      parent[high] = low
      if (above < 0) return
      high = low
      low = above
    }
  }
}
