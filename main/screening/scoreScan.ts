import { join } from 'node:path'
import { type Grid, voxelCount } from '../imaging/volume.ts'
import type { EngineClient, EngineOptions, EngineSetup } from '../inference/client.ts'
import { WORK_FILES } from '../inference/protocol.ts'
import { readRaw } from '../processes/rawFile.ts'
import { createWorkFolder } from '../processes/workFolder.ts'
import type { ReaderClient } from '../reading/client.ts'

/** A scan's score map, in memory. */
export interface ScanScore {
  grid: Grid
  /** −log q on the scan's own grid; the calibration's lowest score where unscored. */
  score: Float32Array
  /** 1 where the model gave a score. */
  scored: Uint8Array
}

/** float32 out. */
const SCORE_BYTES_PER_VOXEL = 4

/**
 * Scores one CT and writes nothing: for whoever measures the map itself.
 * @throws WorkstationError as `screen`
 */
export async function scoreScan(
  input: string,
  { reader, client }: { reader: ReaderClient; client: EngineClient },
  setup: EngineSetup,
  options: EngineOptions = {},
): Promise<ScanScore> {
  const work = await createWorkFolder()
  try {
    const reading = options.signal ? { signal: options.signal } : {}
    const voxelsFile = join(work.path, WORK_FILES.volume)
    const { grid, filledSlices } = await reader.open({ input, voxelsFile }, reading)
    await work.needRoom(voxelCount(grid) * SCORE_BYTES_PER_VOXEL)
    const wanted = { findings: null, unscored: 'nan' as const }
    const job = { ...setup, ...wanted, workFolder: work.path, grid, filledSlices }
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
