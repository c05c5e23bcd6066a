import { WorkstationError } from '../errors.ts'
import { type Components, labelComponents } from '../findings/components.ts'
import { nextFloat32 } from '../findings/float32.ts'
import { type Calibration, levelTable } from '../findings/level.ts'
import type { Grid } from '../imaging/volume.ts'
import { voxelCount } from '../imaging/volume.ts'
import type { SlicePasses } from './slicePasses.ts'

/** The machine's components at a level, each with its peak: the first voxel in memory order with the highest score. */
export interface ScoreComponents extends Components {
  peakScore: Float32Array
  peakOffset: Int32Array
}

/**
 * The 26-connected components of the voxels at or above an anomaly level, as `findFindings` finds them. Reads the score
 * map twice, slice by slice, and holds a byte for each voxel.
 * @throws WorkstationError 'usage/level', 'engine/invalid-score'
 */
export async function scoreComponents(
  grid: Grid,
  calibration: Calibration,
  level: number,
  scoreSlice: (k: number) => Float32Array,
  passes: SlicePasses,
): Promise<ScoreComponents> {
  const table = levelTable(calibration)
  const threshold = Math.max(table.scoreAtLevel(level), nextFloat32(table.lowestScore))
  const slice = grid.dims[0] * grid.dims[1]
  const above = new Uint8Array(voxelCount(grid))
  await passes.run(grid.dims[2], (k) => {
    const score = scoreSlice(k)
    for (let i = 0, at = k * slice; i < slice; i++, at++) {
      // A score that is not a number would read as "nothing rare here".
      if (!Number.isFinite(score[i])) throw invalidScore(at, score[i])
      if (score[i] >= threshold) above[at] = 1
    }
  })
  const components = labelComponents(above, 1, grid.dims)
  const peakScore = new Float32Array(components.count).fill(Number.NEGATIVE_INFINITY)
  const peakOffset = new Int32Array(components.count)
  const { runStart, runLength, runComponent } = components
  let run = 0
  await passes.run(grid.dims[2], (k) => {
    const score = scoreSlice(k)
    for (const end = (k + 1) * slice; run < runStart.length && runStart[run] < end; run++) {
      const component = runComponent[run]
      for (let at = runStart[run]; at < runStart[run] + runLength[run]; at++) {
        const value = score[at - k * slice]
        if (value <= peakScore[component]) continue
        peakScore[component] = value
        peakOffset[component] = at
      }
    }
  })
  return { ...components, peakScore, peakOffset }
}

/** The component that holds a voxel; −1 where it is below the level. */
export function componentAt({ runStart, runLength, runComponent }: Components, offset: number): number {
  let low = 0
  let high = runStart.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (runStart[middle] <= offset) low = middle + 1
    else high = middle
  }
  const run = low - 1
  return run >= 0 && offset < runStart[run] + runLength[run] ? runComponent[run] : -1
}

function invalidScore(offset: number, value: number): WorkstationError {
  return new WorkstationError(
    'engine/invalid-score',
    'The model returned values that are not numbers, so no findings can be computed from this run.',
    `score[${offset}] = ${value}`,
  )
}
