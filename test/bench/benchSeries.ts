import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeCtSeries } from '../../main/exporting/dicomSeries.ts'
import { makePhantom } from '../../main/imaging/phantom/index.ts'
import { type CtVolume, type Vec3, voxelCount } from '../../main/imaging/volume.ts'

export const SERIES_FOLDER = 'series'
/** Beside the series: its grid as JSON. */
export const GRID_FILE = 'grid.json'

const SPACING: Vec3 = [0.7, 0.7, 0.8]

/** A phantom at half resolution, doubled along every axis, with noise so that no two voxels repeat by design. */
export function makeBenchVolume(slices: number): CtVolume {
  const half: Vec3 = [256, 256, Math.ceil(slices / 2)]
  const spacing: Vec3 = [2 * SPACING[0], 2 * SPACING[1], 2 * SPACING[2]]
  const { volume } = makePhantom({ seed: 1, dims: half, spacing, lesions: true })
  const dims: Vec3 = [512, 512, slices]
  const voxels = new Int16Array(voxelCount({ dims }))
  let random = 1
  for (let z = 0, at = 0; z < slices; z++) {
    for (let y = 0; y < 512; y++) {
      const row = half[0] * ((y >> 1) + half[1] * (z >> 1))
      for (let x = 0; x < 512; x++, at++) {
        random = (Math.imul(random, 1103515245) + 12345) >>> 0
        voxels[at] = volume.voxels[row + (x >> 1)] + (random >>> 27) - 16
      }
    }
  }
  return { ...volume, dims, spacing: SPACING, voxels }
}

/** Writes a DICOM series of 512 × 512 × `slices` to `<dir>/series`, and its grid beside it. */
export async function makeBenchScan(dir: string, slices: number): Promise<void> {
  const doubled = makeBenchVolume(slices)
  await writeCtSeries(join(dir, SERIES_FOLDER), doubled, { patientName: 'Bench', patientId: 'BENCH' })
  const { dims, origin, direction } = doubled
  await writeFile(join(dir, GRID_FILE), JSON.stringify({ dims, spacing: SPACING, origin, direction }))
}
