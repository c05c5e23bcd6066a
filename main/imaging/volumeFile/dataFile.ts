import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { WorkstationError } from '../../errors.ts'
import { type Vec3, voxelCount } from '../volume.ts'
import { fileBeside } from './bytes.ts'
import { truncated } from './dims.ts'

/**
 * The one file beside a header that has its voxels. NRRD and MetaImage can both name many: a LIST, or a pattern such as
 * slice%03d.raw.
 * @param format the format, and the extension of one that keeps everything in one file
 * @throws WorkstationError input/nrrd-many-files, input/metaimage-many-files; input/data-file
 */
export async function oneDataFile(
  headerPath: string,
  named: string,
  format: { kind: 'nrrd' | 'metaimage'; single: string },
): Promise<string> {
  if (/^LIST\b/i.test(named) || /%\d*d/.test(named)) {
    throw new WorkstationError(
      `input/${format.kind}-many-files`,
      `${basename(headerPath)} spreads its voxels over several files, which is not supported; save it as one ${format.single} file.`,
    )
  }
  return fileBeside(headerPath, named)
}

/**
 * Where the voxels start if they are the last bytes of a file, after a header of unknown length.
 * @param from where they start at the earliest
 * @throws WorkstationError input/truncated
 */
export async function startOfLastBytes(
  data: { path: string; from: number },
  dims: Vec3,
  bytesPerVoxel: number,
  name: string,
): Promise<number> {
  const start = (await stat(data.path)).size - voxelCount({ dims }) * bytesPerVoxel
  if (start < data.from) throw truncated(name, dims)
  return start
}
