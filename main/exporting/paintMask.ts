import type { Warning } from '../errors.ts'
import type { RunList } from './runList.ts'

export interface MaskLayer {
  /** From 1: the value of its voxels. */
  number: number
  runs: RunList
}

const NAMED_PAIRS = 5

/**
 * Paints regions into a mask that holds one number for each voxel: where two overlap, the later of `layers` has the
 * voxel, and a warning says so.
 * @param voxels of the grid
 * @returns beside the mask how many voxels of each number are in it, by number
 */
export function paintMask(
  layers: readonly MaskLayer[],
  voxels: number,
): { mask: Uint16Array; voxelsOf: Map<number, number>; warnings: Warning[] } {
  const mask = new Uint16Array(voxels)
  const voxelsOf = new Map<number, number>()
  const lost = new Map<string, number>()
  for (const { number, runs } of layers) {
    let painted = 0
    for (let run = 0; run < runs.start.length; run++) {
      const end = runs.start[run] + runs.length[run]
      painted += runs.length[run]
      for (let at = runs.start[run]; at < end; at++) {
        const before = mask[at]
        mask[at] = number
        if (before === 0) continue
        voxelsOf.set(before, voxelsOf.get(before)! - 1)
        const pair = `${before} ${number}`
        lost.set(pair, (lost.get(pair) ?? 0) + 1)
      }
    }
    voxelsOf.set(number, painted)
  }
  return { mask, voxelsOf, warnings: lost.size === 0 ? [] : [overlapWarning(lost)] }
}

function overlapWarning(lost: Map<string, number>): Warning {
  const pairs = [...lost].slice(0, NAMED_PAIRS).map(([pair, count]) => {
    const [before, after] = pair.split(' ')
    return `${count} of finding ${before} went to finding ${after}`
  })
  const more = lost.size > NAMED_PAIRS ? `, and so on for ${lost.size - NAMED_PAIRS} more pairs` : ''
  return {
    code: 'export/overlap',
    message:
      'Findings overlap, and a voxel of the mask and of the segmentation belongs to one finding only: ' +
      `of the voxels that two share, ${pairs.join('; ')}${more}. ` +
      'Confirmed findings come before others, what a reader drew before what the machine found, and the later before the earlier. ' +
      'Volumes and other measurements count all voxels of a finding.',
  }
}
