import { create } from 'zustand'
import { apply, dot } from '../../main/imaging/vector.ts'
import type { Grid, Mat3, Vec3 } from '../../main/imaging/volume.ts'
import { IDENTITY } from '../../main/imaging/volume.ts'
import { useSession } from '../state/session.ts'
import { PANES, type PaneId, useView } from '../state/view.ts'
import { type Framing, fitted, panePlane, type Size, withInView } from './geometry/framing.ts'
import { type Axes, baseFrame, paneAxes, slicePlace } from './geometry/planes.ts'
import type { PanePlane } from './layers.ts'

/** Why no image can be shown. */
export type Problem = 'no-webgl' | 'too-large' | 'context-lost'

interface StageState {
  problem: Problem | null
  /** The scan is on the GPU. */
  ready: boolean
}

/** What the panes' own controls show of the machinery below them. */
export const useStage = create<StageState>(() => ({ problem: null, ready: false }))

/** What a reader chose to see of a plane, against the whole volume fitted into the pane. */
interface Chosen {
  centreMm: Vec3
  /** 1: the whole volume fits. */
  zoom: number
}

const sizes = new Map<PaneId, Size>()
const chosen = new Map<PaneId, Chosen>()
/** How the volume rendering is turned, about the patient's axes. */
let turn: Mat3 = IDENTITY
const base = new WeakMap<Grid, Mat3>()

/** What repaints the panes in the next frame; set by the one that draws them. */
let invalidateAll: () => void = () => {}
export function onInvalidate(listener: () => void): void {
  invalidateAll = listener
}
export const invalidate = (): void => invalidateAll()

export function baseOf(grid: Grid): Mat3 {
  let frame = base.get(grid)
  if (!frame) {
    frame = baseFrame(grid)
    base.set(grid, frame)
  }
  return frame
}

/** Directions of a pane, as it is turned now; null without a scan. */
export function axesOf(pane: PaneId): Axes | null {
  const { scan } = useSession.getState()
  if (!scan) return null
  const { rotation, fourthPane, fourthPlane } = useView.getState()
  const frame = baseOf(scan.grid)
  if (pane !== 'fourth') return paneAxes(pane, frame, rotation)
  if (fourthPane === 'slab') return paneAxes(fourthPlane, frame, rotation)
  const front = paneAxes('coronal', frame)
  return { right: apply(turn, front.right), down: apply(turn, front.down), normal: apply(turn, front.normal) }
}

export function sizeOf(pane: PaneId): Size | undefined {
  return sizes.get(pane)
}

/** A pane that is not on screen has no size. */
export function setPaneSize(pane: PaneId, size: Size | null): void {
  if (size) sizes.set(pane, size)
  else sizes.delete(pane)
  invalidate()
}

export function framingOf(pane: PaneId): Framing | null {
  const { scan } = useSession.getState()
  const axes = axesOf(pane)
  const size = sizes.get(pane)
  if (!scan || !axes || !size) return null
  const whole = fitted(scan.grid, axes, size.widthPx, size.heightPx)
  const own = chosen.get(pane)
  return own ? { centreMm: own.centreMm, mmPerPx: whole.mmPerPx / own.zoom } : whole
}

/** 1: the whole volume fits into the pane. */
export function zoomOf(pane: PaneId): number {
  return chosen.get(pane)?.zoom ?? 1
}

export function setFraming(pane: PaneId, framing: Framing): void {
  const { scan } = useSession.getState()
  const axes = axesOf(pane)
  const size = sizes.get(pane)
  if (!scan || !axes || !size) return
  const whole = fitted(scan.grid, axes, size.widthPx, size.heightPx)
  chosen.set(pane, { centreMm: framing.centreMm, zoom: whole.mmPerPx / framing.mmPerPx })
  invalidate()
}

/** What a pane shows; null while it is not on screen, or without a scan. */
export function planeOf(pane: PaneId): PanePlane | null {
  const { scan } = useSession.getState()
  const axes = axesOf(pane)
  const size = sizes.get(pane)
  const framing = framingOf(pane)
  if (!scan || !axes || !size || !framing) return null
  const { crosshairMm, fourthPane } = useView.getState()
  const place = slicePlace(scan.grid, axes.normal, crosshairMm)
  const free = pane === 'fourth' || place.sourceAxis === null
  const offsetMm =
    pane === 'fourth' && fourthPane === 'volume'
      ? dot(axes.normal, framing.centreMm)
      : free
        ? dot(axes.normal, crosshairMm)
        : place.offsetMm
  return panePlane(pane, axes, framing, offsetMm, size)
}

/** Every pane shows this point: those where it is out of sight move just enough. */
export function bringIntoView(pointMm: Vec3, except?: PaneId): void {
  for (const pane of PANES) {
    const axes = axesOf(pane)
    const size = sizes.get(pane)
    const framing = framingOf(pane)
    if (pane === except || !axes || !size || !framing || !chosen.has(pane)) continue
    const moved = withInView(framing, axes, size, pointMm)
    if (moved !== framing) setFraming(pane, moved)
  }
}

export function turnVolume(change: (now: Mat3) => Mat3): void {
  turn = change(turn)
  invalidate()
}

/** The whole volume in one pane, or in all. */
export function resetFraming(pane?: PaneId): void {
  if (pane) chosen.delete(pane)
  else chosen.clear()
  if (!pane || pane === 'fourth') turn = IDENTITY
  invalidate()
}

/** The pane whose drag is under way: it does not move under the pointer. */
let held: PaneId | undefined
export function holdPane(pane: PaneId | undefined): void {
  held = pane
}
export const heldPane = (): PaneId | undefined => held
