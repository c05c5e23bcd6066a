import type { Finding } from '../../main/findings/findings.ts'
import { type Region, regionAt } from '../../main/findings/region.ts'
import { useOverlay } from '../state/overlay.ts'
import { useReview } from '../state/review.ts'
import { type OpenResult, useSession } from '../state/session.ts'
import { currentFinding } from './current.ts'
import { regionOfOutline } from './outline.ts'
import type { ReviewFinding } from './reviewFindings.ts'

/**
 * The voxels of a finding as the screen shows it: the reader's outline where there is one, else the machine's component
 * at the threshold, or, where the threshold does not show it, the one that was measured. Null where there is none of
 * these. The same object while nothing changes: contours are kept by it.
 */
export function regionOfFinding(key: string): Region | null {
  const outline = useReview.getState().records.get(key)?.outline
  if (outline) return regionOfOutline(outline)
  const finding = currentFinding(key)
  return finding ? regionOf(finding) : null
}

/** A machine's finding is another object at another threshold. */
const regions = new WeakMap<Finding, Region | null>()

/** As `regionOfFinding`. @param mostVoxels null where the box around it has more: filling it takes long */
export function regionOf(finding: ReviewFinding, mostVoxels = Number.POSITIVE_INFINITY): Region | null {
  const outline = useReview.getState().records.get(finding.key)?.outline
  if (outline) return regionOfOutline(outline)
  const { result } = useSession.getState()
  const { machine } = finding
  if (!result || !machine) return null
  let region = regions.get(machine)
  if (region === undefined) {
    const { min, max } = machine.extentIndex
    if ((max[0] - min[0] + 1) * (max[1] - min[1] + 1) * (max[2] - min[2] + 1) > mostVoxels) return null
    const { tree, stepMap } = result
    const step = finding.hidden === null ? useOverlay.getState().step : stepTogether(machine, result)
    region = regionAt(stepMap, tree.dims, machine.peakIndex, step, machine.extentIndex)
    regions.set(machine, region)
  }
  return region
}

/** The highest step at which all that was measured is one component. */
function stepTogether({ peakIndex, voxelCount }: Finding, { tree }: OpenResult): number {
  const { nodes, dims } = tree
  const offset = peakIndex[0] + dims[0] * (peakIndex[1] + dims[1] * peakIndex[2])
  const node = nodes.peakOffset.findIndex((o, n) => o === offset && nodes.voxelCount[n] === voxelCount)
  return node < 0 ? 1 : nodes.step[node]
}
