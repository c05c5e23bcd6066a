import type { Components } from '../../findings/components.ts'
import { floatBits, orderedBits, sortFloats } from './sortFloats.ts'

/** The voxels of all lesions of a scan, in memory order. */
export interface LesionVoxels {
  offset: Int32Array
  /** The connected lesion that holds each voxel, from 0. */
  lesion: Int32Array
  /** Voxels of each connected lesion. */
  size: Int32Array
}

/** A scan's lesion voxels and other voxels by value, all voxels and no bins. */
export interface RankedVoxels {
  lesions: number
  others: number
  /**
   * Calls `visit` for every value that some voxel has, the highest first. Values between which no lesion voxel lies may
   * come as one group, with the lowest of them: no curve bends there, and no threshold there is the best.
   */
  forEachValue(visit: (group: ValueGroup) => void): void
}

/** The voxels of one visit; the object is used again for the next. */
export interface ValueGroup {
  value: number
  lesions: number
  others: number
  /** What the lesion voxels add to the mean over the connected lesions of the share of each that is found. */
  overlap: number
}

/** A float32 and the number of a lesion share the 53 bits that a double holds exactly. */
const LESIONS = 2 ** 21

export function lesionVoxels(lesions: Components): LesionVoxels {
  if (lesions.count > LESIONS) throw new RangeError(`${lesions.count} lesions in one mask`)
  const total = lesions.voxelCount.reduce((sum, size) => sum + size, 0)
  const offset = new Int32Array(total)
  const lesion = new Int32Array(total)
  let at = 0
  lesions.runStart.forEach((start, run) => {
    for (let i = start; i < start + lesions.runLength[run]; i++, at++) {
      offset[at] = i
      lesion[at] = lesions.runComponent[run]
    }
  })
  return { offset, lesion, size: lesions.voxelCount }
}

/**
 * Ranks a scan's voxels by value.
 * @param value of a lesion voxel, by its offset; compared as float32, and never NaN
 * @param others values of the voxels outside every lesion, never NaN; sorted in place, because a copy of a large
 *   scan's would be as large as the score map
 */
export function rankVoxels(
  inside: LesionVoxels,
  value: (offset: number) => number,
  others: Float32Array,
): RankedVoxels {
  sortFloats(others)
  const keys = Float64Array.from(
    inside.offset,
    (offset, n) => orderOf(value(offset)) * LESIONS + inside.lesion[n],
  ).sort()
  const share = Float64Array.from(inside.size, (size) => 1 / (size * inside.size.length))
  return {
    lesions: keys.length,
    others: others.length,
    forEachValue(visit) {
      const group: ValueGroup = { value: 0, lesions: 0, others: 0, overlap: 0 }
      const visitOthers = (from: number, to: number) => {
        if (from === to) return
        group.value = others[to + 1]
        group.lesions = 0
        group.others = from - to
        group.overlap = 0
        visit(group)
      }
      let b = others.length - 1
      for (let a = keys.length - 1; a >= 0; ) {
        const key = Math.floor(keys[a] / LESIONS)
        const value = valueOfOrder(key)
        const above = b
        while (b >= 0 && others[b] > value) b--
        visitOthers(above, b)
        group.value = value
        group.lesions = 0
        group.overlap = 0
        for (const first = key * LESIONS; a >= 0 && keys[a] >= first; a--) {
          group.lesions++
          group.overlap += share[keys[a] - first]
        }
        const equal = b
        while (b >= 0 && others[b] === value) b--
        group.others = equal - b
        visit(group)
      }
      visitOthers(b, -1)
    },
  }
}

const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

/** A whole number below 2^32 that orders as the float32 does; the same for 0 and −0. */
function orderOf(value: number): number {
  float[0] = value + 0
  return orderedBits(bits[0])
}

function valueOfOrder(ordered: number): number {
  bits[0] = floatBits(ordered)
  return float[0]
}
