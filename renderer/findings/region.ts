import { treeComponentsAt } from '../../main/findings/componentTreeQuery.ts'
import { type Region, regionAt } from '../../main/findings/region.ts'
import { stepOfLevel, useOverlay } from '../state/overlay.ts'
import { useReview } from '../state/review.ts'
import { type OpenResult, useSession } from '../state/session.ts'
import { regionOfOutline } from './outline.ts'
import { machineKey } from './reviewFindings.ts'

/**
 * The voxels of a finding as the screen shows it: the reader's outline where there is one, else the machine's component
 * at the threshold, or, where the threshold does not show it, at the one that it was judged at. Null where there is
 * none of these. The same object while nothing changes: contours are kept by it.
 */
export function regionOfFinding(key: string): Region | null {
  const record = useReview.getState().records.get(key)
  if (record?.outline) return regionOfOutline(record.outline)
  const { result } = useSession.getState()
  if (!result || !key.startsWith('peak-')) return null
  const { step } = useOverlay.getState()
  const atThreshold = componentRegion(result, key, step)
  if (atThreshold || record?.thresholdLevel == null) return atThreshold
  return componentRegion(result, key, stepOfLevel(result.tree.steps, record.thresholdLevel))
}

let kept: { result: OpenResult; key: string; step: number; region: Region | null } | null = null

function componentRegion(result: OpenResult, key: string, step: number): Region | null {
  if (kept?.result === result && kept.key === key && kept.step === step) return kept.region
  const { tree, stepMap } = result
  const finding = treeComponentsAt(tree, step, { minVolumeMl: tree.minComponentMl }).find(
    (one) => machineKey(one, tree.dims) === key,
  )
  const region = finding ? regionAt(stepMap, tree.dims, finding.peakIndex, step, finding.extentIndex) : null
  kept = { result, key, step, region }
  return region
}
