import { dot, subtract } from '../../../main/imaging/vector.ts'
import { t } from '../../i18n/index.ts'
import { useSession } from '../../state/session.ts'
import { useView } from '../../state/view.ts'
import { pixelOf } from '../geometry/framing.ts'
import { sliceStepMm } from '../geometry/planes.ts'
import type { Layer, PanePlane } from '../layers.ts'
import { FONT, paintLines } from '../overlay/text.ts'
import { handlesOf } from './handles.ts'
import { angleDeg, lengthMm, type RoiStatistics, roiStatistics } from './statistics.ts'
import { type Measurement, POINTS, useMeasurements } from './store.ts'

const COLOUR = '#ffd43b'
const SELECTED = '#fff3bf'
const HANDLE_PX = 3.5
const PARALLEL = 0.999

/** Whether a pane shows the plane that it was drawn on. */
export function isOn(plane: PanePlane, measurement: Measurement): boolean {
  const { scan, seriesId } = useSession.getState()
  if (!scan || measurement.seriesId !== seriesId) return false
  if (plane.pane === 'fourth' && useView.getState().fourthPane === 'volume') return false
  if (Math.abs(dot(plane.normal, measurement.normal)) < PARALLEL) return false
  const off = Math.abs(dot(plane.normal, subtract(measurement.points[0]!, plane.originMm)))
  const { slabThicknessMm, fourthThicknessMm } = useView.getState()
  const slab = plane.pane === 'fourth' ? fourthThicknessMm : slabThicknessMm
  return off <= Math.max(sliceStepMm(scan.grid, plane.normal), slab) / 2 + 1e-6
}

function paint(context: CanvasRenderingContext2D, plane: PanePlane): void {
  const { all, selectedId } = useMeasurements.getState()
  for (const measurement of all)
    if (isOn(plane, measurement)) paintOne(context, plane, measurement, measurement.id === selectedId)
}

function paintOne(
  context: CanvasRenderingContext2D,
  plane: PanePlane,
  measurement: Measurement,
  selected: boolean,
): void {
  const handles = handlesOf(measurement).map((point) => pixelOf(plane, point))
  const path = outline(measurement, handles)
  context.lineJoin = 'round'
  context.strokeStyle = 'rgb(0 0 0 / 0.7)'
  context.lineWidth = 3.5
  context.stroke(path)
  context.strokeStyle = selected ? SELECTED : COLOUR
  context.lineWidth = 1.5
  context.stroke(path)
  context.fillStyle = selected ? SELECTED : COLOUR
  for (const { x, y } of handles) {
    context.beginPath()
    context.arc(x, y, selected ? HANDLE_PX : HANDLE_PX - 1, 0, 2 * Math.PI)
    context.fill()
  }
  context.font = FONT
  const right = handles.reduce((best, point) => (point.x > best.x ? point : best), handles[0]!)
  paintLines(context, measurementWords(measurement), { x: right.x + 8, y: right.y + 4, align: 'left' })
}

function outline({ kind, points }: Measurement, handles: readonly { x: number; y: number }[]): Path2D {
  const path = new Path2D()
  const [a, b, c, d] = handles
  if (!a || !b) return path
  if (kind === 'ellipse' && c && d) {
    const angle = Math.atan2(b.y - a.y, b.x - a.x)
    const half = (p: { x: number; y: number }, q: { x: number; y: number }) =>
      Math.hypot(p.x - q.x, p.y - q.y) / 2
    path.ellipse((a.x + c.x) / 2, (a.y + c.y) / 2, half(a, b), half(b, c), angle, 0, 2 * Math.PI)
    return path
  }
  path.moveTo(a.x, a.y)
  for (const point of handles.slice(1)) path.lineTo(point.x, point.y)
  if (kind === 'rectangle' && points.length === POINTS.rectangle) path.closePath()
  return path
}

/** By the voxels first: measurements outlive the scan on screen, and must not keep its memory. */
const known = new WeakMap<Int16Array, WeakMap<Measurement, RoiStatistics | null>>()

/** Computed once for each shape that it takes. */
export function statisticsOf(measurement: Measurement): RoiStatistics | null {
  const { scan } = useSession.getState()
  if (!scan || measurement.points.length < 2) return null
  const ofScan = known.get(scan.voxels) ?? new WeakMap<Measurement, RoiStatistics | null>()
  known.set(scan.voxels, ofScan)
  const kept = ofScan.get(measurement)
  if (kept !== undefined) return kept
  const statistics = roiStatistics(scan.grid, scan.voxels, measurement)
  ofScan.set(measurement, statistics)
  return statistics
}

export function measurementWords(measurement: Measurement): string[] {
  const { kind, points } = measurement
  if (kind === 'length') return [t('measure.lengthValue', { mm: lengthMm(points).toFixed(1) })]
  if (kind === 'angle')
    return points.length === POINTS.angle
      ? [t('measure.angleValue', { degrees: angleDeg(points).toFixed(1) })]
      : []
  const statistics = statisticsOf(measurement)
  if (!statistics) return []
  return [
    t('measure.meanValue', { mean: statistics.meanHu.toFixed(1), sd: statistics.sdHu.toFixed(1) }),
    t('measure.rangeValue', { min: statistics.minHu, max: statistics.maxHu }),
    t('measure.areaValue', { area: statistics.areaMm2.toFixed(statistics.areaMm2 < 100 ? 1 : 0) }),
  ]
}

export const measurementLayer: Layer = { id: 'measurements', order: 30, paint }
