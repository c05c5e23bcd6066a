import { join } from 'node:path'
import { openCt } from '../imaging/open.ts'
import { type Grid, voxelCount } from '../imaging/volume.ts'
import type { EngineClient, EngineOptions, EngineSetup } from '../inference/client.ts'
import { WORK_FILES } from '../inference/protocol.ts'
import { readRaw, writeRaw } from '../inference/rawFile.ts'
import { createWorkFolder } from './workFolder.ts'

/** A scan's score map, in memory. */
export interface ScanScore {
  grid: Grid
  /** −log q on the scan's own grid; the calibration's lowest score where unscored. */
  score: Float32Array
  /** 1 where the model gave a score. */
  scored: Uint8Array
}

/** int16 in, float32 out. */
const WORK_BYTES_PER_VOXEL = 6

/**
 * Scores one CT and writes nothing: for whoever measures the map itself.
 * @throws WorkstationError as `screen`
 */
export async function scoreScan(
  input: string,
  client: EngineClient,
  setup: EngineSetup,
  options: EngineOptions = {},
): Promise<ScanScore> {
  const { volume } = await openCt(input)
  const { voxels, ...grid } = volume
  const work = await createWorkFolder(voxelCount(grid) * WORK_BYTES_PER_VOXEL)
  try {
    await writeRaw(join(work.path, WORK_FILES.volume), voxels)
    const job = { ...setup, workFolder: work.path, grid, findings: null, unscored: 'nan' as const }
    await client.screen(job, options)
    const score = await readRaw(join(work.path, WORK_FILES.score), new Float32Array(voxelCount(grid)))
    const scored = new Uint8Array(score.length)
    const lowest = setup.pkg.manifest.calibration.score[0]
    for (let i = 0; i < score.length; i++) {
      if (Number.isNaN(score[i])) score[i] = lowest
      else scored[i] = 1
    }
    return { grid, score, scored }
  } finally {
    await work.remove()
  }
}
