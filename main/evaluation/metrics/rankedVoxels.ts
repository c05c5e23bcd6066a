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

/** A scan's lesion voxels and other voxels in groups of equal value, all voxels and no bins. */
export interface RankedVoxels {
  lesions: number
  others: number
  /** Calls `visit` for every value that some voxel has, the highest first. */
  forEachValue(visit: (group: ValueGroup) => void): void
}

/** The voxels of one value; the object is used again for the next. */
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
      let a = keys.length - 1
      let b = others.length - 1
      while (a >= 0 || b >= 0) {
        const key = a >= 0 ? Math.floor(keys[a] / LESIONS) : -1
        const inLesion = a >= 0 ? valueOfOrder(key) : Number.NEGATIVE_INFINITY
        const outside = b >= 0 ? others[b] : Number.NEGATIVE_INFINITY
        group.value = Math.max(inLesion, outside)
        group.lesions = 0
        group.others = 0
        group.overlap = 0
        if (a >= 0 && inLesion >= outside) {
          for (const first = key * LESIONS; a >= 0 && keys[a] >= first; a--) {
            group.lesions++
            group.overlap += share[keys[a] - first]
          }
        }
        for (; b >= 0 && others[b] === group.value; b--) group.others++
        visit(group)
      }
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
