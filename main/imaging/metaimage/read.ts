import { basename } from 'node:path'
import type { OpenedCt } from '../source.ts'
import { readHead } from '../volumeFile/bytes.ts'
import { oneDataFile, startOfLastBytes } from '../volumeFile/dataFile.ts'
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
    const from = { path: data.path, from: data.offset }
    fileOffset = await startOfLastBytes(from, grid.dims, scalar.bytes, name)
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
  const file = await oneDataFile(path, named, { kind: 'metaimage', single: '.mha' })
  return { path: file, local: false, offset: 0 }
}
