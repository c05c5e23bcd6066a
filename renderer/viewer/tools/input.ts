import { multiply, orthonormal, rotationAbout } from '../../../main/imaging/vector.ts'
import { type PaneId, setView, useView } from '../../state/view.ts'
import { pointAt } from '../geometry/framing.ts'
import { type PanePoint, type PointerTool, pointerTool, repaint } from '../layers.ts'
import { select } from '../measure/store.ts'
import { setHover } from '../overlay/annotations.ts'
import { axesOf, planeOf, turnVolume } from '../stage.ts'
import { type Grab, grabAt } from './measuring.ts'
import { panTool, scrollPane, zoomPane, zoomTool } from './navigation.ts'

/** A notch of a mouse wheel is 100 or 120 of these; a finger on a touchpad gives many small ones. */
const WHEEL_PER_SLICE = 40
const WHEEL_PER_DOUBLING = 400
const LINE_PX = 16
const FAST_SLICES = 5
const RADIANS_PER_PX = 0.008
/** Tools that leave a measurement alone below the pointer. */
const GRABBING = new Set(['crosshair', 'length', 'angle', 'ellipse', 'rectangle'])

/** Turns pointer and wheel on a pane into what tools do; returns a function that ends it. */
export function listenToPane(element: HTMLElement, pane: PaneId): () => void {
  let active: { tool: PointerTool; button: number } | null = null
  let grabbed: Grab | null = null
  let lastTool: PointerTool | undefined
  let wheel = 0

  const pointOf = (event: PointerEvent | WheelEvent): PanePoint | null => {
    const plane = planeOf(pane)
    if (!plane) return null
    const box = element.getBoundingClientRect()
    const xPx = event.clientX - box.left
    const yPx = event.clientY - box.top
    return { plane, xPx, yPx, positionMm: pointAt(plane, xPx, yPx), event: event as PointerEvent }
  }

  const cancel = () => {
    grabbed?.end(false)
    grabbed = null
    active?.tool.cancel?.()
    active = null
  }

  const down = (event: PointerEvent) => {
    // A second button during a drag does not start another.
    if (active || grabbed) return
    const point = pointOf(event)
    if (!point) return
    setView({ activePane: pane })
    element.setPointerCapture(event.pointerId)
    element.focus({ preventScroll: true })
    const { tool, fourthPane } = useView.getState()
    const volume = pane === 'fourth' && fourthPane === 'volume'
    if (event.button === 0 && !volume && GRABBING.has(tool)) {
      grabbed = grabAt(point)
      if (grabbed) return
      select(null)
    }
    const chosen =
      event.button === 1
        ? panTool
        : event.button === 2
          ? zoomTool
          : volume && tool !== 'pan' && tool !== 'zoom' && tool !== 'window'
            ? turningTool
            : pointerTool(tool)
    if (!chosen) return
    active = { tool: chosen, button: event.button }
    lastTool = chosen
    chosen.down?.(point)
  }

  const move = (event: PointerEvent) => {
    const point = pointOf(event)
    if (!point) return
    setHover(point)
    if (grabbed) grabbed.drag(point)
    else if (active) active.tool.drag?.(point)
    else pointerTool(useView.getState().tool)?.hover?.(point)
  }

  const up = (event: PointerEvent) => {
    const point = pointOf(event)
    if (grabbed) {
      grabbed.end(true)
      grabbed = null
    } else if (active && active.button === event.button) {
      if (point) active.tool.up?.(point)
      else active.tool.cancel?.()
      active = null
    }
    repaint()
  }

  const leave = () => {
    setHover(null)
    pointerTool(useView.getState().tool)?.hover?.(null)
  }

  const roll = (event: WheelEvent) => {
    event.preventDefault()
    const point = pointOf(event)
    if (!point) return
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1
    // Shift turns the wheel sideways in most browsers.
    const delta = (event.deltaY || event.deltaX) * unit
    if (event.ctrlKey || event.metaKey) {
      zoomPane(pane, 2 ** (-delta / WHEEL_PER_DOUBLING), point.positionMm)
      return
    }
    const { fourthPane } = useView.getState()
    if (pane === 'fourth' && fourthPane === 'volume') {
      zoomPane(pane, 2 ** (-delta / WHEEL_PER_DOUBLING))
      return
    }
    if (Math.sign(delta) !== Math.sign(wheel)) wheel = 0
    wheel += delta
    // A notch is one slice, however long it is; small ones add up.
    const slices = Math.abs(delta) >= WHEEL_PER_SLICE ? Math.sign(delta) : Math.trunc(wheel / WHEEL_PER_SLICE)
    if (slices === 0) return
    wheel = 0
    scrollPane(pane, slices * (event.shiftKey ? FAST_SLICES : 1))
  }

  const doubleClick = () => {
    cancel()
    toggleMaximised(pane)
  }
  const menu = (event: Event) => event.preventDefault()
  const key = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return
    if (active || grabbed) {
      event.stopPropagation()
      cancel()
    } else lastTool?.cancel?.()
  }
  const offTool = useView.subscribe((view, before) => {
    if (view.tool === before.tool) return
    cancel()
    pointerTool(before.tool)?.cancel?.()
  })

  element.addEventListener('pointerdown', down)
  element.addEventListener('pointermove', move)
  element.addEventListener('pointerup', up)
  element.addEventListener('pointercancel', cancel)
  element.addEventListener('pointerleave', leave)
  element.addEventListener('wheel', roll, { passive: false })
  element.addEventListener('dblclick', doubleClick)
  element.addEventListener('contextmenu', menu)
  window.addEventListener('keydown', key, true)
  return () => {
    cancel()
    offTool()
    element.removeEventListener('pointerdown', down)
    element.removeEventListener('pointermove', move)
    element.removeEventListener('pointerup', up)
    element.removeEventListener('pointercancel', cancel)
    element.removeEventListener('pointerleave', leave)
    element.removeEventListener('wheel', roll)
    element.removeEventListener('dblclick', doubleClick)
    element.removeEventListener('contextmenu', menu)
    window.removeEventListener('keydown', key, true)
  }
}

export function toggleMaximised(pane: PaneId): void {
  const { maximised } = useView.getState()
  setView({ maximised: maximised === pane ? null : pane, activePane: pane })
}

/** Turns the volume rendering under the pointer. */
const turningTool: PointerTool = (() => {
  let last: { xPx: number; yPx: number } | null = null
  return {
    tool: 'rotate',
    cursor: 'grab',
    down(point: PanePoint) {
      last = point
    },
    drag(point: PanePoint) {
      const axes = axesOf('fourth')
      if (!axes || !last) return
      const turn = multiply(
        rotationAbout(axes.down, (point.xPx - last.xPx) * RADIANS_PER_PX),
        rotationAbout(axes.right, -(point.yPx - last.yPx) * RADIANS_PER_PX),
      )
      last = point
      turnVolume((now) => orthonormal(multiply(turn, now)))
    },
    up() {
      last = null
    },
    cancel() {
      last = null
    },
  }
})()
