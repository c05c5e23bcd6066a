import type { Vec3 } from '../../../main/imaging/volume.ts'

/** A volume on the GPU. */
export interface VolumeTexture {
  texture: WebGLTexture
  dims: Vec3
  /** Value of the voxel per unit of the sampled texture. */
  valueScale: number
}

/** A piece small enough that handing it over takes a few milliseconds of the UI thread. */
const PIECE_BYTES = 4 << 20
const NORM16_SCALE = 32_767

export class VolumeTooLarge extends Error {}

/**
 * Puts voxels on the GPU, a few slices at a time so that the window stays quick; linear interpolation, clamped at the
 * edges. HU go as 16-bit normalised integers, exact, where the GPU has them; otherwise as half floats, exact from
 * −2048 to 2048 HU and to 2 HU up to 4096. Numbers on screen are read from the voxels, never from here.
 *
 * @throws VolumeTooLarge where a side is longer than the GPU takes, or its memory is short
 */
export async function uploadVolume(
  gl: WebGL2RenderingContext,
  voxels: Int16Array | Uint8Array,
  dims: Vec3,
  signal: AbortSignal,
): Promise<VolumeTexture | null> {
  const most = gl.getParameter(gl.MAX_3D_TEXTURE_SIZE) as number
  if (Math.max(...dims) > most) throw new VolumeTooLarge(`${dims} voxels, at most ${most} a side`)
  const [nx, ny, nz] = dims
  const norm16 = gl.getExtension('EXT_texture_norm16')
  const bytes = voxels instanceof Uint8Array
  const texture = gl.createTexture()
  const bind = () => {
    gl.bindTexture(gl.TEXTURE_3D, texture)
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1)
  }
  bind()
  for (const edge of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R])
    gl.texParameteri(gl.TEXTURE_3D, edge, gl.CLAMP_TO_EDGE)
  for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
    gl.texParameteri(gl.TEXTURE_3D, filter, gl.LINEAR)
  while (gl.getError() !== gl.NO_ERROR) {
    // Errors of before are none of this volume's.
  }
  const internal = bytes ? gl.R8 : norm16 ? norm16.R16_SNORM_EXT : gl.R16F
  gl.texStorage3D(gl.TEXTURE_3D, 1, internal, nx, ny, nz)
  if (gl.getError() !== gl.NO_ERROR) {
    gl.deleteTexture(texture)
    throw new VolumeTooLarge(`no memory for ${dims} voxels on the GPU`)
  }
  const slice = nx * ny
  const perPiece = Math.max(1, Math.floor(PIECE_BYTES / (slice * voxels.BYTES_PER_ELEMENT)))
  const halves = bytes || norm16 ? null : new Uint16Array(perPiece * slice)
  const type = bytes ? gl.UNSIGNED_BYTE : norm16 ? gl.SHORT : gl.HALF_FLOAT
  for (let z = 0; z < nz; z += perPiece) {
    const depth = Math.min(perPiece, nz - z)
    const piece = voxels.subarray(z * slice, (z + depth) * slice)
    bind()
    const data = halves ? toHalfFloats(piece, halves) : piece
    gl.texSubImage3D(gl.TEXTURE_3D, 0, 0, 0, z, nx, ny, depth, gl.RED, type, data)
    await pause()
    if (signal.aborted || gl.isContextLost()) {
      gl.deleteTexture(texture)
      return null
    }
  }
  return { texture, dims, valueScale: bytes || !norm16 ? 1 : NORM16_SCALE }
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

let table: Uint16Array | undefined

function toHalfFloats(values: Int16Array | Uint8Array, out: Uint16Array): Uint16Array {
  table ??= Uint16Array.from({ length: 65_536 }, (_, i) => halfFloat(i - 32_768))
  for (let i = 0; i < values.length; i++) out[i] = table[values[i]! + 32_768]!
  return out.subarray(0, values.length)
}

/** Bits of the nearest half float (IEEE 754 binary16) of an integer; ties go away from zero. */
export function halfFloat(integer: number): number {
  const sign = integer < 0 ? 0x8000 : 0
  const size = Math.abs(integer)
  if (size === 0) return sign
  let exponent = Math.floor(Math.log2(size))
  let fraction = Math.round((size / 2 ** exponent - 1) * 1024)
  if (fraction === 1024) {
    exponent++
    fraction = 0
  }
  return sign | ((exponent + 15) << 10) | fraction
}
