import { add, along, dot, scale } from '../../../main/imaging/vector.ts'
import type { Grid, Vec3 } from '../../../main/imaging/volume.ts'
import type { PaneId } from '../../state/view.ts'
import type { PanePlane } from '../layers.ts'
import { type Axes, centreOf, extentAlong } from './planes.ts'

/** What part of its plane a pane shows. A resized pane keeps both. */
export interface Framing {
  /** In the middle of the pane; only its place within the plane counts. LPS mm. */
  centreMm: Vec3
  mmPerPx: number
}

/** Air around the volume when it is fitted, as a part of the pane. */
const MARGIN = 0.04
const NEAREST_MM_PER_PX = 0.02
const FARTHEST_MM_PER_PX = 5

/** The whole volume in the pane, pixels square in mm. */
export function fitted(grid: Grid, axes: Axes, widthPx: number, heightPx: number): Framing {
  const across = extentAlong(grid, axes.right)
  const downwards = extentAlong(grid, axes.down)
  // Half a voxel more on each side is still the volume; the margin has room for it.
  const mmPerPx =
    Math.max(
      (across.max - across.min + Math.min(...grid.spacing)) / Math.max(1, widthPx),
      (downwards.max - downwards.min + Math.min(...grid.spacing)) / Math.max(1, heightPx),
    ) *
    (1 + MARGIN)
  return { centreMm: centreOf(grid), mmPerPx: kept(mmPerPx) }
}

/** Zoomed about a point of the plane, which stays where it is on screen. `factor` above 1 enlarges. */
export function zoomed(framing: Framing, factor: number, aboutMm: Vec3): Framing {
  const mmPerPx = kept(framing.mmPerPx / factor)
  const part = mmPerPx / framing.mmPerPx
  return { centreMm: along(scale(aboutMm, 1 - part), framing.centreMm, part), mmPerPx }
}

function kept(mmPerPx: number): number {
  return Math.min(Math.max(NEAREST_MM_PER_PX, mmPerPx), FARTHEST_MM_PER_PX)
}

/** The image moved by so many pixels with the pointer. */
export function panned(framing: Framing, axes: Axes, dxPx: number, dyPx: number): Framing {
  const { mmPerPx } = framing
  const centreMm = along(along(framing.centreMm, axes.right, -dxPx * mmPerPx), axes.down, -dyPx * mmPerPx)
  return { centreMm, mmPerPx }
}

/** Moved no more than needed for a point to be seen, with a border around it; the same framing if it is. */
export function withInView(framing: Framing, axes: Axes, size: Size, pointMm: Vec3): Framing {
  const { mmPerPx, centreMm } = framing
  const shift = (axis: Vec3, px: number) => {
    const off = dot(axis, pointMm) - dot(axis, centreMm)
    return Math.abs(off) > 0.46 * px * mmPerPx ? off : 0
  }
  const across = shift(axes.right, size.widthPx)
  const downwards = shift(axes.down, size.heightPx)
  if (across === 0 && downwards === 0) return framing
  return { centreMm: along(along(centreMm, axes.right, across), axes.down, downwards), mmPerPx }
}

export interface Size {
  widthPx: number
  heightPx: number
}

/** The plane that a pane shows, `offsetMm` along its normal. */
export function panePlane(
  pane: PaneId,
  axes: Axes,
  framing: Framing,
  offsetMm: number,
  { widthPx, heightPx }: Size,
): PanePlane {
  const { mmPerPx } = framing
  const inPlane = along(framing.centreMm, axes.normal, offsetMm - dot(axes.normal, framing.centreMm))
  return {
    pane,
    originMm: along(
      along(inPlane, axes.right, (-widthPx / 2) * mmPerPx),
      axes.down,
      (-heightPx / 2) * mmPerPx,
    ),
    rightMm: scale(axes.right, mmPerPx),
    downMm: scale(axes.down, mmPerPx),
    normal: axes.normal,
    widthPx,
    heightPx,
  }
}

/** Patient position under a CSS pixel of a pane. */
export function pointAt(plane: PanePlane, xPx: number, yPx: number): Vec3 {
  return add(plane.originMm, along(scale(plane.rightMm, xPx), plane.downMm, yPx))
}

/** CSS pixel of a patient position, projected on the plane, and how far behind the plane it lies, mm. */
export function pixelOf(plane: PanePlane, positionMm: Vec3): { x: number; y: number; depthMm: number } {
  const v = along(positionMm, plane.originMm, -1)
  const squared = dot(plane.rightMm, plane.rightMm)
  return {
    x: dot(v, plane.rightMm) / squared,
    y: dot(v, plane.downMm) / squared,
    depthMm: dot(v, plane.normal),
  }
}

export function mmPerPixel(plane: PanePlane): number {
  return Math.hypot(...plane.rightMm)
}
