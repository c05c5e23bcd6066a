import { Enums, eventTarget, init, type PlanarViewport, RenderingEngine } from '@cornerstonejs/core'
import type { Grid } from '../../../main/imaging/volume.ts'
import type { PanePlane } from '../layers.ts'
import { pictureSize } from './camera.ts'
import { type PlaneLook, PlanePane } from './planePane.ts'
import { addVolume, type DrawnVolume, longestSide, markSlices, removeVolume } from './volumes.ts'

const LOADER = 'loader'

interface Mounted {
  element: HTMLDivElement
  pane: PlanePane
}

let engines = 0

/** Draws planes of one scan and its step map with Cornerstone: all panes from one context and one copy on the GPU. */
export class ImageEngine {
  readonly #engine: RenderingEngine
  readonly #mounted = new Map<string, Mounted>()
  #scan: DrawnVolume | null = null
  #steps: DrawnVolume | null = null
  #scanLoad = new AbortController()
  #stepsLoad = new AbortController()

  /** @throws Error without WebGL 2 */
  constructor() {
    if (longestSide() === 0) throw new Error('no WebGL 2')
    init({ rendering: { webGlContextCount: 1 } } as Parameters<typeof init>[0])
    this.#engine = new RenderingEngine(`viewer-${++engines}`)
    const element = document.createElement('div')
    element.style.cssText = 'position:fixed;left:-9999px;width:16px;height:16px;visibility:hidden'
    document.body.append(element)
    this.#mount(LOADER, element)
  }

  /** Calls back when the GPU took the context away: this engine is of no use any more. */
  onLost(listener: () => void): () => void {
    const { id } = this.#engine
    const lost = (event: Event) => {
      if ((event as CustomEvent<{ renderingEngineId: string }>).detail.renderingEngineId === id) listener()
    }
    eventTarget.addEventListener(Enums.Events.WEBGL_CONTEXT_LOST, lost)
    return () => eventTarget.removeEventListener(Enums.Events.WEBGL_CONTEXT_LOST, lost)
  }

  get ready(): boolean {
    return this.#scan !== null
  }

  /** @throws VolumeTooLarge */
  async setScan(grid: Grid | null, voxels: Int16Array | null): Promise<void> {
    this.#scanLoad.abort()
    this.#stepsLoad.abort()
    this.#scanLoad = new AbortController()
    const before = [this.#scan, this.#steps]
    this.#scan = null
    this.#steps = null
    await this.#reload()
    for (const volume of before) if (volume) removeVolume(volume)
    if (!grid || !voxels) return
    const volume = await this.#upload('scan', grid, voxels, this.#scanLoad.signal)
    if (!volume) return
    this.#scan = volume
    await this.#reload()
  }

  /** On the scan's grid. @throws VolumeTooLarge */
  async setSteps(stepMap: Uint8Array | null): Promise<void> {
    this.#stepsLoad.abort()
    this.#stepsLoad = new AbortController()
    const before = this.#steps
    this.#steps = null
    if (before) {
      await this.#reload()
      removeVolume(before)
    }
    if (!stepMap || !this.#scan) return
    const volume = await this.#upload('steps', this.#scan.grid, stepMap, this.#stepsLoad.signal)
    if (!volume) return
    this.#steps = volume
    await this.#reload()
  }

  mount(id: string, host: HTMLElement): () => void {
    const element = document.createElement('div')
    element.style.cssText = 'position:absolute;left:0;top:0;pointer-events:none'
    element.setAttribute('aria-hidden', 'true')
    host.prepend(element)
    this.#mount(id, element)
    return () => {
      this.#mounted.delete(id)
      this.#engine.disableElement(id)
      element.remove()
    }
  }

  /** True if a frame will be drawn. */
  draw(id: string, plane: PanePlane, look: PlaneLook): boolean {
    const mounted = this.#mounted.get(id)
    if (!mounted) return false
    const { width, height } = pictureSize(plane)
    const style = mounted.element.style
    if (style.width !== `${width}px` || style.height !== `${height}px`) {
      style.width = `${width}px`
      style.height = `${height}px`
      this.#engine.resize(false, true)
    }
    return mounted.pane.show(plane, look)
  }

  destroy(): void {
    this.#scanLoad.abort()
    this.#stepsLoad.abort()
    this.#engine.destroy()
    for (const { element } of this.#mounted.values()) element.remove()
    this.#mounted.clear()
    for (const volume of [this.#scan, this.#steps]) if (volume) removeVolume(volume)
    this.#scan = null
    this.#steps = null
  }

  #mount(id: string, element: HTMLDivElement): void {
    this.#engine.enableElement({
      viewportId: id,
      type: Enums.ViewportType.PLANAR_NEXT,
      element,
      defaultOptions: { background: [0, 0, 0] },
    })
    const pane = new PlanePane(this.#engine.getViewport(id) as unknown as PlanarViewport)
    this.#mounted.set(id, { element, pane })
    void pane.load(this.#scan?.id ?? null, this.#steps?.id ?? null)
  }

  async #reload(): Promise<void> {
    await Promise.all(
      [...this.#mounted].map(([id, { pane }]) =>
        id === LOADER ? null : pane.load(this.#scan?.id ?? null, this.#steps?.id ?? null),
      ),
    )
  }

  /** Puts a volume on the GPU, a few slices a frame so that the window stays quick. */
  async #upload(
    name: string,
    grid: Grid,
    voxels: Int16Array | Uint8Array,
    signal: AbortSignal,
  ): Promise<DrawnVolume | null> {
    const volume = await addVolume(name, grid, voxels, signal)
    if (!volume) return null
    const { element, pane } = this.#mounted.get(LOADER)!
    await pane.load(volume.id, null)
    for (let z = 0; z < grid.dims[2] && !signal.aborted; z += volume.slicesAtOnce) {
      markSlices(volume, z, Math.min(grid.dims[2], z + volume.slicesAtOnce))
      const drawn = new Promise<void>((resolve) =>
        element.addEventListener(Enums.Events.IMAGE_RENDERED, () => resolve(), { once: true }),
      )
      pane.viewport.render()
      await drawn
    }
    await pane.load(null, null)
    if (!signal.aborted) return volume
    removeVolume(volume)
    return null
  }
}
