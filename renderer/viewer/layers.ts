import type { Vec3 } from '../../main/imaging/volume.ts'
import type { PaneId, Tool } from '../state/view.ts'

/**
 * The plane that a pane shows, in LPS mm. The point under CSS pixel (x, y), counted from the pane's upper left corner,
 * is `originMm + x · rightMm + y · downMm`.
 */
export interface PanePlane {
  pane: PaneId
  originMm: Vec3
  /** One CSS pixel to the right, and one down, mm. */
  rightMm: Vec3
  downMm: Vec3
  /** Unit vector away from the viewer's eye. */
  normal: Vec3
  widthPx: number
  heightPx: number
}

/** Draws over a pane, above the image, in CSS pixels; called whenever the pane's plane, or what is drawn, changed. */
export interface Layer {
  id: string
  /** Higher ones lie on top. */
  order: number
  paint(context: CanvasRenderingContext2D, plane: PanePlane): void
}

/** Where the pointer is on a pane. */
export interface PanePoint {
  plane: PanePlane
  xPx: number
  yPx: number
  positionMm: Vec3
  event: PointerEvent
}

/** What the left button does on the planes while a tool is chosen; a drag that began goes on outside the pane. */
export interface PointerTool {
  tool: Tool
  /** CSS cursor over the panes. */
  cursor: string
  down?(point: PanePoint): void
  /** While the button is down. */
  drag?(point: PanePoint): void
  up?(point: PanePoint): void
  /** While no button is down; null when the pointer has left. */
  hover?(point: PanePoint | null): void
  /** Escape was pressed, or the tool was changed, in the midst of a drag. */
  cancel?(): void
}

const layers = new Map<string, Layer>()
const tools = new Map<Tool, PointerTool>()
const painters = new Set<() => void>()

/** Adds a layer until the returned function is called. */
export function addLayer(layer: Layer): () => void {
  layers.set(layer.id, layer)
  repaint()
  return () => {
    layers.delete(layer.id)
    repaint()
  }
}

export function layersInOrder(): Layer[] {
  return [...layers.values()].sort((a, b) => a.order - b.order)
}

/** Adds a tool until the returned function is called. */
export function addPointerTool(tool: PointerTool): () => void {
  tools.set(tool.tool, tool)
  return () => {
    tools.delete(tool.tool)
  }
}

export function pointerTool(tool: Tool): PointerTool | undefined {
  return tools.get(tool)
}

/** Has all panes paint their layers in the next frame. */
export function repaint(): void {
  for (const paint of painters) paint()
}

/** For panes: calls `paint` whenever a layer asks for it. */
export function onRepaint(paint: () => void): () => void {
  painters.add(paint)
  return () => {
    painters.delete(paint)
  }
}
