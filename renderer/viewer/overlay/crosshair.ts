import { cross, dot, length, normalise } from '../../../main/imaging/vector.ts'
import type { Vec3 } from '../../../main/imaging/volume.ts'
import { useSession } from '../../state/session.ts'
import { type PaneId, useView } from '../../state/view.ts'
import { pixelOf } from '../geometry/framing.ts'
import { PLANES } from '../geometry/planes.ts'
import type { Layer, PanePlane } from '../layers.ts'
import { axesOf } from '../stage.ts'
import { PANE_COLOURS } from './paneColours.ts'

/** Left open around the point, so that what is looked at stays clear. */
const GAP_PX = 14
/** Handles for turning lie at this part of the way to the pane's nearest edge. */
const HANDLE_PART = 0.72
const HANDLE_RADIUS_PX = 5
const LEAST_HANDLE_PX = 40

/** Where another plane meets this one: a line through the crosshair, in pixels. */
export interface CrossLine {
  other: PaneId
  x: number
  y: number
  /** Unit vector on screen. */
  dx: number
  dy: number
  handlePx: number
}

/** The lines of the other planes on a pane. */
export function crossLines(plane: PanePlane, pointMm: Vec3): CrossLine[] {
  const { x, y } = pixelOf(plane, pointMm)
  const handlePx = Math.max(LEAST_HANDLE_PX, (HANDLE_PART * Math.min(plane.widthPx, plane.heightPx)) / 2)
  return PLANES.flatMap((other) => {
    const axes = axesOf(other)
    if (!axes) return []
    const line = cross(plane.normal, axes.normal)
    // The pane's own plane, or one parallel to it.
    if (length(line) < 0.05) return []
    const direction = normalise(line)
    const dx = dot(direction, normalise(plane.rightMm))
    const dy = dot(direction, normalise(plane.downMm))
    return [{ other, x, y, dx, dy, handlePx }]
  })
}

/** The handle under a pixel, if there is one. */
export function handleAt(plane: PanePlane, pointMm: Vec3, xPx: number, yPx: number): CrossLine | undefined {
  return crossLines(plane, pointMm).find((line) =>
    [1, -1].some(
      (sign) =>
        Math.hypot(
          line.x + sign * line.dx * line.handlePx - xPx,
          line.y + sign * line.dy * line.handlePx - yPx,
        ) <
        HANDLE_RADIUS_PX + 6,
    ),
  )
}

function paint(context: CanvasRenderingContext2D, plane: PanePlane): void {
  const { showCrosshair, crosshairMm, tool, fourthPane } = useView.getState()
  if (!showCrosshair || !useSession.getState().scan) return
  if (plane.pane === 'fourth' && fourthPane === 'volume') return
  const far = plane.widthPx + plane.heightPx
  for (const { other, x, y, dx, dy, handlePx } of crossLines(plane, crosshairMm)) {
    context.strokeStyle = PANE_COLOURS[other]
    context.globalAlpha = 0.75
    context.lineWidth = 1
    context.beginPath()
    for (const sign of [1, -1]) {
      context.moveTo(x + sign * dx * GAP_PX, y + sign * dy * GAP_PX)
      context.lineTo(x + sign * dx * far, y + sign * dy * far)
    }
    context.stroke()
    if (tool !== 'rotate' || plane.pane === 'fourth') continue
    context.globalAlpha = 1
    for (const sign of [1, -1]) {
      context.beginPath()
      context.arc(x + sign * dx * handlePx, y + sign * dy * handlePx, HANDLE_RADIUS_PX, 0, 2 * Math.PI)
      context.fillStyle = '#000'
      context.fill()
      context.lineWidth = 2
      context.stroke()
    }
  }
}

export const crosshairLayer: Layer = { id: 'crosshair', order: 40, paint }
