import { useOverlay } from '../../state/overlay.ts'
import { useReview } from '../../state/review.ts'
import { type OpenScan, useSession } from '../../state/session.ts'
import { PANES, type PaneId, useView } from '../../state/view.ts'
import { ImageEngine, type PaneKind } from '../cornerstone/engine.ts'
import type { PlaneLook } from '../cornerstone/transfer.ts'
import { VolumeTooLarge } from '../cornerstone/volumes.ts'
import { addLayer, layersInOrder, onRepaint, type PanePlane } from '../layers.ts'
import { paintHeatOutline } from '../overlay/heatOutline.ts'
import { bringIntoView, heldPane, onInvalidate, planeOf, resetFraming, useStage } from '../stage.ts'
import { lookOf } from './look.ts'
import { Turns, type Wanted } from './turns.ts'

const BLINK_MS = 500
/** A GPU that was lost is asked for again after this; browsers refuse one that is lost time and again. */
const RESTART_MS = 1000

interface Mounted extends Wanted {
  element: HTMLElement
  overlay: HTMLCanvasElement
  kind: PaneKind
  unmount: () => void
  /** What was drawn last, and how coarse, to leave a pane alone that did not change. */
  drawn: string
  coarse: number
}

/** A pane that is to be drawn, and what. */
interface Changed extends Wanted {
  mounted: Mounted
  plane: PanePlane
  look: PlaneLook
  key: string
}

/** Has Cornerstone draw the panes, and draws their layers above: at most once a frame, and only what changed. */
export class Painter {
  readonly #panes = new Map<PaneId, Mounted>()
  readonly #turns = new Turns()
  #engine: ImageEngine | null = null
  #layersFrame = 0
  #imagesQueued = false
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
      pane,
      load: 'planes',
      pixels: 0,
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
      this.#turns.settleMs([...this.#panes.values()]),
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
    const wanted = this.#turns.inTurn(this.#changed(), useView.getState().activePane)
    this.#turns.take(wanted, this.#moving, (one, coarse) => {
      const { pane, mounted, plane, look, key } = one
      if (key === mounted.drawn && mounted.coarse <= coarse) return false
      if (!this.#engine?.draw(pane, plane, look, coarse)) return false
      mounted.drawn = key
      mounted.coarse = coarse
      // For specs: a picture that is to be compared is taken of the final drawing.
      mounted.element.dataset.drawn = coarse > this.#turns.stillCoarse(one) ? 'coarse' : 'full'
      return true
    })
  }

  #changed(): Changed[] {
    const changed: Changed[] = []
    for (const pane of PANES) {
      const mounted = this.#panes.get(pane)
      const plane = planeOf(pane)
      if (!mounted || !plane || !this.#engine?.ready) continue
      const volume = pane === 'fourth' && useView.getState().fourthPane === 'volume'
      if (volume !== (mounted.kind === 'volume')) this.#mountImage(pane, mounted)
      const look = lookOf(pane, !this.#blinkedOff)
      const load = volume ? 'volume' : look.slab.mm > 0 ? 'slabs' : 'planes'
      const pixels = plane.widthPx * plane.heightPx
      Object.assign(mounted, { load, pixels })
      const key = JSON.stringify([plane, look])
      // What stands still while something else moves is drawn sharp after it.
      if (key !== mounted.drawn || (!this.#moving && mounted.coarse > 1))
        changed.push({ pane, load, pixels, mounted, plane, look, key })
    }
    return changed
  }

  #paintLayersSoon(): void {
    this.#layersFrame ||= requestAnimationFrame(() => {
      this.#layersFrame = 0
      this.#measureFrame()
      const layers = layersInOrder()
      // What lies over an image moves with it.
      for (const [pane, { overlay }] of this.#panes)
        if (!this.#turns.waiting.includes(pane)) paintLayers(overlay, planeOf(pane), layers)
    })
  }

  #measureFrame(): void {
    const done = this.#turns.frame()
    if (!done) return
    const began = performance.now()
    // A task after the frame: what was drawn in it is done by then.
    setTimeout(() => {
      done(performance.now() - began)
      const mayBeFiner = [...this.#panes.values()].some((one) => this.#turns.stillCoarse(one) < one.coarse)
      if (this.#turns.waiting.length > 0 || (!this.#moving && mayBeFiner)) this.invalidate()
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
