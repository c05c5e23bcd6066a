import { cache, type LegacyVolumeViewport3D, utilities } from '@cornerstonejs/core'
import { along } from '../../../main/imaging/vector.ts'
import type { Vec3 } from '../../../main/imaging/volume.ts'
import type { PanePlane } from '../layers.ts'
import { cameraOf } from './camera.ts'
import { type HeatLook, heatColours, type PlaneLook } from './transfer.ts'

export type VolumeViewport = InstanceType<typeof LegacyVolumeViewport3D>
type Preset = Parameters<typeof utilities.applyPreset>[1]

/** Values reach as far below 0 as above it: the library shifts all others to do so. */
const HU_SPAN = 3071
const STEP_SPAN = 255

/** Contrast medium and bone, lit by a lamp at the eye: the library's CT presets begin in soft tissue, which hides all. */
const SKELETON: Preset = {
  name: 'skeleton',
  gradientOpacity: '4 0 0.2 60 1',
  scalarOpacity: `10 ${-HU_SPAN} 0 130 0 250 0.25 500 0.75 ${HU_SPAN} 0.85`,
  colorTransfer: `20 ${-HU_SPAN} 0.5 0.25 0.2 150 0.72 0.38 0.28 300 0.9 0.75 0.6 500 0.98 0.95 0.86 ${HU_SPAN} 1 1 1`,
  ambient: '0.35',
  diffuse: '0.75',
  specular: '0.2',
  specularPower: '10',
  shade: '1',
  interpolation: '1',
}

/** What is at the threshold, without a lamp: it glows through what is in front of it. */
function glow(heat: HeatLook): Preset {
  const colours = heatColours(heat)
  const points: number[] = [-STEP_SPAN, ...colours.slice(1, 4), ...colours, STEP_SPAN, ...colours.slice(-3)]
  const opacity = 0.4 * heat.opacity
  const opacities = [-STEP_SPAN, 0, heat.step - 0.6, 0, heat.step - 0.4, opacity, STEP_SPAN, opacity]
  return {
    name: 'glow',
    gradientOpacity: '4 0 1 255 1',
    scalarOpacity: `${opacities.length} ${opacities.join(' ')}`,
    colorTransfer: `${points.length} ${points.join(' ')}`,
    ambient: '1',
    diffuse: '0',
    specular: '0',
    specularPower: '1',
    shade: '0',
    interpolation: '1',
  }
}

/** Tells a viewport with volume rendering what to show; only what changed reaches it. */
export class VolumePane {
  readonly viewport: VolumeViewport
  #loads = 0
  #scanId = ''
  #stepsId = ''
  #view = ''
  #heat = ''
  #coarse = 0

  constructor(viewport: VolumeViewport) {
    this.viewport = viewport
  }

  async load(scanId: string | null, stepsId: string | null): Promise<void> {
    this.#scanId = ''
    const load = ++this.#loads
    this.viewport.removeAllActors()
    const ids = [scanId, stepsId].filter((id) => id !== null)
    if (ids.length > 0) await this.viewport.setVolumes(ids.map((volumeId) => ({ volumeId })))
    if (load !== this.#loads) return
    this.#scanId = scanId ?? ''
    this.#stepsId = stepsId ?? ''
    this.#view = ''
    this.#heat = ''
    this.#coarse = 0
    const actor = scanId && this.viewport.getActors().find((entry) => entry.referencedId === scanId)?.actor
    if (actor) apply(actor, SKELETON)
  }

  /** True if the next frame will differ. */
  show(plane: PanePlane, { heat }: PlaneLook, coarse: number): boolean {
    if (!this.#scanId) return false
    const camera = cameraOf(plane, coarse)
    const view = JSON.stringify(camera)
    const look = JSON.stringify(heat)
    const changed = view !== this.#view || look !== this.#heat || coarse !== this.#coarse
    if (!changed) return false
    if (look !== this.#heat) this.#setHeat(heat)
    if (coarse !== this.#coarse) this.viewport.setSampleDistanceMultiplier(coarse)
    const position = along(camera.focalPoint, camera.viewPlaneNormal, this.#depthMm())
    this.viewport.setCamera({
      ...mutable(camera),
      position: [...position],
      parallelProjection: true,
    } as never)
    this.#view = view
    this.#heat = look
    this.#coarse = coarse
    this.viewport.render()
    return true
  }

  #setHeat(heat: HeatLook | null): void {
    const actor = this.viewport.getActors().find((entry) => entry.referencedId === this.#stepsId)?.actor
    if (!actor) return
    actor.setVisibility(heat !== null)
    if (heat) apply(actor, glow(heat))
  }

  /** Farther than any voxel. */
  #depthMm(): number {
    const volume = cache.getVolume(this.#scanId)
    return volume ? Math.hypot(...volume.dimensions.map((n, a) => n * volume.spacing[a]!)) : 1000
  }
}

/** Without opacity by gradient, which a preset switches on: six more looks into the volume for each sample. */
function apply(actor: unknown, preset: Preset): void {
  const volume = actor as Parameters<typeof utilities.applyPreset>[0]
  utilities.applyPreset(volume, preset)
  volume.getProperty().setUseGradientOpacity(0, false)
}

function mutable<T extends object>(
  value: T,
): { [K in keyof T]: T[K] extends Vec3 ? [number, number, number] : T[K] } {
  return structuredClone(value) as never
}
