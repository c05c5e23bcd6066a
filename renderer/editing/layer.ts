import type { Region } from '../../main/findings/region.ts'
import { useSession } from '../state/session.ts'
import { EDITING_TOOLS, useView } from '../state/view.ts'
import { paintRegionContour } from '../viewer/contours.ts'
import { mmPerPixel } from '../viewer/geometry/framing.ts'
import { addLayer, type PanePlane, type PanePoint, repaint } from '../viewer/layers.ts'
import { useEditing } from './state.ts'

/** Where the brush is; null while the pointer is on no pane. */
let cursor: PanePoint | null = null

export function setCursor(point: PanePoint | null): void {
  cursor = point
}

/** Draws the outline while it changes, and the circle of the brush, until the returned function is called. */
export function addEditingLayer(): () => void {
  const off = [
    addLayer({ id: 'editing', order: 60, paint }),
    useEditing.subscribe(repaint),
    // The circle must not stay on screen when the brush is put away.
    useView.subscribe((view, before) => {
      if (view.tool === before.tool) return
      cursor = null
      repaint()
    }),
  ]
  return () => {
    for (const end of off) end()
  }
}

function paint(context: CanvasRenderingContext2D, plane: PanePlane): void {
  const { scan } = useSession.getState()
  const { draft, radiusMm } = useEditing.getState()
  if (scan && draft && draft.draft.voxelCount > 0) {
    const region = view(draft)
    paintRegionContour(context, plane, scan.grid, region, { colour: '#ffe14d', widthPx: 1.5, halo: '#000a' })
  }
  const { tool } = useView.getState()
  if (!cursor || cursor.plane.pane !== plane.pane || tool === 'fill' || !EDITING_TOOLS.includes(tool)) return
  context.save()
  context.beginPath()
  context.arc(cursor.xPx, cursor.yPx, Math.max(2, radiusMm / mmPerPixel(plane)), 0, 2 * Math.PI)
  context.lineWidth = 3
  context.strokeStyle = '#000a'
  context.stroke()
  context.lineWidth = 1.25
  context.strokeStyle = tool === 'eraser' ? '#ff8a80' : '#ffe14d'
  context.stroke()
  context.restore()
}

let shown: { version: number; of: object; region: Region } | null = null

/** Contours are kept by region: a draft that has changed is another one. */
function view({ draft, version }: { draft: Region; version: number }): Region {
  if (shown?.of !== draft || shown.version !== version) {
    const { min, max, voxels, voxelCount } = draft
    shown = { of: draft, version, region: { min, max, voxels, voxelCount } }
  }
  return shown.region
}
