import { forEachVoxel } from '../../main/findings/editing/draft.ts'
import type { Finding } from '../../main/findings/findings.ts'
import type { Region } from '../../main/findings/region.ts'
import type { ThresholdSteps } from '../../main/findings/steps.ts'
import { type Grid, indexToPatient, type Vec3, voxelVolumeMl } from '../../main/imaging/volume.ts'

/** What is measured of a region that a reader drew. */
export interface RegionMeasure
  extends Pick<Finding, 'volumeMl' | 'voxelCount' | 'centreMm' | 'extentIndex' | 'huMean' | 'huSd'> {
  /** Level of the highest step that a voxel reaches: its own level is at least this. Null where none reaches one. */
  peakLevel: number | null
  /** Mean of the levels of the voxels' steps, which is at most that of the voxels. Null where one reaches no step. */
  meanLevel: number | null
  /** Voxel of the region with the highest step, nearest to its centroid where several have it. */
  peakIndex: Vec3
}

export interface MeasuredScan {
  grid: Grid
  /** HU on the grid, x fastest. */
  voxels: Int16Array
  /** Threshold step of every voxel of the grid. */
  stepMap: Uint8Array
  steps: Pick<ThresholdSteps, 'level'>
}

/**
 * Measures the voxels of a region as `findFindings` measures a component; levels come from the step map, which is all
 * that the window has of the scores.
 * @throws RangeError for a region without voxels, or one that is not in the grid
 */
export function measureRegion(region: Region, { grid, voxels, stepMap, steps }: MeasuredScan): RegionMeasure {
  const { min, max } = region
  const { dims } = grid
  if (region.voxelCount === 0) throw new RangeError('a region without voxels')
  if ([0, 1, 2].some((a) => min[a] < 0 || max[a] >= dims[a]))
    throw new RangeError(`the box ${min} … ${max} is not in ${dims}`)
  const low: [number, number, number] = [max[0], max[1], max[2]]
  const high: [number, number, number] = [min[0], min[1], min[2]]
  const sum: [number, number, number] = [0, 0, 0]
  let [sumHu, sumHuSquared, sumLevel, below, highest] = [0, 0, 0, 0, 0]
  forEachVoxel(region, (x, y, z) => {
    const offset = x + dims[0] * (y + dims[1] * z)
    const step = stepMap[offset]
    const hu = voxels[offset]
    sumHu += hu
    sumHuSquared += hu * hu
    if (step === 0) below++
    else sumLevel += steps.level[step - 1]
    if (step > highest) highest = step
    const at = [x, y, z]
    for (let a = 0; a < 3; a++) {
      sum[a] += at[a]
      if (at[a] < low[a]) low[a] = at[a]
      if (at[a] > high[a]) high[a] = at[a]
    }
  })
  const n = region.voxelCount
  const huMean = sumHu / n
  const centre: Vec3 = [sum[0] / n, sum[1] / n, sum[2] / n]
  return {
    volumeMl: n * voxelVolumeMl(grid),
    voxelCount: n,
    centreMm: indexToPatient(grid, centre),
    extentIndex: { min: low, max: high },
    huMean,
    huSd: Math.sqrt(Math.max(0, sumHuSquared / n - huMean * huMean)),
    peakLevel: highest === 0 ? null : steps.level[highest - 1],
    meanLevel: below > 0 ? null : sumLevel / n,
    peakIndex: nearest(
      region,
      grid,
      centre,
      (x, y, z) => stepMap[x + dims[0] * (y + dims[1] * z)] === highest,
    )!,
  }
}

/** The voxel of a region nearest (in mm) to its centroid: where a crosshair lies inside it. */
export function middleVoxel(region: Region, grid: Pick<Grid, 'spacing'>): Vec3 {
  const sum: [number, number, number] = [0, 0, 0]
  forEachVoxel(region, (x, y, z) => {
    sum[0] += x
    sum[1] += y
    sum[2] += z
  })
  const n = region.voxelCount
  return nearest(region, grid, [sum[0] / n, sum[1] / n, sum[2] / n], () => true) ?? region.min
}

/** The nearest voxel of the region to a continuous index, of those that `counts` holds for. */
function nearest(
  region: Region,
  { spacing }: Pick<Grid, 'spacing'>,
  to: Vec3,
  counts: (x: number, y: number, z: number) => boolean,
): Vec3 | null {
  let best: Vec3 | null = null
  let least = Number.POSITIVE_INFINITY
  forEachVoxel(region, (x, y, z) => {
    const distance =
      ((x - to[0]) * spacing[0]) ** 2 + ((y - to[1]) * spacing[1]) ** 2 + ((z - to[2]) * spacing[2]) ** 2
    if (distance >= least || !counts(x, y, z)) return
    least = distance
    best = [x, y, z]
  })
  return best
}
