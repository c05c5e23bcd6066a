import { Draft } from '../../main/findings/editing/draft.ts'
import { paintStamp } from '../../main/findings/editing/stamp.ts'
import type { Region } from '../../main/findings/region.ts'
import type { Vec3 } from '../../main/imaging/volume.ts'
import type { ReviewRecord } from '../../preload/records.ts'
import { encodeOutline } from '../findings/outline.ts'
import { regionOfFinding } from '../findings/region.ts'
import { useOverlay } from '../state/overlay.ts'
import { amendReview, changeReview, selectFinding, useReview } from '../state/review.ts'
import { useSession } from '../state/session.ts'
import { useEditing } from './state.ts'

/** Why an outline could not be changed; a key of the catalogue. */
export class EditingRefusal extends Error {
  readonly key: string

  constructor(key: string) {
    super(key)
    this.key = key
  }
}

/** Strokes that main has not stored yet, by finding: the next one goes on from the draft on screen. */
const storing = new Map<string, number>()

/** Takes the selected finding's outline to be drawn on; where none is selected, begins a new finding. */
export function beginOutline(): Draft {
  const { scan, result } = useSession.getState()
  if (!scan || !result) throw new EditingRefusal('editing.refused.noRun')
  const key = useReview.getState().selectedKey ?? `drawn-${crypto.randomUUID()}`
  const { draft: present } = useEditing.getState()
  if (present?.key === key && (storing.get(key) ?? 0) > 0) return present.draft
  const draft = new Draft(scan.grid.dims, regionOfFinding(key))
  useEditing.setState({ draft: { key, draft, version: 0 } })
  return draft
}

/** The voxels of the draft have changed: panes draw it anew. */
export function outlineChanged(): void {
  useEditing.setState(({ draft }) => (draft ? { draft: { ...draft, version: draft.version + 1 } } : {}))
}

/** Forgets what was drawn since `beginOutline`. */
export function discardOutline(): void {
  useEditing.setState({ draft: null })
}

/**
 * Has main store the draft as the finding's outline, as one step of the undo stack called `name`.
 * @throws EditingRefusal where nothing is left of the outline; CallError where it could not be stored. What was there
 *   before is on screen again then.
 */
export async function commitOutline(name: string): Promise<void> {
  const { draft: drawn } = useEditing.getState()
  if (!drawn) return
  const { key } = drawn
  const region = drawn.draft.toRegion()
  const isDrawn = key.startsWith('drawn-')
  storing.set(key, (storing.get(key) ?? 0) + 1)
  try {
    if (region) await amendReview(name, key, (before) => withOutline(before, region))
    else if (isDrawn) {
      if (useReview.getState().records.has(key)) await changeReview('undo.deleteDrawn', key, null)
    } else throw new EditingRefusal('editing.refused.empty')
    // Unless another scan was opened meanwhile.
    const { records, selectedKey } = useReview.getState()
    if (region && selectedKey === null && records.has(key)) selectFinding(key)
  } finally {
    storing.set(key, storing.get(key)! - 1)
    if (storing.get(key) === 0) {
      storing.delete(key)
      if (useEditing.getState().draft?.draft === drawn.draft) useEditing.setState({ draft: null })
    }
  }
}

function withOutline(before: ReviewRecord, region: Region): ReviewRecord {
  // Whoever draws a finding has said that it is one.
  const isNew = before.key.startsWith('drawn-') && before.outline === null
  return { ...before, state: isNew ? 'confirmed' : before.state, outline: encodeOutline(region) }
}

/** Which voxels the threshold brush may add, by its limit. */
export function allowedVoxels(): (x: number, y: number, z: number) => boolean {
  const { scan, result } = useSession.getState()
  if (!scan || !result) return () => false
  const [nx, ny] = scan.grid.dims
  const { limit, lowHu, highHu } = useEditing.getState()
  if (limit === 'level') {
    const { step } = useOverlay.getState()
    return (x, y, z) => result.stepMap[x + nx * (y + ny * z)] >= step
  }
  return (x, y, z) => {
    const hu = scan.voxels[x + nx * (y + ny * z)]
    return hu >= lowHu && hu <= highHu
  }
}

/** Paints one piece of a stroke on the draft; true where voxels changed. */
export function paintPiece(
  fromMm: Vec3,
  toMm: Vec3,
  normal: Vec3,
  tool: 'brush' | 'eraser' | 'threshold-brush',
) {
  const { scan } = useSession.getState()
  const { draft: drawn, radiusMm, shape } = useEditing.getState()
  if (!scan || !drawn) return false
  const stamp = { fromMm, toMm, radiusMm, normal: shape === 'disc' ? normal : null }
  const allowed = tool === 'threshold-brush' ? allowedVoxels() : undefined
  return paintStamp(drawn.draft, scan.grid, stamp, tool === 'eraser' ? 0 : 1, allowed) > 0
}
