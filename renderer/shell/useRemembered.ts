import { useEffect } from 'react'
import { z } from 'zod'
import { useEditing } from '../editing/state.ts'
import { useFindingsUi } from '../findings/findingsUi.ts'
import { SORTS, STATES } from '../findings/order.ts'
import { COLOUR_MAPS, useOverlay } from '../state/overlay.ts'
import { useView } from '../state/view.ts'
import { remember } from './remembered.ts'

const Overlay = z.object({
  opacity: z.number().min(0).max(1),
  colourMap: z.enum(COLOUR_MAPS),
  style: z.enum(['fill', 'outline']),
})

/** Not the words of the filter: they are about one scan. */
const List = z.object({
  sort: z.enum(SORTS),
  reversed: z.boolean(),
  grouped: z.boolean(),
  states: z.array(z.enum(STATES)),
})

const Panes = z.object({
  layout: z.enum(['single', 'one-two', 'grid']),
  fourthPane: z.enum(['slab', 'volume']),
  fourthPlane: z.enum(['axial', 'coronal', 'sagittal']),
  fourthThicknessMm: z.number().min(1).max(500),
  slabMode: z.enum(['max', 'min', 'mean']),
  showAnnotations: z.boolean(),
  showCrosshair: z.boolean(),
})

const Brush = z.object({
  radiusMm: z.number().min(0.5).max(40),
  shape: z.enum(['disc', 'ball']),
  limit: z.enum(['hu', 'level']),
  lowHu: z.number(),
  highHu: z.number(),
})

/** How the reader likes the window, from one start to the next; nothing of it belongs to a scan. */
export function useRemembered(): void {
  useEffect(() => {
    const ends = [
      remember('overlay.look', useOverlay, Overlay),
      remember('findings.list', useFindingsUi, List),
      remember('view.panes', useView, Panes),
      remember('editing.brush', useEditing, Brush),
    ]
    return () => {
      for (const end of ends) end()
    }
  }, [])
}
