import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { WorkstationError } from '../../errors.ts'
import type { OpenedCt } from '../source.ts'
import { voxelCount } from '../volume.ts'
import { fileBeside, readHead } from '../volumeFile/bytes.ts'
import { truncated } from '../volumeFile/dims.ts'
import { readVoxels, type VolumeFileOptions } from '../volumeFile/readVoxels.ts'
import { metaGeometry } from './geometry.ts'
import { damaged, flag, MAX_META_HEADER_BYTES, type MetaHeader, metaType, parseMetaHeader } from './header.ts'

/**
 * Reads a CT from a MetaImage file: .mha, or .mhd with its one data file in the same folder, raw or compressed (zlib).
 * Values are rounded half up and clamped to Int16 HU; voxels and axes stay in the stored order.
 * @throws WorkstationError input/… with the reason; the signal's reason if aborted
 */
export async function readMetaImage(path: string, options: VolumeFileOptions = {}): Promise<OpenedCt> {
  const name = basename(path)
  const header = parseMetaHeader(await readHead(path, MAX_META_HEADER_BYTES), path)
  const { scalar, littleEndian } = metaType(header, name)
  const { grid, warnings } = metaGeometry(header, name)
  const compressed = flag(header, 'compresseddata') ?? false
  const data = await dataFile(header, path)

  const headerSize = Number(header.fields.get('headersize') ?? 0)
  if (!Number.isSafeInteger(headerSize) || headerSize < -1 || (headerSize !== 0 && compressed)) {
    throw damaged(name, 'it does not say where the voxels start')
  }
  let fileOffset = data.local ? data.offset : headerSize
  if (headerSize === -1) {
    // The voxels are the last bytes of the file, after a header of unknown length.
    fileOffset = (await stat(data.path)).size - voxelCount(grid) * scalar.bytes
    if (fileOffset < data.offset) throw truncated(name, grid.dims)
  } else if (headerSize > 0 && data.local) {
    if (headerSize < data.offset) throw damaged(name, 'it says that the voxels start inside the header')
    fileOffset = headerSize
  }
  const encoding = { scalar, littleEndian, slope: 1, intercept: 0 }
  const bytes = { path: data.path, packing: compressed ? 'unzip' : 'none', fileOffset } as const
  const stored = await readVoxels({ bytes, skip: 0, encoding, dims: grid.dims }, name, options)
  return {
    volume: { ...grid, voxels: stored.voxels },
    source: { kind: 'metaimage', path },
    filledSlices: [],
    warnings: [...warnings, ...stored.warnings],
  }
}

/** How a MetaImage file is stored, in a line for a report. */
export async function describeMetaEncoding(path: string): Promise<string> {
  const header = parseMetaHeader(await readHead(path, MAX_META_HEADER_BYTES), path)
  const { scalar, littleEndian } = metaType(header, basename(path))
  const packing = flag(header, 'compresseddata') ? 'zlib' : 'raw'
  return `MetaImage, ${scalar.name}, ${littleEndian ? 'little' : 'big'} endian, ${packing}`
}

async function dataFile(
  { fields, bytes }: MetaHeader,
  path: string,
): Promise<{ path: string; local: boolean; offset: number }> {
  const named = fields.get('elementdatafile') ?? ''
  if (/^local$/i.test(named)) return { path, local: true, offset: bytes }
  if (/^LIST\b/i.test(named) || /%\d*d/.test(named)) {
    throw new WorkstationError(
      'input/metaimage-many-files',
      `${basename(path)} spreads its voxels over several files, which is not supported; save it as one .mha file.`,
    )
  }
  return { path: await fileBeside(path, named), local: false, offset: 0 }
}
