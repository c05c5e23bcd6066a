import type { ContextPoolRenderingEngine } from '@cornerstonejs/core'

/** What is used of the library's pool of contexts, which its types keep private. */
interface Pool {
  getAllContexts(): { getOpenGLRenderWindow(): { getCanvas(): HTMLCanvasElement } }[]
}

/**
 * Has an engine that has drawn nothing yet draw without multisampling, which vtk.js leaves on: it smooths the edges of
 * polygons, of which planes and volumes have none in sight, for four times the memory and, on the processor, twice the
 * time. A canvas keeps the context it was first asked for (HTML, getContext), so asking before vtk.js does decides.
 */
export function withoutMultisampling(engine: ContextPoolRenderingEngine): void {
  const { contextPool } = engine as unknown as { contextPool?: Pool }
  for (const context of contextPool?.getAllContexts() ?? [])
    context.getOpenGLRenderWindow().getCanvas().getContext('webgl2', {
      antialias: false,
      depth: true,
      alpha: true,
      preserveDrawingBuffer: false,
      powerPreference: 'high-performance',
    })
}
