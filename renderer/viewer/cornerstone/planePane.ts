import { cache, Enums, type PlanarViewport, planarProjection, utilities } from '@cornerstonejs/core'
import type { PanePlane } from '../layers.ts'
import { cameraOf, pictureSize } from './camera.ts'
import {
  askedSlabMm,
  type HeatLook,
  heatColours,
  heatOpacities,
  heatRange,
  type PlaneLook,
} from './transfer.ts'

const BLENDS = {
  max: Enums.BlendModes.MAXIMUM_INTENSITY_BLEND,
  min: Enums.BlendModes.MINIMUM_INTENSITY_BLEND,
  mean: Enums.BlendModes.AVERAGE_INTENSITY_BLEND,
} as const

/** Tells a planar viewport what to show; only what changed reaches it. */
export class PlanePane {
  readonly viewport: PlanarViewport
  #loads = 0
  #scanId = ''
  #stepsId = ''
  #view = ''
  #scanLook = ''
  #heatLook = ''

  constructor(viewport: PlanarViewport) {
    this.viewport = viewport
  }

  async load(scanId: string | null, stepsId: string | null): Promise<void> {
    this.#scanId = ''
    this.#stepsId = ''
    const load = ++this.#loads
    const ids = [scanId, stepsId].filter((id) => id !== null)
    await this.viewport.setDisplaySets(...ids.map((displaySetId) => ({ displaySetId })))
    if (load !== this.#loads) return
    for (const id of ids) narrowTables(this.viewport, id)
    this.#scanId = scanId ?? ''
    this.#stepsId = stepsId ?? ''
    this.#view = ''
    this.#scanLook = ''
    this.#heatLook = ''
  }

  /** True if the next frame will differ. */
  show(plane: PanePlane, look: PlaneLook, coarse: number): boolean {
    if (!this.#scanId) return false
    const looks = this.#setLook(look)
    return this.#setView(plane, coarse) || looks
  }

  #setView(plane: PanePlane, coarse: number): boolean {
    const camera = cameraOf(plane, coarse)
    const { width, height } = pictureSize(plane, coarse)
    const key = JSON.stringify([camera, width, height])
    if (key === this.#view) return false
    this.#view = key
    const orientation = { viewPlaneNormal: [...camera.viewPlaneNormal], viewUp: [...camera.viewUp] }
    const fitted = planarProjection.createVolumeSliceBasis({
      viewState: { orientation },
      canvasWidth: width,
      canvasHeight: height,
      imageVolume: cache.getVolume(this.#scanId),
      orientation,
    } as never).sliceBasis.fitParallelScale
    this.viewport.setViewState({
      orientation,
      slice: { kind: 'volumePoint', sliceWorldPoint: [...camera.focalPoint] },
      anchorWorld: [...camera.focalPoint],
      anchorCanvas: [0.5, 0.5],
      scale: fitted / camera.parallelScale,
    } as never)
    return true
  }

  #setLook({ window, heat, slab }: PlaneLook): boolean {
    const slabThickness = askedSlabMm(slab.mm, cache.getVolume(this.#scanId)?.spacing ?? [1])
    const through = { slabThickness, blendMode: BLENDS[slab.mode] }
    const scanLook = JSON.stringify([window, through])
    const scanChanged = scanLook !== this.#scanLook
    if (scanChanged) {
      this.#scanLook = scanLook
      this.viewport.setDisplaySetPresentation(this.#scanId, { voiRange: window, ...through })
    }
    const heatLook = JSON.stringify([heat, slabThickness])
    if (!this.#stepsId || heatLook === this.#heatLook) return scanChanged
    this.#heatLook = heatLook
    if (!heat) this.viewport.setDisplaySetPresentation(this.#stepsId, { visible: false })
    else {
      const range = heatRange(heat)
      const span = range.upper - range.lower
      this.viewport.setDisplaySetPresentation(this.#stepsId, {
        visible: true,
        voiRange: range,
        colormap: {
          name: colourMapName(heat),
          opacity: heatOpacities(heat).map(([value, opacity]) => ({
            value: (value - range.lower) / span,
            opacity,
          })),
        },
        slabThickness,
        blendMode: BLENDS.max,
      })
    }
    return true
  }
}

/**
 * Finer than the screen's 256 greys. Left alone the tables are as wide as the GPU allows, and one of them stays there
 * after each change of threshold or window.
 */
const TABLE_WIDTH = 1024

function narrowTables(viewport: PlanarViewport, volumeId: string): void {
  const mapper = viewport.getImageActor(volumeId)?.getMapper() as unknown as
    | { setColorTextureWidth(width: number): void; setOpacityTextureWidth(width: number): void }
    | undefined
  mapper?.setColorTextureWidth(TABLE_WIDTH)
  mapper?.setOpacityTextureWidth(TABLE_WIDTH)
}

function colourMapName(heat: HeatLook): string {
  const name = `${heat.colourMap} in ${heat.steps} steps`
  if (!utilities.colormap.getColormap(name))
    utilities.colormap.registerColormap({
      Name: name,
      ColorSpace: 'RGB',
      RGBPoints: heatColours(heat),
    } as never)
  return name
}
