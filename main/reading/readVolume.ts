import { join } from 'node:path'
import type { OpenedCt } from '../imaging/source.ts'
import { voxelCount } from '../imaging/volume.ts'
import { readRaw } from '../processes/rawFile.ts'
import { createWorkFolder } from '../processes/workFolder.ts'
import type { ReaderClient, ReaderInput, ReadOptions } from './client.ts'

/**
 * A scan with its voxels in this process's memory, read by the reading process: for whoever computes with the values
 * here. What `openCt` gives, without parsing here.
 * @throws WorkstationError as ReaderClient.open
 */
export async function readVolume(
  reader: ReaderClient,
  input: ReaderInput,
  options: ReadOptions = {},
): Promise<OpenedCt> {
  const work = await createWorkFolder()
  try {
    const voxelsFile = join(work.path, 'volume.i16')
    const { grid, source, filledSlices, warnings } = await reader.open({ input, voxelsFile }, options)
    const voxels = await readRaw(voxelsFile, new Int16Array(voxelCount(grid)))
    return { volume: { ...grid, voxels }, source, filledSlices, warnings }
  } finally {
    await work.remove()
  }
}
