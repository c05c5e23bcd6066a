import { indexToPatient, type Vec3 } from '../../main/imaging/volume.ts'
import { useSession } from '../state/session.ts'
import { middleVoxel } from './measure.ts'
import { regionOf } from './region.ts'
import type { ReviewFinding } from './reviewFindings.ts'

/** Voxels of a box; filling a larger one takes longer than a jump may. */
const MOST_VOXELS = 4_000_000

/** Where all views go: the voxel of the finding that is nearest to its centroid, its peak for a very large one. */
export function pointOf(finding: ReviewFinding): Vec3 {
  const { scan } = useSession.getState()
  if (!scan) return finding.centreMm
  const region = regionOf(finding, MOST_VOXELS)
  return indexToPatient(scan.grid, region ? middleVoxel(region, scan.grid) : finding.peakIndex)
}
