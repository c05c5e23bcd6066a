import type { Grid, Mat3, Vec3 } from '../../../main/imaging/volume.ts'
import type { ColourMap } from '../../state/overlay.ts'
import { patientToIndex } from '../geometry/planes.ts'
import { apply, length, normalise, scale, subtract } from '../geometry/vector.ts'
import type { PanePlane } from '../layers.ts'
import { stepColours } from './colourMaps.ts'
import { bindPicture } from './picture.ts'
import { Program } from './program.ts'
import { COVER, PLANE, VOLUME } from './shaders.ts'
import { uploadVolume, type VolumeTexture } from './volumeTexture.ts'

export interface Heat {
  step: number
  /** What the eye sees of the colour, 0–1. */
  opacity: number
  colourMap: ColourMap
  /** Number of threshold steps. */
  steps: number
  outline: boolean
}

export interface Drawing {
  windowCentreHu: number
  windowWidthHu: number
  /** Null where no heat map is shown. */
  heat: Heat | null
  /** 0: one plane. */
  slabMm: number
  slabMode: 'max' | 'min' | 'mean'
  /** While something moves: fewer samples. */
  coarse: boolean
}

/** Part of the canvas, in its own pixels, from the upper left corner. */
export interface Area {
  x: number
  y: number
  width: number
  height: number
}

const SLAB_MODES = { max: 0, min: 1, mean: 2 } as const
const MOST_SLAB_SAMPLES = { coarse: 24, fine: 256 }
const RAY_SAMPLES = { coarse: 140, fine: 420 }
/** Without a GPU the volume is drawn with so many times fewer pixels a side. */
const SOFTWARE_SHRINK = { coarse: 3, fine: 2 }

/** Draws planes of one scan and its step map with WebGL 2: all panes from one context and one copy on the GPU. */
export class SliceRenderer {
  readonly gl: WebGL2RenderingContext
  /** Drawn by the processor: there is no GPU, or no driver for it. */
  readonly software: boolean
  readonly #plane: Program
  #volume: Program | undefined
  #ct: VolumeTexture | null = null
  #steps: VolumeTexture | null = null
  #grid: Grid | null = null
  readonly #colours: WebGLTexture
  #coloursOf = ''
  #uploads = new AbortController()
  #stepUploads = new AbortController()

  constructor(gl: WebGL2RenderingContext) {
    this.gl = gl
    const named = gl.getExtension('WEBGL_debug_renderer_info')
    const name = named ? String(gl.getParameter(named.UNMASKED_RENDERER_WEBGL)) : ''
    this.software = /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name)
    this.#plane = new Program(gl, COVER, PLANE)
    this.#colours = gl.createTexture()
    gl.bindVertexArray(gl.createVertexArray())
    gl.disable(gl.DITHER)
  }

  get ready(): boolean {
    return this.#ct !== null
  }

  get hasSteps(): boolean {
    return this.#steps !== null
  }

  /** @throws VolumeTooLarge */
  async setScan(grid: Grid | null, voxels: Int16Array | null): Promise<void> {
    this.#uploads.abort()
    this.#uploads = new AbortController()
    this.#free('ct')
    this.#free('steps')
    this.#grid = grid
    if (!grid || !voxels) return
    const { signal } = this.#uploads
    const texture = await uploadVolume(this.gl, voxels, grid.dims, signal)
    if (signal.aborted) {
      if (texture) this.gl.deleteTexture(texture.texture)
      return
    }
    this.#ct = texture
  }

  /** On the scan's grid. @throws VolumeTooLarge */
  async setSteps(stepMap: Uint8Array | null): Promise<void> {
    this.#stepUploads.abort()
    this.#stepUploads = new AbortController()
    this.#free('steps')
    if (!stepMap || !this.#grid) return
    const { signal } = this.#stepUploads
    const texture = await uploadVolume(this.gl, stepMap, this.#grid.dims, signal)
    if (signal.aborted) {
      if (texture) this.gl.deleteTexture(texture.texture)
      return
    }
    this.#steps = texture
  }

  /** Blackens all of the canvas. */
  clear(): void {
    const { gl } = this
    gl.disable(gl.SCISSOR_TEST)
    gl.clearColor(0, 0, 0, 1)
    gl.clear(gl.COLOR_BUFFER_BIT)
  }

  /** Draws a plane into part of what is bound: the canvas, or a picture. */
  drawPlane(plane: PanePlane, area: Area, canvasHeight: number, drawing: Drawing): void {
    const grid = this.#grid
    if (!this.#ct || !grid) return
    const program = this.#plane
    const thickness = drawing.slabMm
    const spacing = Math.min(...grid.spacing)
    const most = drawing.coarse ? MOST_SLAB_SAMPLES.coarse : MOST_SLAB_SAMPLES.fine
    const samples = thickness > 0 ? Math.min(most, Math.max(2, Math.round(thickness / spacing) + 1)) : 1
    const through = samples > 1 ? scale(plane.normal, thickness / (samples - 1)) : ([0, 0, 0] as const)
    this.#begin(program, plane, area, canvasHeight, drawing, through, samples)
    program.int('uMode', SLAB_MODES[drawing.slabMode])
    this.gl.drawArrays(this.gl.TRIANGLES, 0, 3)
  }

  /** Draws the whole volume as seen along a plane's normal. */
  drawVolume(plane: PanePlane, area: Area, canvasHeight: number, drawing: Drawing): void {
    const grid = this.#grid
    if (!this.#ct || !grid) return
    this.#volume ??= new Program(this.gl, COVER, VOLUME)
    const program = this.#volume
    const depth = length(grid.dims.map((n, a) => n * grid.spacing[a]!) as unknown as Vec3)
    const samples = drawing.coarse || this.software ? RAY_SAMPLES.coarse : RAY_SAMPLES.fine
    const stepMm = depth / (samples - 1)
    const shrink = !this.software ? 1 : drawing.coarse ? SOFTWARE_SHRINK.coarse : SOFTWARE_SHRINK.fine
    if (shrink > 1) {
      this.#drawSmall(area, canvasHeight, shrink, (small) => {
        this.#drawRays(program, grid, plane, small, small.height, drawing, stepMm, samples)
      })
    } else this.#drawRays(program, grid, plane, area, canvasHeight, drawing, stepMm, samples)
  }

  #drawRays(
    program: Program,
    grid: Grid,
    plane: PanePlane,
    area: Area,
    canvasHeight: number,
    drawing: Drawing,
    stepMm: number,
    samples: number,
  ): void {
    this.#begin(program, plane, area, canvasHeight, drawing, scale(plane.normal, stepMm), samples)
    program.float('uStepMm', stepMm)
    program.vec3('uVoxel', grid.dims.map((n) => 1 / n) as unknown as Vec3)
    program.vec3('uEye', normalise(apply(transposed(grid.direction), scale(plane.normal, -1))))
    this.gl.drawArrays(this.gl.TRIANGLES, 0, 3)
  }

  /** RGBA of a plane, row by row from the top, drawn beside the canvas; a pixel for each CSS pixel of the plane. */
  readPlane(plane: PanePlane, drawing: Drawing): Uint8ClampedArray<ArrayBuffer> {
    const { gl } = this
    const { widthPx: width, heightPx: height } = plane
    const free = bindPicture(gl, width, height)
    this.drawPlane(plane, { x: 0, y: 0, width, height }, height, drawing)
    const upsideDown = new Uint8Array(width * height * 4)
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, upsideDown)
    free()
    const pixels = new Uint8ClampedArray(upsideDown.length)
    const row = width * 4
    for (let y = 0; y < height; y++)
      pixels.set(upsideDown.subarray((height - 1 - y) * row, (height - y) * row), y * row)
    return pixels
  }

  /** Gives everything on the GPU back; the renderer is of no use afterwards. */
  destroy(): void {
    this.#uploads.abort()
    this.#stepUploads.abort()
    this.#free('ct')
    this.#free('steps')
    this.gl.deleteTexture(this.#colours)
    this.#plane.destroy()
    this.#volume?.destroy()
  }

  /** Draws with fewer pixels and enlarges the result. */
  #drawSmall(area: Area, canvasHeight: number, shrink: number, draw: (small: Area) => void): void {
    const { gl } = this
    const width = Math.max(1, Math.round(area.width / shrink))
    const height = Math.max(1, Math.round(area.height / shrink))
    const free = bindPicture(gl, width, height)
    draw({ x: 0, y: 0, width, height })
    gl.disable(gl.SCISSOR_TEST)
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null)
    const bottom = canvasHeight - area.y - area.height
    const [right, top] = [area.x + area.width, bottom + area.height]
    gl.blitFramebuffer(0, 0, width, height, area.x, bottom, right, top, gl.COLOR_BUFFER_BIT, gl.LINEAR)
    free()
  }

  #free(which: 'ct' | 'steps'): void {
    const held = which === 'ct' ? this.#ct : this.#steps
    if (held) this.gl.deleteTexture(held.texture)
    if (which === 'ct') this.#ct = null
    else this.#steps = null
  }

  #begin(
    program: Program,
    plane: PanePlane,
    area: Area,
    canvasHeight: number,
    drawing: Drawing,
    through: Vec3,
    samples: number,
  ): void {
    const { gl } = this
    const grid = this.#grid!
    const ct = this.#ct!
    const { heat } = drawing
    gl.viewport(area.x, canvasHeight - area.y - area.height, area.width, area.height)
    gl.scissor(area.x, canvasHeight - area.y - area.height, area.width, area.height)
    gl.enable(gl.SCISSOR_TEST)
    program.use()
    gl.activeTexture(gl.TEXTURE0)
    gl.bindTexture(gl.TEXTURE_3D, ct.texture)
    gl.activeTexture(gl.TEXTURE1)
    gl.bindTexture(gl.TEXTURE_3D, (this.#steps ?? ct).texture)
    gl.activeTexture(gl.TEXTURE2)
    gl.bindTexture(gl.TEXTURE_2D, this.#colours)
    if (heat) this.#setColours(heat)
    // Uploads bind to whatever unit is active; leave them one that is bound again before each drawing.
    gl.activeTexture(gl.TEXTURE0)
    program.int('uCt', 0)
    program.int('uSteps', 1)
    program.int('uColours', 2)
    program.vec2('uSizePx', plane.widthPx, plane.heightPx)
    program.float('uDevicePx', area.width / plane.widthPx)
    program.float('uHuScale', ct.valueScale)
    // DICOM PS3.3 C.11.2.1.2.1, LINEAR: widths count from the middle of the lowest value to that of the highest.
    const width = Math.max(1, drawing.windowWidthHu - 1)
    program.vec2('uWindow', drawing.windowCentreHu - 0.5 - width / 2, width)
    const shown = heat !== null && this.#steps !== null
    program.int('uHeat', shown ? 1 : 0)
    program.float('uThreshold', (heat?.step ?? 1) - 0.5)
    program.float('uOpacity', heat?.opacity ?? 0)
    program.int('uOutline', heat?.outline ? 1 : 0)
    const origin = textureAt(grid, plane.originMm)
    const change = (by: Vec3) =>
      subtract(textureAt(grid, by.map((value, a) => value + plane.originMm[a]!) as unknown as Vec3), origin)
    program.vec3('uOrigin', origin)
    program.vec3('uRight', change(plane.rightMm))
    program.vec3('uDown', change(plane.downMm))
    program.vec3('uThrough', change(through))
    program.int('uSamples', samples)
  }

  #setColours({ colourMap, steps }: Heat): void {
    const key = `${colourMap} ${steps}`
    if (key === this.#coloursOf) return
    this.#coloursOf = key
    const { gl } = this
    gl.texImage2D(
      gl.TEXTURE_2D,
      0,
      gl.RGBA8,
      256,
      1,
      0,
      gl.RGBA,
      gl.UNSIGNED_BYTE,
      stepColours(colourMap, steps),
    )
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR)
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR)
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE)
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE)
  }
}

/** Texture coordinates of a patient position: 0 to 1 from the first voxel's outer face to the last's. */
export function textureAt(grid: Grid, positionMm: Vec3): Vec3 {
  const index = patientToIndex(grid, positionMm)
  return index.map((value, a) => (value + 0.5) / grid.dims[a]!) as unknown as Vec3
}

const transposed = (m: Mat3): Mat3 => [m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]]
