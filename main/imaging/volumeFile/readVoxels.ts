import { stat } from 'node:fs/promises'
import type { Warning } from '../../errors.ts'
import type { OpenOptions } from '../open.ts'
import type { Vec3 } from '../volume.ts'
import { type ByteSource, readRange } from './bytes.ts'
import { truncated } from './dims.ts'
import { HuSink } from './huSink.ts'
import type { VoxelEncoding } from './scalars.ts'

/** Deflate cannot compress better than about 1032:1 (zlib, "Maximum Compression Factor"). */
const MAX_DEFLATE_RATIO = 1032

/** What reading a volume file can be told; progress counts slices. */
export type VolumeFileOptions = Pick<OpenOptions, 'signal' | 'onProgress'>

/** Where the voxels of a volume file lie and how they are stored. */
export interface StoredVoxels {
  bytes: ByteSource
  /** Bytes of the (unpacked) source before the first voxel. */
  skip: number
  encoding: VoxelEncoding
  dims: Vec3
}

/**
 * The voxels as Int16 HU, x fastest. The file is converted while it is read, so memory is that of the result whatever
 * the stored type; nothing is allocated before the file is known to be long enough, and never more is unpacked than
 * the voxels take.
 * @throws WorkstationError input/truncated, input/damaged; the signal's reason if aborted
 */
export async function readVoxels(
  { bytes, skip, encoding, dims }: StoredVoxels,
  name: string,
  { signal, onProgress }: VolumeFileOptions = {},
): Promise<{ voxels: Int16Array<ArrayBuffer>; warnings: Warning[] }> {
  const [nx, ny, nz] = dims
  const count = nx * ny * nz
  const end = skip + count * encoding.scalar.bytes
  const available = Math.max(0, (await stat(bytes.path)).size - bytes.fileOffset)
  if (end > (bytes.packing === 'none' ? available : available * MAX_DEFLATE_RATIO))
    throw truncated(name, dims)

  const sink = new HuSink(encoding, count)
  let told = 0
  await readRange(
    bytes,
    skip,
    end,
    (piece) => {
      sink.push(piece)
      const done = Math.floor(sink.done / (nx * ny))
      if (done > told) onProgress?.({ stage: 'reading', done, total: nz })
      told = done
    },
    signal,
  )
  if (!sink.complete) throw truncated(name, dims)
  return { voxels: sink.voxels, warnings: sink.warnings() }
}
