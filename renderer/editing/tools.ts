import { fillEnclosed, interpolateSlices } from '../../main/findings/editing/slices.ts'
import { crossingAxis } from '../../main/findings/editing/stamp.ts'
import { patientToIndex, type Vec3 } from '../../main/imaging/volume.ts'
import { useSession } from '../state/session.ts'
import { addPointerTool, type PanePoint, type PointerTool, repaint } from '../viewer/layers.ts'
import { setCursor } from './layer.ts'
import {
  beginOutline,
  commitOutline,
  discardOutline,
  EditingRefusal,
  outlineChanged,
  paintPiece,
} from './outline.ts'
import { useEditing } from './state.ts'

type Report = (error: unknown) => void

/** Planes this near to the grid's own count as lying along it: the cosine of about 2 degrees. */
const ALONG_GRID = 0.9994

/** Adds brush, eraser, threshold brush and fill to the panes until the returned function is called. */
export function addEditingTools(report: Report): () => void {
  const off = [
    addPointerTool(brush('brush', report)),
    addPointerTool(brush('eraser', report)),
    addPointerTool(brush('threshold-brush', report)),
    addPointerTool(fill(report)),
  ]
  return () => {
    for (const end of off) end()
  }
}

function brush(tool: 'brush' | 'eraser' | 'threshold-brush', report: Report): PointerTool {
  /** Where the pointer was last while the button is down. */
  let last: Vec3 | null = null
  let changed = false
  const paint = (point: PanePoint) => {
    if (!last) return
    if (paintPiece(last, point.positionMm, point.plane.normal, tool)) {
      changed = true
      outlineChanged()
    }
    last = point.positionMm
    setCursor(point)
    repaint()
  }
  return {
    tool,
    cursor: 'none',
    down(point) {
      const { scan } = useSession.getState()
      try {
        beginOutline()
      } catch (error) {
        report(error)
        return
      }
      if (scan) useEditing.setState({ axis: crossingAxis(scan.grid, point.plane.normal) })
      last = point.positionMm
      changed = false
      paint(point)
    },
    drag: paint,
    up() {
      if (!last) return
      last = null
      if (changed) commitOutline(`undo.edit.${tool}`).catch(report)
      else discardOutline()
    },
    hover(point) {
      setCursor(point)
      repaint()
    },
    cancel() {
      last = null
      discardOutline()
      repaint()
    },
  }
}

function fill(report: Report): PointerTool {
  return {
    tool: 'fill',
    cursor: 'cell',
    down(point) {
      try {
        fillAt(point)
        commitOutline('undo.edit.fill').catch(report)
      } catch (error) {
        discardOutline()
        report(error)
      }
    },
  }
}

function fillAt({ plane, positionMm }: PanePoint): void {
  const { scan } = useSession.getState()
  if (!scan) return
  const draft = beginOutline()
  const axis = crossingAxis(scan.grid, plane.normal)
  const { direction: d } = scan.grid
  const cosine = Math.abs(
    d[axis] * plane.normal[0] + d[3 + axis] * plane.normal[1] + d[6 + axis] * plane.normal[2],
  )
  if (cosine < ALONG_GRID) throw new EditingRefusal('editing.refused.oblique')
  const seed = patientToIndex(scan.grid, positionMm).map(Math.round) as unknown as Vec3
  if (fillEnclosed(draft, axis, seed) === 0) throw new EditingRefusal('editing.refused.notEnclosed')
  outlineChanged()
}

/** Fills the empty slices between those that were drawn, across the axis of the last stroke. */
export async function interpolateOutline(): Promise<void> {
  const { scan } = useSession.getState()
  if (!scan) return
  const draft = beginOutline()
  if (interpolateSlices(draft, useEditing.getState().axis, scan.grid.spacing) === 0) {
    discardOutline()
    throw new EditingRefusal('editing.refused.nothingBetween')
  }
  outlineChanged()
  await commitOutline('undo.edit.interpolate')
}
