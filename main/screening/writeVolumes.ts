import { join } from 'node:path'
import { writeNifti } from '../exporting/nifti.ts'
import type { OutputFolder } from '../exporting/outputFolder.ts'
import { levels } from '../findings/level.ts'
import type { ModelPackage } from '../inference/package.ts'
import { WORK_FILES } from '../inference/protocol.ts'
import { openSlabs } from '../processes/rawFile.ts'
import type { OpenedScan } from '../reading/client.ts'

/**
 * score.nii.gz, level.nii.gz and mask.nii.gz, slice by slice from the engine's files. All at once: compressing is what
 * takes the time, and each file is compressed on a thread of its own.
 */
export async function writeVolumes(
  { grid, source }: OpenedScan,
  pkg: ModelPackage,
  workFolder: string,
  output: OutputFolder,
  signal?: AbortSignal,
): Promise<void> {
  const slice = grid.dims[0] * grid.dims[1]
  const score = openSlabs(join(workFolder, WORK_FILES.score), new Float32Array(slice))
  const forLevel = openSlabs(join(workFolder, WORK_FILES.score), new Float32Array(slice))
  const mask = openSlabs(join(workFolder, WORK_FILES.mask), new Uint16Array(slice))
  const level = new Float32Array(slice)
  const levelSlab = (k: number) => levels(forLevel.slab(k), pkg.manifest.calibration, level)
  const write = (name: string, slab: (k: number) => Float32Array | Uint16Array) =>
    writeNifti(output.path(name), grid, slab, source, signal ? { signal } : {})
  const written = await Promise.allSettled([
    write('score.nii.gz', score.slab),
    write('level.nii.gz', levelSlab),
    write('mask.nii.gz', mask.slab),
  ])
  for (const slabs of [score, forLevel, mask]) slabs.close()
  // Only when none is still writing may the caller remove what there is.
  for (const outcome of written) if (outcome.status === 'rejected') throw outcome.reason
}
