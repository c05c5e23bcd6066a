import { addLayer, addPointerTool, repaint } from '../layers.ts'
import { measurementLayer } from '../measure/layer.ts'
import { followSeries, useMeasurements } from '../measure/store.ts'
import { annotationLayer } from '../overlay/annotations.ts'
import { crosshairLayer } from '../overlay/crosshair.ts'
import { findingLayer } from '../overlay/findingContour.ts'
import { measuringTool } from './measuring.ts'
import { crosshairTool, panTool, rotateTool, scrollTool, windowTool, zoomTool } from './navigation.ts'

/** Adds the viewer's own tools and layers until the returned function is called. */
export function addViewerTools(): () => void {
  const off = [
    ...[crosshairTool, windowTool, panTool, zoomTool, scrollTool, rotateTool].map(addPointerTool),
    ...(['length', 'angle', 'ellipse', 'rectangle'] as const).map((kind) =>
      addPointerTool(measuringTool(kind)),
    ),
    ...[findingLayer, measurementLayer, crosshairLayer, annotationLayer].map(addLayer),
    useMeasurements.subscribe(repaint),
    followSeries(),
  ]
  return () => {
    for (const end of off) end()
  }
}
