import type { ClassValues } from '../types.ts'
import type { RankedVoxels, ValueGroup } from './rankedVoxels.ts'

/**
 * The sampled voxels of several scans put together, ranked once, for any choice of the scans: a bootstrap asks a
 * thousand times.
 * @returns the ranked voxels of drawn scans, one counted as often as it is named
 */
export function poolSamples(scans: readonly ClassValues[]): (drawn: Uint32Array) => RankedVoxels {
  const voxels = scans
    .flatMap(({ lesion, other }, scan) => [
      ...lesion.map((value) => ({ value, scan, inLesion: true })),
      ...other.map((value) => ({ value, scan, inLesion: false })),
    ])
    .sort((a, b) => b.value - a.value)
  const value = Float32Array.from(voxels, (voxel) => voxel.value)
  const scanOf = Uint32Array.from(voxels, (voxel) => voxel.scan)
  const inLesion = Uint8Array.from(voxels, (voxel) => (voxel.inLesion ? 1 : 0))
  return (drawn) => {
    const times = new Uint32Array(scans.length)
    for (const scan of drawn) times[scan]++
    const count = (of: keyof ClassValues) =>
      scans.reduce((sum, scan, n) => sum + times[n] * scan[of].length, 0)
    const lesions = count('lesion')
    return {
      lesions,
      others: count('other'),
      forEachValue(visit) {
        const group: ValueGroup = { value: 0, lesions: 0, others: 0, overlap: 0 }
        for (let i = 0; i < value.length; ) {
          group.value = value[i]
          group.lesions = 0
          group.others = 0
          for (; i < value.length && value[i] === group.value; i++) {
            if (inLesion[i] === 1) group.lesions += times[scanOf[i]]
            else group.others += times[scanOf[i]]
          }
          if (group.lesions + group.others === 0) continue
          // The samples do not say which lesion they are of: all are one.
          group.overlap = group.lesions / lesions
          visit(group)
        }
      },
    }
  }
}
