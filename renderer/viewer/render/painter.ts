import { useOverlay } from '../../state/overlay.ts'
import { useReview } from '../../state/review.ts'
import { type OpenScan, useSession } from '../../state/session.ts'
import { PANES, type PaneId, useView } from '../../state/view.ts'
import { ImageEngine, type PaneKind } from '../cornerstone/engine.ts'
import { Pace } from '../cornerstone/pace.ts'
import type { PlaneLook } from '../cornerstone/transfer.ts'
import { VolumeTooLarge } from '../cornerstone/volumes.ts'
import { addLayer, layersInOrder, onRepaint, type PanePlane } from '../layers.ts'
import { paintHeatOutline } from '../overlay/heatOutline.ts'
import { bringIntoView, heldPane, onInvalidate, planeOf, resetFraming, useStage } from '../stage.ts'
import { lookOf } from './look.ts'

const BLINK_MS = 500
/** Nobody measures on the volume rendering: where the processor draws it, it stays coarse rather than hold the window. */
const VOLUME_MS = 500
/** A GPU that was lost is asked for again after this; browsers refuse one that is lost time and again. */
const RESTART_MS = 1000

type Load = 'planes' | 'slabs' | 'volume'

interface Mounted {
  element: HTMLElement
  overlay: HTMLCanvasElement
  kind: PaneKind
  load: Load
  unmount: () => void
  /** What was drawn last, and how coarse, to leave a pane alone that did not change. */
  drawn: string
  coarse: number
}

/** Has Cornerstone draw the panes, and draws their layers above: at most once a frame, and only what changed. */
export class Painter {
  readonly #panes = new Map<PaneId, Mounted>()
  readonly #paces: Readonly<Record<Load, Pace>> = {
    planes: new Pace(2),
    slabs: new Pace(2),
    volume: new Pace(3, 4, VOLUME_MS),
  }
  #engine: ImageEngine | null = null
  #layersFrame = 0
  #imagesQueued = false
  #drawing: { load: Load; coarse: number } | null = null
  #settle: ReturnType<typeof setTimeout> | undefined
  #restart: ReturnType<typeof setTimeout> | undefined
  #blink: ReturnType<typeof setInterval> | undefined
  #blinkedOff = false
  #moving = false
  #of: OpenScan | null = null
  readonly #off: (() => void)[] = []

  constructor() {
    this.#start()
    onInvalidate(() => this.#moved())
    this.#off.push(
      addLayer({
        id: 'heat-outline',
        order: 10,
        paint: (context, plane) => {
          if (!this.#blinkedOff) paintHeatOutline(context, plane)
        },
      }),
      onRepaint(() => this.#paintLayersSoon()),
      useView.subscribe((view, before) => {
        if (view.crosshairMm !== before.crosshairMm) bringIntoView(view.crosshairMm, heldPane())
        this.#moved()
      }),
      useOverlay.subscribe((overlay, before) => {
        if (overlay.blinking !== before.blinking) this.#setBlinking(overlay.blinking)
        this.#moved()
      }),
      useReview.subscribe(() => this.#paintLayersSoon()),
      useSession.subscribe((session, before) => {
        if (session.scan !== before.scan) void this.#showScan()
        else if (session.result !== before.result) void this.#showSteps()
      }),
    )
    this.#setBlinking(useOverlay.getState().blinking)
  }

  get engine(): ImageEngine | null {
    return this.#engine
  }

  mount(pane: PaneId, element: HTMLElement, overlay: HTMLCanvasElement): () => void {
    const mounted: Mounted = {
      element,
      overlay,
      kind: 'plane',
      load: 'planes',
      unmount: () => {},
      drawn: '',
      coarse: 0,
    }
    this.#panes.set(pane, mounted)
    this.#mountImage(pane, mounted)
    this.invalidate()
    return () => {
      mounted.unmount()
      this.#panes.delete(pane)
    }
  }

  invalidate(): void {
    this.#paintLayersSoon()
    if (this.#imagesQueued) return
    this.#imagesQueued = true
    // Cornerstone draws in the next frame what it was told before: as a microtask, that is the layers' own frame.
    queueMicrotask(() => {
      this.#imagesQueued = false
      this.#drawImages()
    })
  }

  destroy(): void {
    cancelAnimationFrame(this.#layersFrame)
    clearTimeout(this.#settle)
    clearTimeout(this.#restart)
    clearInterval(this.#blink)
    for (const off of this.#off) off()
    onInvalidate(() => {})
    this.#engine?.destroy()
    this.#engine = null
    useStage.setState({ ready: false, problem: null })
  }

  #start(): void {
    try {
      this.#engine = new ImageEngine()
    } catch {
      useStage.setState((stage) => ({ problem: stage.problem ?? 'no-webgl', ready: false }))
      return
    }
    useStage.setState({ problem: null })
    this.#engine.onLoaded = () => this.#redraw()
    this.#engine.onLost = () => this.#lost()
    for (const [pane, mounted] of this.#panes) this.#mountImage(pane, mounted)
    void this.#showScan()
  }

  #lost(): void {
    useStage.setState({ problem: 'context-lost', ready: false })
    this.#engine?.destroy()
    this.#engine = null
    this.#restart = setTimeout(() => this.#start(), RESTART_MS)
  }

  #mountImage(pane: PaneId, mounted: Mounted): void {
    mounted.unmount()
    mounted.kind = pane === 'fourth' && useView.getState().fourthPane === 'volume' ? 'volume' : 'plane'
    mounted.drawn = ''
    mounted.unmount = this.#engine?.mount(pane, mounted.kind, mounted.element) ?? (() => {})
  }

  async #showScan(): Promise<void> {
    const { scan } = useSession.getState()
    // The same scan after a lost context: the reader's framing stays.
    if (scan !== this.#of) resetFraming()
    this.#of = scan
    useStage.setState({ ready: false })
    this.invalidate()
    const engine = this.#engine
    if (!engine) return
    try {
      await engine.setScan(scan?.grid ?? null, scan?.voxels ?? null)
    } catch (error) {
      this.#tooLarge(error)
      return
    }
    if (scan !== useSession.getState().scan || engine !== this.#engine) return
    useStage.setState({ ready: engine.ready, problem: null })
    this.#redraw()
    await this.#showSteps()
  }

  async #showSteps(): Promise<void> {
    const { result } = useSession.getState()
    if (!this.#engine?.ready) return
    try {
      await this.#engine.setSteps(result?.stepMap ?? null)
    } catch (error) {
      this.#tooLarge(error)
    }
    this.#redraw()
  }

  #tooLarge(error: unknown): void {
    if (!(error instanceof VolumeTooLarge)) throw error
    useStage.setState({ problem: 'too-large', ready: false })
  }

  #redraw(): void {
    for (const mounted of this.#panes.values()) mounted.drawn = ''
    this.invalidate()
  }

  #moved(): void {
    this.#moving = true
    clearTimeout(this.#settle)
    this.#settle = setTimeout(
      () => {
        this.#moving = false
        this.invalidate()
      },
      Math.max(...[...this.#panes.values()].map(({ load }) => this.#paces[load].settleMs), 0),
    )
    this.invalidate()
  }

  #setBlinking(blinking: boolean): void {
    clearInterval(this.#blink)
    this.#blinkedOff = false
    if (blinking)
      this.#blink = setInterval(() => {
        this.#blinkedOff = !this.#blinkedOff
        this.invalidate()
      }, BLINK_MS)
  }

  #drawImages(): void {
    for (const pane of PANES) {
      const mounted = this.#panes.get(pane)
      const plane = planeOf(pane)
      if (!mounted || !plane || !this.#engine?.ready) continue
      const volume = pane === 'fourth' && useView.getState().fourthPane === 'volume'
      if (volume !== (mounted.kind === 'volume')) this.#mountImage(pane, mounted)
      const look = lookOf(pane, !this.#blinkedOff)
      this.#drawImage(pane, mounted, plane, look, volume ? 'volume' : look.slab.mm > 0 ? 'slabs' : 'planes')
    }
  }

  #drawImage(pane: PaneId, mounted: Mounted, plane: PanePlane, look: PlaneLook, load: Load): void {
    mounted.load = load
    const coarse = this.#paces[load].coarse(this.#moving)
    const key = JSON.stringify([plane, look])
    if (key === mounted.drawn && mounted.coarse <= coarse) return
    if (!this.#engine?.draw(pane, plane, look, coarse)) return
    mounted.drawn = key
    mounted.coarse = coarse
    // The costliest pane of a frame is the one that its time tells of.
    if (load === 'volume' || this.#drawing?.load !== 'volume') this.#drawing = { load, coarse }
  }

  #paintLayersSoon(): void {
    this.#layersFrame ||= requestAnimationFrame(() => {
      this.#layersFrame = 0
      this.#measureFrame()
      const layers = layersInOrder()
      for (const [pane, { overlay }] of this.#panes) paintLayers(overlay, planeOf(pane), layers)
    })
  }

  #measureFrame(): void {
    const drawn = this.#drawing
    this.#drawing = null
    if (!drawn) return
    const began = performance.now()
    // A task after the frame: what was drawn in it is done by then.
    setTimeout(() => {
      const pace = this.#paces[drawn.load]
      pace.took(performance.now() - began, drawn.coarse)
      if (!this.#moving && pace.coarse(false) < drawn.coarse) this.invalidate()
    })
  }
}

function paintLayers(
  canvas: HTMLCanvasElement,
  plane: PanePlane | null,
  layers: ReturnType<typeof layersInOrder>,
): void {
  const ratio = window.devicePixelRatio || 1
  const width = Math.max(1, Math.round((plane?.widthPx ?? 0) * ratio))
  const height = Math.max(1, Math.round((plane?.heightPx ?? 0) * ratio))
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  const context = canvas.getContext('2d')
  if (!context) return
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.clearRect(0, 0, width, height)
  if (!plane) return
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  for (const layer of layers) {
    context.save()
    layer.paint(context, plane)
    context.restore()
  }
}
