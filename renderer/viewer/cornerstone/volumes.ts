import { cache, ImageVolume, imageLoader, utilities } from '@cornerstonejs/core'
import type { Grid } from '../../../main/imaging/volume.ts'
import { directionByAxis } from './camera.ts'

/** A piece small enough that preparing it, or handing it to the GPU, takes a few milliseconds of the UI thread. */
const PIECE_BYTES = 4 << 20

export class VolumeTooLarge extends Error {}

/** A volume that Cornerstone draws, voxels shared with the caller. */
export interface DrawnVolume {
  id: string
  grid: Grid
  /** Slices of one piece of the upload. */
  slicesAtOnce: number
}

let made = 0

/**
 * Gives voxels to Cornerstone without a copy; nothing is on the GPU yet.
 * @throws VolumeTooLarge where a side is longer than the GPU takes
 */
export async function addVolume(
  name: string,
  grid: Grid,
  voxels: Int16Array | Uint8Array,
  signal: AbortSignal,
): Promise<DrawnVolume | null> {
  const most = longestSide()
  if (Math.max(...grid.dims) > most) throw new VolumeTooLarge(`${grid.dims} voxels, at most ${most} a side`)
  const id = `${name}-${++made}`
  const [nx, ny, nz] = grid.dims
  const slice = nx * ny
  const slicesAtOnce = Math.max(1, Math.floor(PIECE_BYTES / (slice * voxels.BYTES_PER_ELEMENT)))
  const dataType = voxels instanceof Uint8Array ? 'Uint8Array' : 'Int16Array'
  const direction = directionByAxis(grid.direction)
  const imageIds = Array.from({ length: nz }, (_, z) => `${id}-slice-${z}`)
  cache.setMaxCacheSize(Number.MAX_SAFE_INTEGER)
  // What createLocalVolume does, in pieces: it looks for each slice's lowest and highest value.
  for (const [z, imageId] of imageIds.entries()) {
    imageLoader.createAndCacheLocalImage(imageId, {
      scalarData: voxels.subarray(z * slice, (z + 1) * slice),
      dimensions: [nx, ny],
      spacing: [grid.spacing[0], grid.spacing[1]],
      origin: [...grid.origin],
      direction: [...direction],
      targetBuffer: { type: dataType },
    })
    if ((z + 1) % slicesAtOnce === 0) await pause()
    if (signal.aborted) {
      for (const made of imageIds.slice(0, z + 1)) cache.removeImageLoadObject(made)
      return null
    }
  }
  const volume = new ImageVolume({
    volumeId: id,
    metadata: {} as ImageVolume['metadata'],
    dimensions: [nx, ny, nz],
    spacing: [...grid.spacing],
    origin: [...grid.origin],
    direction: [...direction] as ImageVolume['direction'],
    imageIds,
    dataType,
    voxelManager: utilities.VoxelManager.createImageVolumeVoxelManager({
      imageIds,
      dimensions: [nx, ny, nz],
      numberOfComponents: 1,
      id,
    }),
  } as ConstructorParameters<typeof ImageVolume>[0])
  // Or each viewport that mounts it has all of it sent to the GPU again, at once.
  volume.loadStatus = { loaded: false }
  cache.putVolumeSync(id, volume)
  utilities.genericViewportDisplaySetMetadataProvider.add(id, { kind: 'planar', imageIds, volumeId: id })
  return { id, grid, slicesAtOnce }
}

/** Marks slices that the next drawing of the volume sends to the GPU. */
export function markSlices({ id }: DrawnVolume, from: number, to: number): void {
  const texture = cache.getVolume(id)?.vtkOpenGLTexture
  for (let z = from; z < to; z++) texture?.setUpdatedFrame(z)
}

/** What a texture is deleted through: the library's render window of its context. */
export type Context = unknown

/** Gives the memory back, here and on the GPU. No viewport may show it any more. */
export function removeVolume({ id }: DrawnVolume, context: Context): void {
  utilities.genericViewportDisplaySetMetadataProvider.remove(id)
  const volume = cache.getVolume(id)
  if (!volume) return
  const { imageIds } = volume
  // The library's own destroy() names no context, and the texture would stay on the GPU.
  const texture = volume.vtkOpenGLTexture as unknown as { releaseGraphicsResources(of: Context): void }
  texture.releaseGraphicsResources(context)
  cache.removeVolumeLoadObject(id)
  for (const imageId of imageIds) if (cache.getImageLoadObject(imageId)) cache.removeImageLoadObject(imageId)
  // What createLocalImage wrote of each slice: the library would keep it, and has no way to forget one slice's.
  if (cache.getVolumes().length === 0) utilities.genericMetadataProvider.clear()
}

let side: number | undefined
/** Voxels along an edge that the GPU takes; 0 without WebGL 2. */
export function longestSide(): number {
  if (side === undefined) {
    const gl = document.createElement('canvas').getContext('webgl2')
    side = gl ? (gl.getParameter(gl.MAX_3D_TEXTURE_SIZE) as number) : 0
    // Browsers allow 16 contexts at a time; this one goes now, not when it is collected.
    gl?.getExtension('WEBGL_lose_context')?.loseContext()
  }
  return side
}

/** Lets input and frames come in between. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}
