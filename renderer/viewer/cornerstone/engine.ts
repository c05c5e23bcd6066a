import {
  ContextPoolRenderingEngine,
  Enums,
  eventTarget,
  init,
  type PlanarViewport,
} from '@cornerstonejs/core'
import type { Grid } from '../../../main/imaging/volume.ts'
import type { PanePlane } from '../layers.ts'
import { pictureSize } from './camera.ts'
import { withoutMultisampling } from './multisampling.ts'
import { PlanePane } from './planePane.ts'
import type { PlaneLook } from './transfer.ts'
import { VolumePane, type VolumeViewport } from './volumePane.ts'
import { addVolume, type DrawnVolume, longestSide, markSlices, removeVolume } from './volumes.ts'

/** A viewport out of sight, small, that volumes are put on the GPU through. */
const LOADER = 'loader'
const PICTURE_MS = 10_000
/** Left alone a signal makes an exception, whose stack would keep the scan that was shown when it was made. */
const GIVEN_UP = 'given up'

/** What vtk.js's render window knows of the things on the GPU, by what they were made of, and who uses them. */
interface Shared {
  _graphicsResources: Map<unknown, { coreObject: unknown; users: Set<{ isDeleted(): boolean }> }>
}

interface Mounted {
  element: HTMLDivElement
  pane: PlanePane | VolumePane
  loaded: Promise<void>
}

/** Slices and slabs, or a rendering of the whole volume. */
export type PaneKind = 'plane' | 'volume'

let engines = 0
let pictures = 0

/** Draws planes of one scan and its step map with Cornerstone: all panes from one context and one copy on the GPU. */
export class ImageEngine {
  readonly #engine: ContextPoolRenderingEngine
  readonly #mounted = new Map<string, Mounted>()
  /** A pane holds other volumes than before, and can be drawn. */
  onLoaded: () => void = () => {}
  /** The GPU took the context away: this engine is of no use any more. */
  onLost: () => void = () => {}
  #scan: DrawnVolume | null = null
  #steps: DrawnVolume | null = null
  #uploads: Promise<unknown> = Promise.resolve()
  #destroyed = false
  #scanLoad = new AbortController()
  #stepsLoad = new AbortController()

  /** @throws Error without WebGL 2 */
  constructor() {
    if (longestSide() === 0) throw new Error('no WebGL 2')
    init({ rendering: { webGlContextCount: 1 } } as Parameters<typeof init>[0])
    this.#engine = new ContextPoolRenderingEngine(`viewer-${++engines}`)
    withoutMultisampling(this.#engine)
    eventTarget.addEventListener(Enums.Events.WEBGL_CONTEXT_LOST, this.#lost)
    const element = document.createElement('div')
    element.style.cssText = 'position:fixed;left:-9999px;width:16px;height:16px;visibility:hidden'
    document.body.append(element)
    this.#mount(LOADER, 'plane', element)
  }

  get ready(): boolean {
    return this.#scan !== null
  }

  /** @throws VolumeTooLarge */
  async setScan(grid: Grid | null, voxels: Int16Array | null): Promise<void> {
    this.#scanLoad.abort(GIVEN_UP)
    this.#stepsLoad.abort(GIVEN_UP)
    this.#scanLoad = new AbortController()
    const { signal } = this.#scanLoad
    const before = [this.#scan, this.#steps]
    this.#scan = null
    this.#steps = null
    await this.#reload()
    for (const volume of before) if (volume) this.#remove(volume)
    // The GPU may have taken the context away meanwhile.
    if (!this.#destroyed) this.#releaseLeftovers()
    if (!grid || !voxels || signal.aborted) return
    const volume = await this.#upload('scan', grid, voxels, signal)
    if (!volume) return
    this.#scan = volume
    await this.#reload()
  }

  /** On the scan's grid. @throws VolumeTooLarge */
  async setSteps(stepMap: Uint8Array | null): Promise<void> {
    this.#stepsLoad.abort(GIVEN_UP)
    this.#stepsLoad = new AbortController()
    const { signal } = this.#stepsLoad
    const before = this.#steps
    this.#steps = null
    if (before) {
      await this.#reload()
      this.#remove(before)
    }
    if (!stepMap || !this.#scan || signal.aborted) return
    const volume = await this.#upload('steps', this.#scan.grid, stepMap, signal)
    if (!volume) return
    this.#steps = volume
    await this.#reload()
  }

  /** Draws into an element of its own below what the host holds, until the returned function is called. */
  mount(id: string, kind: PaneKind, host: HTMLElement): () => void {
    const element = document.createElement('div')
    element.style.cssText =
      'position:absolute;left:0;top:0;width:16px;height:16px;transform-origin:0 0;pointer-events:none'
    element.setAttribute('aria-hidden', 'true')
    host.prepend(element)
    this.#mount(id, kind, element)
    return () => {
      if (!this.#mounted.delete(id)) return
      this.#engine.disableElement(id)
      element.remove()
    }
  }

  /**
   * Has a pane drawn in the next frame, if it differs from what was drawn last.
   * @param coarse CSS pixels that are drawn as one, across and down
   * @returns whether it does
   */
  draw(id: string, plane: PanePlane, look: PlaneLook, coarse = 1): boolean {
    const mounted = this.#mounted.get(id)
    if (!mounted || !this.ready) return false
    const { style } = mounted.element
    this.#resize(mounted, plane, coarse)
    const drawn = mounted.pane.show(plane, look, coarse)
    if (drawn) style.visibility = ''
    return drawn
  }

  /**
   * A picture of a plane, drawn beside the panes: a pixel for each of the plane's.
   * @throws Error where none is drawn, as while the window is out of sight
   */
  async picture(plane: PanePlane, look: PlaneLook): Promise<HTMLCanvasElement> {
    const host = document.createElement('div')
    host.style.cssText = 'position:fixed;left:-9999px;visibility:hidden'
    document.body.append(host)
    const id = `picture-${++pictures}`
    const unmount = this.mount(id, 'plane', host)
    try {
      const mounted = this.#mounted.get(id)!
      await mounted.loaded
      const drawn = rendered(mounted.element, AbortSignal.timeout(PICTURE_MS))
      this.draw(id, plane, look)
      await drawn
      const canvas = document.createElement('canvas')
      canvas.width = plane.widthPx
      canvas.height = plane.heightPx
      canvas.getContext('2d')!.drawImage(mounted.pane.viewport.canvas, 0, 0, plane.widthPx, plane.heightPx)
      return canvas
    } finally {
      unmount()
      host.remove()
    }
  }

  destroy(): void {
    this.#destroyed = true
    this.#scanLoad.abort(GIVEN_UP)
    this.#stepsLoad.abort(GIVEN_UP)
    eventTarget.removeEventListener(Enums.Events.WEBGL_CONTEXT_LOST, this.#lost)
    for (const volume of [this.#scan, this.#steps]) if (volume) this.#remove(volume)
    this.#scan = null
    this.#steps = null
    this.#engine.destroy()
    for (const { element } of this.#mounted.values()) element.remove()
    this.#mounted.clear()
  }

  /** The engine's own resize draws all viewports anew, whichever changed its size. */
  #resize({ element: { style }, pane }: Mounted, plane: PanePlane, coarse: number): void {
    const { width, height } = pictureSize(plane, coarse)
    const ratio = window.devicePixelRatio || 1
    const { viewport } = pane
    const [right, down] = [Math.max(2, Math.round(width * ratio)), Math.max(2, Math.round(height * ratio))]
    style.width = `${width}px`
    style.height = `${height}px`
    style.transform = coarse === 1 ? '' : `scale(${coarse})`
    // The library shows pixels as squares, which is right only for those of the screen.
    viewport.canvas.style.imageRendering = coarse === 1 ? 'pixelated' : 'auto'
    if (viewport.sWidth === right && viewport.sHeight === down) return
    viewport.sWidth = right
    viewport.sHeight = down
    if (pane instanceof PlanePane) pane.viewport.resize()
  }

  readonly #lost = (event: Event) => {
    const { renderingEngineId } = (event as CustomEvent<{ renderingEngineId: string }>).detail
    if (renderingEngineId === this.#engine.id) this.onLost()
  }

  #mount(id: string, kind: PaneKind, element: HTMLDivElement): void {
    const { PLANAR_NEXT, VOLUME_3D } = Enums.ViewportType
    this.#engine.enableElement({
      viewportId: id,
      type: kind === 'plane' ? PLANAR_NEXT : VOLUME_3D,
      element,
      defaultOptions: { background: [0, 0, 0], parallelProjection: true },
    })
    const viewport: unknown = this.#engine.getViewport(id)
    const pane =
      kind === 'plane'
        ? new PlanePane(viewport as PlanarViewport)
        : new VolumePane(viewport as VolumeViewport)
    const loaded =
      id === LOADER ? Promise.resolve() : pane.load(this.#scan?.id ?? null, this.#steps?.id ?? null)
    this.#mounted.set(id, { element, pane, loaded })
    void loaded.then(() => this.onLoaded())
  }

  #remove(volume: DrawnVolume): void {
    removeVolume(volume, this.#context)
  }

  get #context() {
    return this.#engine.getOffscreenMultiRenderWindow(LOADER).getOpenGLRenderWindow()
  }

  /**
   * What the libraries would keep of every scan that was shown.
   *
   * vtk.js writes the time of a slice's geometry into its shader (ImageResliceMapper, replaceShaderPositionVC), so that
   * its program serves no other: left alone, ten would stay of each scan. What is still shown gets a new one.
   * Cornerstone's mapper does not sign off from its colour tables when it is deleted, and they would stay on the GPU.
   */
  #releaseLeftovers(): void {
    const context = this.#context
    context.getShaderCache().releaseGraphicsResources(context)
    for (const { coreObject, users } of [
      ...(context.get('_graphicsResources') as Shared)._graphicsResources.values(),
    ])
      for (const user of users) if (user.isDeleted()) context.unregisterGraphicsResourceUser(coreObject, user)
  }

  async #reload(): Promise<void> {
    for (const [id, mounted] of this.#mounted)
      if (id !== LOADER) {
        // Without a scan its last picture would stay.
        if (!this.#scan) mounted.element.style.visibility = 'hidden'
        mounted.loaded = mounted.pane.load(this.#scan?.id ?? null, this.#steps?.id ?? null)
      }
    await Promise.all([...this.#mounted.values()].map(({ loaded }) => loaded))
    this.onLoaded()
  }

  /** One after another: there is one loader. */
  #upload(
    name: string,
    grid: Grid,
    voxels: Int16Array | Uint8Array,
    signal: AbortSignal,
  ): Promise<DrawnVolume | null> {
    const uploaded = this.#uploads.then(() => this.#uploadNow(name, grid, voxels, signal))
    this.#uploads = uploaded.catch(() => null)
    return uploaded
  }

  /** Puts a volume on the GPU, a few slices a frame so that the window stays quick; null if it was given up. */
  async #uploadNow(
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
      const drawn = rendered(element, signal)
      pane.viewport.render()
      await drawn.catch(() => {})
    }
    if (this.#destroyed) return null
    await pane.load(null, null)
    if (!signal.aborted) return volume
    this.#remove(volume)
    return null
  }
}

function rendered(element: HTMLElement, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    element.addEventListener(Enums.Events.IMAGE_RENDERED, () => resolve(), { once: true, signal })
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
