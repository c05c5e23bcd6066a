import { useOverlay } from '../../state/overlay.ts'
import { type PaneId, useView } from '../../state/view.ts'
import { type HeatLook, type PlaneLook, windowRange } from '../cornerstone/transfer.ts'

/** What is drawn in a pane, apart from where. An outline is a layer's, not the picture's. */
export function lookOf(pane: PaneId, heatShown: boolean): PlaneLook {
  const view = useView.getState()
  const { visible, style } = useOverlay.getState()
  return {
    window: windowRange(view.windowCentreHu, view.windowWidthHu),
    heat: heatShown && visible && style === 'fill' ? heatLook() : null,
    slab: { mm: pane === 'fourth' ? view.fourthThicknessMm : view.slabThicknessMm, mode: view.slabMode },
  }
}

export function heatLook(): HeatLook | null {
  const { steps, step, opacity, colourMap } = useOverlay.getState()
  return steps && { step, opacity, colourMap, steps: steps.level.length }
}
