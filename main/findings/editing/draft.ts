import type { Vec3 } from '../../imaging/volume.ts'
import type { Region } from '../region.ts'

type Box = { readonly min: Vec3; readonly max: Vec3 }

/** How far the box grows beyond what is asked for, in voxels: a stroke goes on in the direction it came from. */
const MARGIN = 16

/**
 * An outline that is being drawn: the voxels of a region in a box that grows with it, so that a brush costs what it
 * touches and never a pass over the volume.
 */
export class Draft implements Region {
  readonly dims: Vec3
  /** The box, both ends inclusive; larger than the region. */
  min: Vec3 = [0, 0, 0]
  max: Vec3 = [-1, -1, -1]
  /** 1 for each voxel of the region, x fastest in the box. */
  voxels = new Uint8Array(0)
  voxelCount = 0

  /** @param dims of the grid */
  constructor(dims: Vec3, region: Region | null) {
    this.dims = dims
    if (!region) return
    this.min = region.min
    this.max = region.max
    this.voxels = region.voxels.slice()
    for (const voxel of this.voxels) this.voxelCount += voxel
  }

  /** Whether a voxel of the grid, any index, belongs to the region. */
  has(x: number, y: number, z: number): boolean {
    const { min, max } = this
    if (x < min[0] || y < min[1] || z < min[2] || x > max[0] || y > max[1] || z > max[2]) return false
    return this.voxels[this.#at(x, y, z)] === 1
  }

  /**
   * Adds to the region, or takes from it, the voxels of a box for which `inside` holds.
   * @param box of the grid; what lies outside the grid is passed by
   * @returns how many voxels changed
   */
  paint(box: Box, value: 0 | 1, inside: (x: number, y: number, z: number) => boolean): number {
    const kept = intersect(box, value === 1 ? whole(this.dims) : this)
    if (!kept) return 0
    if (value === 1) this.#grow(kept)
    let changed = 0
    for (let z = kept.min[2]; z <= kept.max[2]; z++) {
      for (let y = kept.min[1]; y <= kept.max[1]; y++) {
        let at = this.#at(kept.min[0], y, z)
        for (let x = kept.min[0]; x <= kept.max[0]; x++, at++) {
          if (this.voxels[at] === value || !inside(x, y, z)) continue
          this.voxels[at] = value
          changed++
        }
      }
    }
    this.voxelCount += value === 1 ? changed : -changed
    return changed
  }

  /** The region in its smallest box; null where nothing is left. */
  toRegion(): Region | null {
    const min: [number, number, number] = [Infinity, Infinity, Infinity]
    const max: [number, number, number] = [-1, -1, -1]
    forEachVoxel(this, (x, y, z) => {
      if (x < min[0]) min[0] = x
      if (x > max[0]) max[0] = x
      if (y < min[1]) min[1] = y
      if (y > max[1]) max[1] = y
      if (z < min[2]) min[2] = z
      if (z > max[2]) max[2] = z
    })
    if (this.voxelCount === 0) return null
    return { min, max, voxels: this.#cut(min, max), voxelCount: this.voxelCount }
  }

  #at(x: number, y: number, z: number): number {
    const { min, max } = this
    return x - min[0] + (max[0] - min[0] + 1) * (y - min[1] + (max[1] - min[1] + 1) * (z - min[2]))
  }

  #grow(box: Box): void {
    const empty = this.voxels.length === 0
    const inside = !empty && [0, 1, 2].every((a) => box.min[a] >= this.min[a] && box.max[a] <= this.max[a])
    if (inside) return
    const grown = (a: number, margin: number): [number, number] => {
      const low = box.min[a] - margin
      const high = box.max[a] + margin
      return [
        Math.max(0, empty || low < this.min[a] ? low : this.min[a]),
        Math.min(this.dims[a] - 1, empty || high > this.max[a] ? high : this.max[a]),
      ]
    }
    // Only where it must grow anyway does an axis get a margin.
    const span = (a: number) =>
      grown(a, empty || box.min[a] < this.min[a] || box.max[a] > this.max[a] ? MARGIN : 0)
    const [x, y, z] = [span(0), span(1), span(2)]
    const { min, max, voxels } = this
    this.min = [x[0], y[0], z[0]]
    this.max = [x[1], y[1], z[1]]
    this.voxels = new Uint8Array((x[1] - x[0] + 1) * (y[1] - y[0] + 1) * (z[1] - z[0] + 1))
    forEachVoxel({ min, max, voxels }, (i, j, k) => {
      this.voxels[this.#at(i, j, k)] = 1
    })
  }

  #cut(min: Vec3, max: Vec3): Uint8Array {
    const width = max[0] - min[0] + 1
    const out = new Uint8Array(width * (max[1] - min[1] + 1) * (max[2] - min[2] + 1))
    for (let z = min[2], to = 0; z <= max[2]; z++)
      for (let y = min[1]; y <= max[1]; y++, to += width) {
        const at = this.#at(min[0], y, z)
        out.set(this.voxels.subarray(at, at + width), to)
      }
    return out
  }
}

/** Calls back for every voxel of a region, in memory order. */
export function forEachVoxel(
  { min, max, voxels }: Pick<Region, 'min' | 'max' | 'voxels'>,
  each: (x: number, y: number, z: number) => void,
): void {
  for (let z = min[2], at = 0; z <= max[2]; z++)
    for (let y = min[1]; y <= max[1]; y++)
      for (let x = min[0]; x <= max[0]; x++, at++) if (voxels[at] === 1) each(x, y, z)
}

function whole(dims: Vec3): Box {
  return { min: [0, 0, 0], max: [dims[0] - 1, dims[1] - 1, dims[2] - 1] }
}

function intersect(a: Box, b: Box): { min: Vec3; max: Vec3 } | null {
  const min = a.min.map((value, axis) => Math.max(value, b.min[axis])) as unknown as Vec3
  const max = a.max.map((value, axis) => Math.min(value, b.max[axis])) as unknown as Vec3
  return min.every((value, axis) => value <= max[axis]) ? { min, max } : null
}
