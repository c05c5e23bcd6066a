import type { Vec3 } from '../imaging/volume.ts'

/** The voxels of one component, in the box that holds them. */
export interface Region {
  /** Voxel box, both ends inclusive. */
  min: Vec3
  max: Vec3
  /** 1 for each voxel of the component, 0 for the others of the box; x fastest. */
  voxels: Uint8Array
  voxelCount: number
}

/**
 * The 26-connected component of `map >= step` that holds a voxel, by a flood fill of whole runs along x (scan lines)
 * with a stack of its own, so that no shape is too deep for it.
 * @param map steps of threshold, `dims[0] · dims[1] · dims[2]` voxels, x fastest
 * @param seedIndex a voxel [i, j, k]
 * @param within a box that is known to hold the component (a finding's `extentIndex`): saves memory and time
 * @returns null where the seed itself is below the step
 * @throws RangeError where the seed is not in the box or the box not in the volume
 */
export function regionAt(
  map: Uint8Array,
  dims: Vec3,
  seedIndex: Vec3,
  step: number,
  within: { min: Vec3; max: Vec3 } = { min: [0, 0, 0], max: [dims[0] - 1, dims[1] - 1, dims[2] - 1] },
): Region | null {
  const [x0, y0, z0] = within.min
  const [x1, y1, z1] = within.max
  for (const a of [0, 1, 2]) {
    const inVolume = within.min[a] >= 0 && within.max[a] < dims[a]
    const inBox = seedIndex[a] >= within.min[a] && seedIndex[a] <= within.max[a]
    if (!inVolume || !inBox || !Number.isInteger(seedIndex[a]))
      throw new RangeError(`voxel ${seedIndex} is not in the box ${within.min} … ${within.max} of ${dims}`)
  }
  const [nx, ny] = dims
  const width = x1 - x0 + 1
  const height = y1 - y0 + 1
  const done = new Uint8Array(width * height * (z1 - z0 + 1))

  const runs = new RunStack()
  const min: [number, number, number] = [...seedIndex]
  const max: [number, number, number] = [...seedIndex]
  let voxelCount = 0
  /** Marks the whole run of row (y, z) that holds x, and returns its end; x must be at the step and not marked. */
  const take = (x: number, y: number, z: number): number => {
    const row = nx * (y + ny * z)
    let from = x
    let to = x
    while (from > x0 && map[row + from - 1] >= step) from--
    while (to < x1 && map[row + to + 1] >= step) to++
    const at = width * (y - y0 + height * (z - z0)) - x0
    done.fill(1, at + from, at + to + 1)
    runs.push(from, to, y, z)
    voxelCount += to - from + 1
    if (from < min[0]) min[0] = from
    if (to > max[0]) max[0] = to
    if (y < min[1]) min[1] = y
    if (y > max[1]) max[1] = y
    if (z < min[2]) min[2] = z
    if (z > max[2]) max[2] = z
    return to
  }

  const [sx, sy, sz] = seedIndex
  if (!(map[sx + nx * (sy + ny * sz)] >= step)) return null
  take(sx, sy, sz)
  while (runs.pop()) {
    const { from, to, y, z } = runs
    for (let k = Math.max(z0, z - 1); k <= Math.min(z1, z + 1); k++) {
      for (let j = Math.max(y0, y - 1); j <= Math.min(y1, y + 1); j++) {
        const row = nx * (j + ny * k)
        const at = width * (j - y0 + height * (k - z0)) - x0
        for (let x = Math.max(x0, from - 1); x <= Math.min(x1, to + 1); x++) {
          if (map[row + x] >= step && done[at + x] === 0) x = take(x, j, k)
        }
      }
    }
  }
  return { min, max, voxels: cut(done, width, height, within.min, min, max), voxelCount }
}

/** The part of a box of voxels that lies in a smaller box. */
function cut(
  from: Uint8Array,
  width: number,
  height: number,
  origin: Vec3,
  min: Vec3,
  max: Vec3,
): Uint8Array {
  const nx = max[0] - min[0] + 1
  const ny = max[1] - min[1] + 1
  const out = new Uint8Array(nx * ny * (max[2] - min[2] + 1))
  for (let z = min[2], to = 0; z <= max[2]; z++) {
    for (let y = min[1]; y <= max[1]; y++, to += nx) {
      const at = min[0] - origin[0] + width * (y - origin[1] + height * (z - origin[2]))
      out.set(from.subarray(at, at + nx), to)
    }
  }
  return out
}

/** Runs still to be looked around, four numbers each. */
class RunStack {
  from = 0
  to = 0
  y = 0
  z = 0
  private items = new Int32Array(4096)
  private size = 0

  push(from: number, to: number, y: number, z: number): void {
    if (this.size === this.items.length) {
      const larger = new Int32Array(2 * this.size)
      larger.set(this.items)
      this.items = larger
    }
    this.items[this.size++] = from
    this.items[this.size++] = to
    this.items[this.size++] = y
    this.items[this.size++] = z
  }

  /** Puts the last run into the fields; false where none is left. */
  pop(): boolean {
    if (this.size === 0) return false
    this.z = this.items[--this.size]
    this.y = this.items[--this.size]
    this.to = this.items[--this.size]
    this.from = this.items[--this.size]
    return true
  }
}
