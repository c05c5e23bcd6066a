import { join } from 'node:path'
import { bodyProfile } from '../findings/bodyProfile.ts'
import { buildComponentTree } from '../findings/componentTree.ts'
import { encodeTree } from '../findings/componentTreeFile.ts'
import type { Calibration } from '../findings/level.ts'
import { stepMap, thresholdSteps } from '../findings/steps.ts'
import { type Grid, voxelCount } from '../imaging/volume.ts'
import { openSlabs, writeRaw } from '../processes/rawFile.ts'
import { type ReviewParameters, WORK_FILES } from './protocol.ts'

export interface ReviewRequest extends ReviewParameters {
  /** Holds WORK_FILES.volume. */
  workFolder: string
  /** The source grid. */
  grid: Grid
  /** On it, the calibration's lowest score where unscored. */
  score: Float32Array
  calibration: Calibration
  onSlice?: (done: number, total: number) => void
}

/**
 * Writes what a reader's screen needs to move the threshold and to say where a finding is: WORK_FILES `steps`, `tree`
 * and `profile`. The HU are read slice by slice, so that beside the score there is only the step map, a byte per
 * voxel, and what the tree takes.
 * @throws WorkstationError 'engine/invalid-score', 'output/disk-full', 'output/write-failed'
 */
export async function writeReview(request: ReviewRequest): Promise<void> {
  const { workFolder, grid, score, calibration, minComponentMl, onSlice } = request
  const slice = grid.dims[0] * grid.dims[1]
  const hu = openSlabs(join(workFolder, WORK_FILES.volume), new Int16Array(slice))
  try {
    const profile = new TextEncoder().encode(JSON.stringify(bodyProfile(grid, hu.slab)))
    await writeRaw(join(workFolder, WORK_FILES.profile), profile)

    const steps = thresholdSteps(calibration)
    const map = new Uint8Array(voxelCount(grid))
    const part = <T extends Float32Array | Uint8Array>(of: T, k: number) =>
      of.subarray(k * slice, (k + 1) * slice) as T
    for (let k = 0; k < grid.dims[2]; k++) stepMap(part(score, k), steps, part(map, k))
    await writeRaw(join(workFolder, WORK_FILES.steps), map)

    const tree = buildComponentTree({
      grid,
      steps,
      map,
      scoreSlice: (k) => part(score, k),
      huSlice: hu.slab,
      calibration,
      minComponentMl,
      ...(onSlice && { onSlice }),
    })
    await writeRaw(join(workFolder, WORK_FILES.tree), new Uint8Array(encodeTree(tree)))
  } finally {
    hu.close()
  }
}
