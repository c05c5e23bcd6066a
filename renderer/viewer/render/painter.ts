import { useOverlay } from '../../state/overlay.ts'
import { useReview } from '../../state/review.ts'
import { type OpenScan, useSession } from '../../state/session.ts'
import { PANES, type PaneId, useView } from '../../state/view.ts'
import { layersInOrder, onRepaint, type PanePlane } from '../layers.ts'
import { bringIntoView, heldPane, onInvalidate, planeOf, resetFraming, useStage } from '../stage.ts'
import { type Drawing, SliceRenderer } from './renderer.ts'
import { VolumeTooLarge } from './volumeTexture.ts'

/** Drawn at full quality once nothing has moved for so long. */
const SETTLE_MS = 180
const BLINK_MS = 500
/** Without a GPU, what moves is drawn with half the pixels a side: quick first, sharp once it stands still. */
const SOFTWARE_SCALE = 0.5

interface Mounted {
  element: HTMLElement
  overlay: HTMLCanvasElement
  /** What was drawn last, to leave a pane alone that did not change. */
  drawn: string
}

/** Draws all panes on one canvas, and their layers above it: at most once a frame, and only what changed. */
export class Painter {
  readonly #canvas: HTMLCanvasElement
  readonly #panes = new Map<PaneId, Mounted>()
  #renderer: SliceRenderer | null = null
  #frame = 0
  #settle: ReturnType<typeof setTimeout> | undefined
  #blink: ReturnType<typeof setInterval> | undefined
  #blinkedOff = false
  #coarse = false
  #layout = ''
  #of: OpenScan | null = null
  readonly #off: (() => void)[] = []

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas
    canvas.addEventListener('webglcontextlost', this.#lost)
    canvas.addEventListener('webglcontextrestored', this.#restored)
    this.#start()
    onInvalidate(() => this.#moved())
    this.#off.push(
      onRepaint(() => this.invalidate()),
      useView.subscribe((view, before) => {
        if (view.crosshairMm !== before.crosshairMm) bringIntoView(view.crosshairMm, heldPane())
        this.#moved()
      }),
      useOverlay.subscribe((overlay, before) => {
        if (overlay.blinking !== before.blinking) this.#setBlinking(overlay.blinking)
        this.#moved()
      }),
      useReview.subscribe(() => this.invalidate()),
      useSession.subscribe((session, before) => {
        if (session.scan !== before.scan) void this.#showScan()
        else if (session.result !== before.result) void this.#showSteps()
      }),
    )
    this.#setBlinking(useOverlay.getState().blinking)
  }

  get renderer(): SliceRenderer | null {
    return this.#renderer
  }

  mount(pane: PaneId, element: HTMLElement, overlay: HTMLCanvasElement): () => void {
    this.#panes.set(pane, { element, overlay, drawn: '' })
    this.#layout = ''
    this.invalidate()
    return () => {
      this.#panes.delete(pane)
      this.#layout = ''
      this.invalidate()
    }
  }

  invalidate(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0
      this.#paint()
    })
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame)
    clearTimeout(this.#settle)
    clearInterval(this.#blink)
    for (const off of this.#off) off()
    onInvalidate(() => {})
    this.#canvas.removeEventListener('webglcontextlost', this.#lost)
    this.#canvas.removeEventListener('webglcontextrestored', this.#restored)
    this.#renderer?.destroy()
    // Browsers allow 16 contexts at a time; this one goes now, not when it is collected.
    this.#renderer?.gl.getExtension('WEBGL_lose_context')?.loseContext()
    this.#renderer = null
    useStage.setState({ ready: false, problem: null })
  }

  /** What is drawn, apart from where. */
  drawing(pane: PaneId): Drawing {
    const view = useView.getState()
    const overlay = useOverlay.getState()
    const fourth = pane === 'fourth'
    const shown = overlay.steps && overlay.visible && !this.#blinkedOff
    return {
      windowCentreHu: view.windowCentreHu,
      windowWidthHu: view.windowWidthHu,
      heat:
        shown && overlay.steps
          ? {
              step: overlay.step,
              opacity: overlay.opacity,
              colourMap: overlay.colourMap,
              steps: overlay.steps.level.length,
              outline: overlay.style === 'outline',
            }
          : null,
      slabMm: fourth ? view.fourthThicknessMm : view.slabThicknessMm,
      slabMode: view.slabMode,
      coarse: this.#coarse && (fourth || view.slabThicknessMm > 0),
    }
  }

  readonly #lost = (event: Event) => {
    // Only a loss that is not prevented is never restored.
    event.preventDefault()
    this.#renderer = null
    useStage.setState({ problem: 'context-lost', ready: false })
  }

  readonly #restored = () => {
    useStage.setState({ problem: null })
    this.#start()
  }

  #start(): void {
    const gl = this.#canvas.getContext('webgl2', {
      alpha: false,
      antialias: false,
      depth: false,
      // So that a pane that did not change needs no drawing.
      preserveDrawingBuffer: true,
      powerPreference: 'high-performance',
    })
    if (!gl) {
      useStage.setState({ problem: 'no-webgl' })
      return
    }
    this.#renderer = new SliceRenderer(gl)
    void this.#showScan()
  }

  async #showScan(): Promise<void> {
    const { scan } = useSession.getState()
    // The same scan after a lost context: the reader's framing stays.
    if (scan !== this.#of) resetFraming()
    this.#of = scan
    useStage.setState({ ready: false })
    this.#redraw()
    const renderer = this.#renderer
    if (!renderer) return
    try {
      await renderer.setScan(scan?.grid ?? null, scan?.voxels ?? null)
    } catch (error) {
      this.#tooLarge(error)
      return
    }
    if (scan !== useSession.getState().scan || renderer !== this.#renderer) return
    useStage.setState({ ready: renderer.ready, problem: null })
    this.#redraw()
    await this.#showSteps()
  }

  async #showSteps(): Promise<void> {
    const { result } = useSession.getState()
    const renderer = this.#renderer
    if (!renderer?.ready) return
    try {
      await renderer.setSteps(result?.stepMap ?? null)
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
    this.#layout = ''
    this.invalidate()
  }

  #moved(): void {
    this.#coarse = true
    clearTimeout(this.#settle)
    this.#settle = setTimeout(() => {
      this.#coarse = false
      this.invalidate()
    }, SETTLE_MS)
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

  #paint(): void {
    const overlayRatio = window.devicePixelRatio || 1
    const ratio = overlayRatio * (this.#renderer?.software && this.#coarse ? SOFTWARE_SCALE : 1)
    const box = this.#canvas.getBoundingClientRect()
    const width = Math.max(1, Math.round(box.width * ratio))
    const height = Math.max(1, Math.round(box.height * ratio))
    const areas = new Map(
      [...this.#panes].map(([pane, { element }]) => {
        const rect = element.getBoundingClientRect()
        return [
          pane,
          {
            x: Math.round((rect.left - box.left) * ratio),
            y: Math.round((rect.top - box.top) * ratio),
            width: Math.max(1, Math.round(rect.width * ratio)),
            height: Math.max(1, Math.round(rect.height * ratio)),
          },
        ] as const
      }),
    )
    const layout = JSON.stringify([width, height, [...areas]])
    if (layout !== this.#layout) {
      this.#layout = layout
      // Setting a size clears the canvas, even where it is the same.
      if (this.#canvas.width !== width) this.#canvas.width = width
      if (this.#canvas.height !== height) this.#canvas.height = height
      this.#renderer?.clear()
      for (const mounted of this.#panes.values()) mounted.drawn = ''
    }
    const layers = layersInOrder()
    for (const pane of PANES) {
      const mounted = this.#panes.get(pane)
      const area = areas.get(pane)
      if (!mounted || !area) continue
      const plane = planeOf(pane)
      const renderer = this.#renderer
      if (plane && renderer?.ready) this.#drawImage(pane, mounted, plane, area, height)
      paintLayers(mounted.overlay, overlayRatio, plane, layers)
    }
  }

  #drawImage(
    pane: PaneId,
    mounted: Mounted,
    plane: PanePlane,
    area: { x: number; y: number; width: number; height: number },
    height: number,
  ): void {
    const renderer = this.#renderer
    if (!renderer) return
    const drawing = this.drawing(pane)
    const volume = pane === 'fourth' && useView.getState().fourthPane === 'volume'
    const key = JSON.stringify([plane, drawing, volume])
    if (key === mounted.drawn) return
    mounted.drawn = key
    if (volume) renderer.drawVolume(plane, area, height, drawing)
    else renderer.drawPlane(plane, area, height, drawing)
  }
}

function paintLayers(
  canvas: HTMLCanvasElement,
  ratio: number,
  plane: PanePlane | null,
  layers: ReturnType<typeof layersInOrder>,
): void {
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
