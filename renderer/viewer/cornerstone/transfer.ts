import type { ColourMap } from '../../state/overlay.ts'
import { colourAt } from '../render/colourMaps.ts'

export interface HeatLook {
  /** 1-based threshold step; what has at least this step is shown. */
  step: number
  /** What the eye sees of the colour, 0–1. */
  opacity: number
  colourMap: ColourMap
  /** Number of threshold steps. */
  steps: number
}

export interface Slab {
  /** 0: one plane. */
  mm: number
  mode: 'max' | 'min' | 'mean'
}

/** How a plane is drawn, apart from where. */
export interface PlaneLook {
  window: Range
  /** Null where no heat map is shown. */
  heat: HeatLook | null
  slab: Slab
}

export interface Range {
  lower: number
  upper: number
}

/** HU that are black and white. DICOM PS3.3 C.11.2.1.2.1, LINEAR: widths count from the middle of a value to another's. */
export function windowRange(centreHu: number, widthHu: number): Range {
  const width = Math.max(1, widthHu - 1)
  const lower = centreHu - 0.5 - width / 2
  return { lower, upper: lower + width }
}

/** Of a threshold step: the interpolated step map crosses it half-way between voxels below and voxels at the step. */
export const EDGE = 0.5
/** Steps over which the colour sets in, so that the edge is not jagged. */
const RAMP = 0.1

/** Step 0 is "not scored": it has no colour of its own. */
export function heatRange({ steps }: Pick<HeatLook, 'steps'>): Range {
  return { lower: 0, upper: Math.max(1, steps) }
}

/** Value (steps) and opacity, rising from 0 below the threshold to what the eye is to see of the colour. */
export function heatOpacities(look: HeatLook): [value: number, opacity: number][] {
  const { lower, upper } = heatRange(look)
  const edge = look.step - EDGE
  return [
    [lower, 0],
    [edge - RAMP, 0],
    [edge + RAMP, look.opacity],
    [upper, look.opacity],
  ]
}

/** Value (steps) and colour (0–1 each): one colour for each threshold step. */
export function heatColours({ colourMap, steps }: Pick<HeatLook, 'colourMap' | 'steps'>): number[] {
  const points: number[] = []
  for (let step = 0; step <= Math.max(1, steps); step++) {
    const colour = colourAt(colourMap, (step - 1) / Math.max(1, steps - 1))
    points.push(step, ...colour.map((part) => part / 255))
  }
  return points
}

/**
 * The thickness to ask vtk.js 36 for so that it reaches a slab's two faces, to half a voxel. Its shader steps by half of
 * the smallest voxel side, s, but counts the samples of both directions, so that it visits ±s, ±3s, ±5s … while it
 * measures s, 2s, 3s (ImageResliceMapper, getSlabSampleLoopLines): asked for 10 mm it looks through nearly 20.
 */
export function askedSlabMm(wantedMm: number, spacing: readonly number[]): number {
  if (wantedMm <= 0) return 0
  const s = Math.min(...spacing) / 2
  const visits = Math.max(1, Math.round((wantedMm / 2 / s + 1) / 2))
  // A little more than whole steps: its last sample, within the slab again, is then not taken for a further one.
  return 2 * (visits + 1) * s * (1 + 1e-4)
}
