import { useEditing } from '../../editing/state.ts'
import { regionOfFinding } from '../../findings/region.ts'
import { useOverlay } from '../../state/overlay.ts'
import { useReview } from '../../state/review.ts'
import { useSession } from '../../state/session.ts'
import { useView } from '../../state/view.ts'
import { type ContourStyle, paintRegionContour } from '../contours.ts'
import type { Layer, PanePlane } from '../layers.ts'

/** Told from all colour maps and from the brush's outline. */
export const FINDING_CONTOUR: ContourStyle = { colour: '#40f2ff', widthPx: 1.5, halo: 'rgb(0 0 0 / 0.6)' }

function paint(context: CanvasRenderingContext2D, plane: PanePlane): void {
  const { selectedKey } = useReview.getState()
  const { scan } = useSession.getState()
  const { fourthPane } = useView.getState()
  if (!selectedKey || !scan || !useOverlay.getState().visible) return
  if (plane.pane === 'fourth' && fourthPane === 'volume') return
  // While an outline is drawn, the draft takes its place.
  if (useEditing.getState().draft?.key === selectedKey) return
  const region = regionOfFinding(selectedKey)
  if (region) paintRegionContour(context, plane, scan.grid, region, FINDING_CONTOUR)
}

export const findingLayer: Layer = { id: 'finding', order: 20, paint }
