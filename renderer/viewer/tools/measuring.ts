import { add, along, dot, length, normalise, subtract } from '../../../main/imaging/vector.ts'
import { useSession } from '../../state/session.ts'
import { pixelOf } from '../geometry/framing.ts'
import type { PanePlane, PanePoint, PointerTool } from '../layers.ts'
import { handlesOf, withHandle } from '../measure/handles.ts'
import { isOn } from '../measure/layer.ts'
import {
  keepChange,
  type Measurement,
  type MeasurementKind,
  POINTS,
  put,
  select,
  take,
  useMeasurements,
} from '../measure/store.ts'

const HANDLE_PX = 8
const LINE_PX = 5
/** A shorter drag was a click that missed. */
const LEAST_PX = 3

const setDrawing = (drawingId: string | null) => useMeasurements.setState({ drawingId })

function begin(kind: MeasurementKind, { plane, positionMm }: PanePoint): Measurement | null {
  const { seriesId } = useSession.getState()
  if (!seriesId) return null
  return {
    id: crypto.randomUUID(),
    seriesId,
    kind,
    points: [positionMm, positionMm],
    right: normalise(plane.rightMm),
    down: normalise(plane.downMm),
    normal: plane.normal,
  }
}

/** Draws by a drag from one point to the other; an angle's second side follows the pointer until it is clicked. */
export function measuringTool(kind: MeasurementKind): PointerTool {
  let draft: Measurement | null = null
  let from: PanePoint | null = null
  const show = (next: Measurement) => {
    draft = next
    setDrawing(next.id)
    put(next)
  }
  const end = (kept: boolean) => {
    if (draft && kept) {
      select(draft.id)
      void keepChange(null, draft)
    } else if (draft) take(draft.id)
    draft = null
    setDrawing(null)
    from = null
  }
  const lastPoint = (point: PanePoint) =>
    draft && show({ ...draft, points: [...draft.points.slice(0, -1), point.positionMm] })
  return {
    tool: kind,
    cursor: 'crosshair',
    down(point) {
      if (draft && draft.points.length === POINTS[kind]) {
        lastPoint(point)
        return
      }
      const first = begin(kind, point)
      if (!first) return
      from = point
      select(null)
      show(first)
    },
    drag(point) {
      lastPoint(point)
    },
    up(point) {
      if (!draft) return
      lastPoint(point)
      if (draft.points.length < POINTS[kind]) {
        const moved = from && Math.hypot(point.xPx - from.xPx, point.yPx - from.yPx) >= LEAST_PX
        if (moved) show({ ...draft, points: [...draft.points, point.positionMm] })
        else end(false)
        return
      }
      const tooSmall =
        from && kind !== 'angle' && Math.hypot(point.xPx - from.xPx, point.yPx - from.yPx) < LEAST_PX
      end(!tooSmall)
    },
    hover(point) {
      if (point && draft && draft.points.length === 3 && isOn(point.plane, draft)) lastPoint(point)
    },
    cancel() {
      end(false)
    },
  }
}

/** A measurement being changed by its handle, or moved as a whole. */
export interface Grab {
  drag(point: PanePoint): void
  end(kept: boolean): void
}

/** What the pointer has got hold of, if anything: a handle before a line. */
export function grabAt({ plane, xPx, yPx, positionMm }: PanePoint): Grab | null {
  if (useMeasurements.getState().drawingId) return null
  const shown = useMeasurements.getState().all.filter((one) => isOn(plane, one))
  for (const before of shown.toReversed()) {
    const handle = handlesOf(before).findIndex((point) => {
      const at = pixelOf(plane, point)
      return Math.hypot(at.x - xPx, at.y - yPx) <= HANDLE_PX
    })
    if (handle >= 0) return grab(before, (point) => withHandle(before, handle, point.positionMm))
  }
  for (const before of shown.toReversed()) {
    if (distancePx(plane, before, xPx, yPx) > LINE_PX) continue
    return grab(before, (point) => {
      const by = subtract(point.positionMm, positionMm)
      const inPlane = along(by, before.normal, -dot(by, before.normal))
      return { ...before, points: before.points.map((one) => add(one, inPlane)) }
    })
  }
  return null
}

function grab(before: Measurement, change: (point: PanePoint) => Measurement): Grab {
  let after = before
  select(before.id)
  return {
    drag(point) {
      after = change(point)
      put(after)
    },
    end(kept) {
      if (!kept) put(before)
      else if (after !== before) void keepChange(before, after)
    },
  }
}

/** From a pixel to the nearest line of a measurement. */
function distancePx(plane: PanePlane, measurement: Measurement, x: number, y: number): number {
  const at = handlesOf(measurement).map((point) => pixelOf(plane, point))
  if (measurement.kind === 'ellipse') return toEllipse(plane, measurement, x, y)
  const closed = measurement.kind === 'rectangle' ? [...at, at[0]!] : at
  return Math.min(
    ...closed.slice(1).map((b, i) => {
      const a = closed[i]!
      const squared = (b.x - a.x) ** 2 + (b.y - a.y) ** 2
      const part = squared === 0 ? 0 : ((x - a.x) * (b.x - a.x) + (y - a.y) * (b.y - a.y)) / squared
      const kept = Math.min(Math.max(0, part), 1)
      return Math.hypot(a.x + kept * (b.x - a.x) - x, a.y + kept * (b.y - a.y) - y)
    }),
  )
}

/** To first order: near the line, the value of the ellipse's equation over its slope. */
function toEllipse(plane: PanePlane, { points, right, down }: Measurement, x: number, y: number): number {
  const perPx = length(plane.rightMm)
  const diagonal = subtract(points[1]!, points[0]!)
  const a = Math.abs(dot(diagonal, right)) / 2 / perPx
  const b = Math.abs(dot(diagonal, down)) / 2 / perPx
  if (a < 1 || b < 1) return Number.POSITIVE_INFINITY
  const middle = pixelOf(plane, along(points[0]!, diagonal, 0.5))
  const offset = along(along([0, 0, 0], plane.rightMm, x - middle.x), plane.downMm, y - middle.y)
  const u = dot(offset, right) / perPx
  const v = dot(offset, down) / perPx
  const value = Math.hypot(u / a, v / b)
  return (Math.abs(value - 1) * value) / Math.max(1e-9, Math.hypot(u / a ** 2, v / b ** 2))
}
