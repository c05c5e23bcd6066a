import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { type Warning, WorkstationError } from '../../errors.ts'
import type { OpenedCt } from '../source.ts'
import type { Vec3 } from '../volume.ts'
import { niftiGeometry } from './affine.ts'
import { NIFTI1_HEADER_BYTES, type NiftiHeader, parseNiftiHeader } from './header.ts'

/** 1024 cubed: larger than any clinical CT, and its Int16 voxels (2 GiB) still fit one typed array. */
const MAX_VOXELS = 2 ** 30

/** Deflate cannot compress better than about 1032:1 (zlib, "Maximum Compression Factor"). */
const MAX_DEFLATE_RATIO = 1032

/** Fewer slices than this along any axis is an image, not a volume. */
const MIN_VOXELS_PER_AXIS = 3

const CONVERSION_BLOCK_BYTES = 1 << 20
const INT16_MIN = -32768
const INT16_MAX = 32767
/** What a voxel without a value becomes: air. */
const NOT_A_NUMBER_HU = -1024

/**
 * Reads a CT from a single-file NIfTI-1 (.nii, .nii.gz). Values are scaled by scl_slope and scl_inter, rounded half up
 * and clamped to Int16 HU; voxels and axes stay in the stored order. The file is converted while it is read, so
 * memory is that of the result whatever the stored datatype, and never more is inflated than the header declares.
 * @throws WorkstationError input/… with the reason
 */
export async function readNifti(path: string): Promise<OpenedCt> {
  const name = basename(path)
  const fileBytes = (await stat(path)).size
  const gzipped = await isGzip(path)
  const header = await readHeader(path, gzipped, name)
  const dims = volumeDims(header, name)
  const count = dims[0] * dims[1] * dims[2]
  const end = header.voxOffset + count * header.datatype.bytes
  if (end > (gzipped ? fileBytes * MAX_DEFLATE_RATIO : fileBytes)) throw truncated(name, dims)
  const { grid, affineFrom, warnings } = niftiGeometry(header, dims, name)

  const sink = new HuSink(header, count)
  await readRange(path, gzipped, name, header.voxOffset, end, (bytes) => sink.push(bytes))
  if (!sink.complete) throw truncated(name, dims)
  warnings.push(...sink.warnings())
  return {
    volume: { ...grid, voxels: sink.voxels },
    source: { kind: 'nifti', path, header: header.bytes, affineFrom, littleEndian: header.littleEndian },
    filledSlices: [],
    warnings,
  }
}

function volumeDims(header: NiftiHeader, name: string): Vec3 {
  const [nx = 1, ny = 1, nz = 1, ...rest] = header.dims
  if (rest.some((d) => d > 1)) {
    throw new WorkstationError(
      'input/four-d',
      `${name} holds ${rest.reduce((a, b) => a * b)} volumes (a time series or channels), not one CT; save the one to screen on its own.`,
    )
  }
  if (Math.min(nx, ny, nz) < MIN_VOXELS_PER_AXIS) {
    throw new WorkstationError(
      'input/too-few-slices',
      `${name} is ${nx} × ${ny} × ${nz} voxels: too thin to be screened, which takes at least ${MIN_VOXELS_PER_AXIS} slices.`,
    )
  }
  if (nx * ny * nz > MAX_VOXELS) {
    throw new WorkstationError(
      'input/too-large',
      `${name} is ${nx} × ${ny} × ${nz} voxels, more than the 1024 × 1024 × 1024 that can be screened.`,
    )
  }
  return [nx, ny, nz]
}

function truncated(name: string, dims: Vec3): WorkstationError {
  return new WorkstationError(
    'input/truncated',
    `${name} is cut short: its header announces ${dims.join(' × ')} voxels, and the file ends before the last one.`,
  )
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}

async function readHeader(path: string, gzipped: boolean, name: string): Promise<NiftiHeader> {
  const head = new Uint8Array(NIFTI1_HEADER_BYTES)
  let filled = 0
  await readRange(path, gzipped, name, 0, NIFTI1_HEADER_BYTES, (bytes) => {
    head.set(bytes, filled)
    filled += bytes.length
  })
  return parseNiftiHeader(head.subarray(0, filled), name)
}

/** Hands bytes [start, end) of the (inflated) file to `take`, in order, and stops reading there. */
async function readRange(
  path: string,
  gzipped: boolean,
  name: string,
  start: number,
  end: number,
  take: (bytes: Uint8Array) => void,
): Promise<void> {
  let position = 0
  const consume = async (source: AsyncIterable<Uint8Array>) => {
    for await (const chunk of source) {
      const from = Math.max(0, start - position)
      const to = Math.min(chunk.length, end - position)
      if (to > from) take(chunk.subarray(from, to))
      position += chunk.length
      if (position >= end) return
    }
  }
  const file = createReadStream(path, { highWaterMark: CONVERSION_BLOCK_BYTES })
  try {
    if (gzipped) await pipeline(file, createGunzip({ chunkSize: CONVERSION_BLOCK_BYTES }), consume)
    else await pipeline(file, consume)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (position >= end && (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ABORT_ERR')) return
    if (code === 'Z_BUF_ERROR') return // The compressed data ends early; the caller counts the voxels.
    if (code?.startsWith('Z_')) {
      throw new WorkstationError(
        'input/damaged',
        `${name} is damaged: its compressed data cannot be unpacked.`,
        error,
      )
    }
    throw error
  }
}

/** Turns the stored bytes of the voxels, in whatever pieces they come, into Int16 HU. */
class HuSink {
  readonly voxels: Int16Array
  readonly #header: NiftiHeader
  readonly #carry = new Uint8Array(8)
  #carried = 0
  #next = 0
  #clamped = 0
  #notANumber = 0

  constructor(header: NiftiHeader, count: number) {
    this.#header = header
    this.voxels = new Int16Array(count)
  }

  get complete(): boolean {
    return this.#next === this.voxels.length
  }

  push(bytes: Uint8Array): void {
    const size = this.#header.datatype.bytes
    let offset = 0
    if (this.#carried > 0) {
      offset = Math.min(size - this.#carried, bytes.length)
      this.#carry.set(bytes.subarray(0, offset), this.#carried)
      this.#carried += offset
      if (this.#carried < size) return
      this.#convert(this.#carry.subarray(0, size))
      this.#carried = 0
    }
    const whole = bytes.length - ((bytes.length - offset) % size)
    this.#convert(bytes.subarray(offset, whole))
    this.#carried = bytes.length - whole
    this.#carry.set(bytes.subarray(whole))
  }

  #convert(bytes: Uint8Array): void {
    const { datatype, littleEndian, slope, intercept } = this.#header
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let offset = 0; offset < bytes.length; offset += datatype.bytes) {
      const hu = Math.floor(datatype.read(view, offset, littleEndian) * slope + intercept + 0.5)
      if (hu >= INT16_MIN && hu <= INT16_MAX) this.voxels[this.#next] = hu
      else if (Number.isNaN(hu)) {
        this.voxels[this.#next] = NOT_A_NUMBER_HU
        this.#notANumber++
      } else {
        this.voxels[this.#next] = hu < 0 ? INT16_MIN : INT16_MAX
        this.#clamped++
      }
      this.#next++
    }
  }

  warnings(): Warning[] {
    const warnings: Warning[] = []
    if (this.#clamped > 0) {
      warnings.push({
        code: 'input/clamped',
        message: `Voxels outside −32,768 to 32,767 HU, set to the nearest of these: ${this.#clamped}.`,
      })
    }
    if (this.#notANumber > 0) {
      warnings.push({
        code: 'input/not-a-number',
        message: `Voxels without a value (NaN), set to ${NOT_A_NUMBER_HU} HU: ${this.#notANumber}.`,
      })
    }
    return warnings
  }
}
