import { type Calibration, levelTable } from '../../findings/level.ts'
import type { CtVolume } from '../../imaging/volume.ts'
import type { Region, RegionCounts } from '../types.ts'
import { distanceBands } from './distanceBands.ts'
import { forEachSmoothedSlice } from './smoothedSlices.ts'

export const CALIBRATION_LEVELS = [99, 99.9, 99.99] as const
export const REGIONS: readonly Region[] = ['lung', 'softTissue', 'bone', 'rim']

const RIM_MM = 10
const LUNG_BELOW_HU = -500
const BONE_ABOVE_HU = 200
/** Noise must not make bone of fat; a cortex must stay bone. */
const SMOOTHING_MM = 2

/**
 * Whether levels mean what they say, region by region: body voxels that are normal as far as is known, and how many
 * of them reach each level. A voxel within 10 mm of the body's surface or of the end of the scan on any side is rim,
 * whatever it holds; else lung (or other air within the body) below −500 HU, bone (or bright contrast medium) above
 * 200 HU, both of the mean over a cube of about 4 mm; soft tissue is the rest.
 * @param scored nonzero at body voxels
 * @param normal whether a voxel counts, by its offset
 */
export function calibrationByRegion(
  ct: CtVolume,
  score: Float32Array,
  scored: Uint8Array,
  normal: (offset: number) => boolean,
  calibration: Calibration,
): Record<Region, RegionCounts> {
  const { scoreAtLevel, highestLevel } = levelTable(calibration)
  const thresholds = CALIBRATION_LEVELS.map(scoreAtLevel)
  const counts = (): RegionCounts => ({
    voxels: 0,
    above: CALIBRATION_LEVELS.map((level) => (level > highestLevel ? null : 0)),
  })
  const regions = { lung: counts(), bone: counts(), softTissue: counts(), rim: counts() }
  const nearSurface = distanceBands(scored, ct, 'zero', [RIM_MM])
  const [nx, ny, nz] = ct.dims
  const [edgeX, edgeY, edgeZ] = ct.spacing.map((mm) => Math.floor(RIM_MM / mm + 1e-6))
  forEachSmoothedSlice(ct, SMOOTHING_MM, (k, sums, voxels) => {
    const edgeSlice = k < edgeZ || nz - 1 - k < edgeZ
    for (let j = 0, i = 0, at = k * nx * ny; j < ny; j++) {
      const edgeRow = edgeSlice || j < edgeY || ny - 1 - j < edgeY
      for (let x = 0; x < nx; x++, i++, at++) {
        if (scored[at] === 0 || !normal(at)) continue
        let region = regions.softTissue
        if (nearSurface[at] === 0 || edgeRow || x < edgeX || nx - 1 - x < edgeX) region = regions.rim
        else if (sums[i] < LUNG_BELOW_HU * voxels) region = regions.lung
        else if (sums[i] > BONE_ABOVE_HU * voxels) region = regions.bone
        region.voxels++
        for (let level = 0; level < thresholds.length && score[at] >= thresholds[level]; level++)
          (region.above[level] as number)++
      }
    }
  })
  return regions
}
