import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'
import type { Source } from '../imaging/source.ts'
import { type Grid, type VoxelArray, voxelCount } from '../imaging/volume.ts'
import { niftiHeader } from './niftiHeader.ts'
import { asOutputError } from './outputError.ts'

/**
 * Voxels slice by slice: `slab(k)` gives the nx · ny voxels of index k, x fastest. Every slab has the type of the
 * first. The array may be used again for the next slice: it is copied before the next call.
 */
export type SlabSource = (k: number) => VoxelArray

/** Fastest that still shrinks: score maps are noise to a compressor, and level 6 takes several times as long. */
const GZIP = {
  level: constants.Z_BEST_SPEED,
  chunkSize: 256 * 1024,
  // What repeats in a score map is the value outside the body, just behind: a window of 4 kB finds it as well as one
  // of 32 kB, and with the larger hash table it takes 0.55 of the CPU time for files of the same size.
  windowBits: 12,
  memLevel: 9,
}

/**
 * Writes a single-file NIfTI-1, gzip-compressed where the name ends in .gz, on the source's own grid with the
 * source's affine exactly (see niftiHeader). uint8, int16, uint16, int32 or float32 after the array's type;
 * slope 1, intercept 0. Goes slice by slice, waiting for the disk, so that it holds no second copy of the volume.
 * Removes the file where writing fails or is aborted.
 * @param voxels the whole volume in voxel order (x fastest), or its slices one at a time
 * @throws WorkstationError output/disk-full, output/not-writable, output/failed; AbortError on `signal`
 */
export async function writeNifti(
  path: string,
  grid: Grid,
  voxels: VoxelArray | SlabSource,
  source: Source,
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  if (typeof voxels !== 'function' && voxels.length !== voxelCount(grid)) {
    throw new RangeError(`${voxels.length} voxels for a grid of ${grid.dims.join(' × ')}`)
  }
  const input = Readable.from(chunks(grid, voxels, source))
  const output = createWriteStream(path)
  try {
    if (/\.gz$/i.test(path)) {
      const gzip = createGzip(GZIP)
      await pipeline(input, gzip, output, options)
    } else {
      await pipeline(input, output, options)
    }
  } catch (error) {
    await rm(path, { force: true }).catch(() => undefined)
    throw asOutputError(error, path)
  }
}

/** NIfTI is little-endian here, as is every platform this runs on, so arrays are written as they lie in memory. */
function* chunks(grid: Grid, voxels: VoxelArray | SlabSource, source: Source): Generator<Buffer> {
  const sliceVoxels = grid.dims[0] * grid.dims[1]
  if (typeof voxels !== 'function') {
    yield Buffer.from(niftiHeader(grid, voxels, source).buffer)
    for (let k = 0; k < grid.dims[2]; k++) {
      yield bytesOf(voxels.subarray(k * sliceVoxels, (k + 1) * sliceVoxels))
    }
    return
  }
  let type: unknown
  for (let k = 0; k < grid.dims[2]; k++) {
    const slab = voxels(k)
    if (k === 0) {
      type = slab.constructor
      yield Buffer.from(niftiHeader(grid, slab, source).buffer)
    }
    if (slab.length !== sliceVoxels || slab.constructor !== type) {
      throw new RangeError(`Slice ${k}: ${slab.length} voxels of ${slab.constructor.name}`)
    }
    yield Buffer.from(bytesOf(slab))
  }
}

function bytesOf(array: VoxelArray): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength)
}
