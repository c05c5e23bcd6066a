import { multiply, orthonormal, rotationAbout } from '../../../main/imaging/vector.ts'
import type { Vec3 } from '../../../main/imaging/volume.ts'
import { useSession } from '../../state/session.ts'
import { type PaneId, setView, useView } from '../../state/view.ts'
import { panned, pixelOf, zoomed } from '../geometry/framing.ts'
import { clampToVolume, scrolled } from '../geometry/planes.ts'
import type { PanePoint, PointerTool } from '../layers.ts'
import { handleAt } from '../overlay/crosshair.ts'
import { axesOf, framingOf, holdPane, setFraming } from '../stage.ts'

/** So many pixels of drag for a slice, a doubling, and the present width of the window. */
const PX_PER_SLICE = 6
const PX_PER_DOUBLING = 120
const PX_PER_WIDTH = 320
const LEAST_WIDTH_HU = 2
const MOST_WIDTH_HU = 8192
const MOST_CENTRE_HU = 8192

/** All panes show the point under the pointer. */
export const crosshairTool: PointerTool = {
  tool: 'crosshair',
  cursor: 'crosshair',
  down: moveCrosshair,
  drag: moveCrosshair,
  up: () => holdPane(undefined),
  cancel: () => holdPane(undefined),
}

function moveCrosshair({ plane, positionMm }: PanePoint): void {
  const { scan } = useSession.getState()
  if (!scan) return
  holdPane(plane.pane)
  setView({ crosshairMm: clampToVolume(scan.grid, positionMm) })
}

/** A tool whose drags act by how far the pointer went since the last move. */
function byMoves(
  base: Pick<PointerTool, 'tool' | 'cursor'>,
  move: (now: PanePoint, dx: number, dy: number, first: PanePoint) => void,
): PointerTool {
  let first: PanePoint | null = null
  let last: { xPx: number; yPx: number } | null = null
  const end = () => {
    first = null
    last = null
  }
  return {
    ...base,
    down(point) {
      first = point
      last = point
    },
    drag(point) {
      if (!first || !last) return
      move(point, point.xPx - last.xPx, point.yPx - last.yPx, first)
      last = point
    },
    up: end,
    cancel: end,
  }
}

export const panTool = byMoves({ tool: 'pan', cursor: 'grab' }, ({ plane }, dx, dy) => {
  const framing = framingOf(plane.pane)
  const axes = axesOf(plane.pane)
  if (framing && axes) setFraming(plane.pane, panned(framing, axes, dx, dy))
})

export const zoomTool = byMoves({ tool: 'zoom', cursor: 'zoom-in' }, ({ plane }, _dx, dy, first) => {
  zoomPane(plane.pane, 2 ** (-dy / PX_PER_DOUBLING), first.positionMm)
})

/** To the right: wider. Down: higher centre, darker. */
export const windowTool = byMoves({ tool: 'window', cursor: 'move' }, (_point, dx, dy) => {
  const { windowCentreHu, windowWidthHu } = useView.getState()
  const perPx = Math.max(windowWidthHu, 40) / PX_PER_WIDTH
  const width = Math.min(Math.max(LEAST_WIDTH_HU, windowWidthHu + dx * perPx), MOST_WIDTH_HU)
  const centre = Math.min(Math.max(-MOST_CENTRE_HU, windowCentreHu + dy * perPx), MOST_CENTRE_HU)
  setView({ windowWidthHu: width, windowCentreHu: centre })
})

let unscrolled = 0
export const scrollTool = byMoves({ tool: 'scroll', cursor: 'ns-resize' }, ({ plane }, _dx, dy) => {
  unscrolled += dy / PX_PER_SLICE
  const whole = Math.trunc(unscrolled)
  unscrolled -= whole
  if (whole !== 0) scrollPane(plane.pane, whole)
})

/** Turns the other planes' lines about the crosshair; their handles say so, the rest of the pane does the same. */
export const rotateTool: PointerTool = (() => {
  let last: number | null = null
  const angleOf = ({ plane, xPx, yPx }: PanePoint): number => {
    const { x, y } = crosshairPixel(plane)
    return Math.atan2(yPx - y, xPx - x)
  }
  const crosshairPixel = (plane: PanePoint['plane']) => pixelOf(plane, useView.getState().crosshairMm)
  return {
    tool: 'rotate',
    cursor: 'alias',
    down(point) {
      const turns = point.plane.pane !== 'fourth'
      const { crosshairMm } = useView.getState()
      const near = handleAt(point.plane, crosshairMm, point.xPx, point.yPx)
      const { x, y } = crosshairPixel(point.plane)
      // So near the middle an angle says nothing.
      last = turns && (near || Math.hypot(point.xPx - x, point.yPx - y) > 12) ? angleOf(point) : null
    },
    drag(point) {
      if (last === null) return
      const angle = angleOf(point)
      turnPlanes(point.plane.normal, angle - last)
      last = angle
    },
    up() {
      last = null
    },
    cancel() {
      last = null
    },
  }
})()

/** @param angle radians, from a pane's right toward its down where the axis is its normal */
export function turnPlanes(axis: Vec3, angle: number): void {
  const { rotation } = useView.getState()
  setView({ rotation: orthonormal(multiply(rotationAbout(axis, angle), rotation)) })
}

/** Along a pane's normal, away from the eye for positive numbers. */
export function scrollPane(pane: PaneId, slices: number): void {
  const { scan } = useSession.getState()
  const axes = axesOf(pane)
  if (!scan || !axes || (pane === 'fourth' && useView.getState().fourthPane === 'volume')) return
  setView({ crosshairMm: scrolled(scan.grid, axes.normal, useView.getState().crosshairMm, slices) })
}

/** About a point, or the pane's middle. */
export function zoomPane(pane: PaneId, factor: number, aboutMm?: Vec3): void {
  const framing = framingOf(pane)
  if (framing) setFraming(pane, zoomed(framing, factor, aboutMm ?? framing.centreMm))
}
