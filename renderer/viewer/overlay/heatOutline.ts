import type { Grid } from '../../../main/imaging/volume.ts'
import { useOverlay } from '../../state/overlay.ts'
import { useSession } from '../../state/session.ts'
import { useView } from '../../state/view.ts'
import { samePlane } from '../contours.ts'
import type { PanePlane } from '../layers.ts'
import { isoline, type Samples } from '../marchingSquares.ts'
import { colourAt } from '../render/colourMaps.ts'
import { sampleSteps } from '../stepSamples.ts'

/** The interpolated step map crosses a step half-way between voxels below and voxels at it. */
const EDGE = 0.5
const LINE_PX = 1.5

interface Kept {
  plane: PanePlane
  slabMm: number
  samples: Samples
}

const kept = new WeakMap<Uint8Array, Map<string, Kept>>()

/** Draws the line around what is at the threshold on a plane. */
export function paintHeatOutline(context: CanvasRenderingContext2D, plane: PanePlane): void {
  const { scan, result } = useSession.getState()
  const { steps, step, colourMap, style, visible } = useOverlay.getState()
  const view = useView.getState()
  const fourth = plane.pane === 'fourth'
  if (!scan || !result || !steps || !visible || style !== 'outline') return
  if (fourth && view.fourthPane === 'volume') return
  const slabMm = fourth ? view.fourthThicknessMm : view.slabThicknessMm
  const path = new Path2D()
  isoline(samplesOf(plane, scan.grid, result.stepMap, slabMm), step - EDGE, path)
  const [r, g, b] = colourAt(colourMap, (step - 1) / Math.max(1, steps.level.length - 1))
  context.strokeStyle = `rgb(${r} ${g} ${b})`
  context.lineWidth = LINE_PX
  context.lineJoin = 'round'
  context.stroke(path)
}

/** Moving the threshold needs no other samples; moving the plane does. */
function samplesOf(plane: PanePlane, grid: Grid, stepMap: Uint8Array, slabMm: number): Samples {
  const byPane = kept.get(stepMap) ?? new Map<string, Kept>()
  kept.set(stepMap, byPane)
  const last = byPane.get(plane.pane)
  if (last && last.slabMm === slabMm && samePlane(last.plane, plane)) return last.samples
  const samples = sampleSteps(plane, grid, stepMap, slabMm)
  byPane.set(plane.pane, { plane, slabMm, samples })
  return samples
}
