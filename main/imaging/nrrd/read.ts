import { basename } from 'node:path'
import type { OpenedCt } from '../source.ts'
import { readHead } from '../volumeFile/bytes.ts'
import { oneDataFile, startOfLastBytes } from '../volumeFile/dataFile.ts'
import { readVoxels, type VolumeFileOptions } from '../volumeFile/readVoxels.ts'
import { nrrdGeometry } from './geometry.ts'
import {
  damaged,
  MAX_NRRD_HEADER_BYTES,
  type NrrdHeader,
  nrrdPacking,
  nrrdType,
  parseNrrdHeader,
} from './header.ts'

/** Lines to skip before the voxels are looked for in this many bytes. */
const MAX_LINE_SKIP_BYTES = 1 << 20

/**
 * Reads a CT from an NRRD file, attached (.nrrd) or detached (.nhdr, its one data file in the same folder), raw or
 * gzip. Values are rounded half up and clamped to Int16 HU; voxels and axes stay in the stored order.
 * @throws WorkstationError input/… with the reason; the signal's reason if aborted
 */
export async function readNrrd(path: string, options: VolumeFileOptions = {}): Promise<OpenedCt> {
  const name = basename(path)
  const header = parseNrrdHeader(await readHead(path, MAX_NRRD_HEADER_BYTES), path)
  const { scalar, littleEndian } = nrrdType(header, name)
  const packing = nrrdPacking(header, name)
  const { grid, warnings } = nrrdGeometry(header, name)

  const data = await dataFile(header, path)
  let fileOffset = data.offset + (await lineSkip(header, data, name))
  let skip = skipOf(header, 'byteskip', name)
  if (skip < 0) {
    if (packing !== 'none') throw damaged(name, 'a byte skip of -1 needs voxels that are not compressed')
    const from = { path: data.path, from: data.offset }
    fileOffset = await startOfLastBytes(from, grid.dims, scalar.bytes, name)
    skip = 0
  }
  const encoding = { scalar, littleEndian, slope: 1, intercept: 0 }
  const bytes = { path: data.path, packing, fileOffset } as const
  const stored = await readVoxels({ bytes, skip, encoding, dims: grid.dims }, name, options)
  return {
    volume: { ...grid, voxels: stored.voxels },
    source: { kind: 'nrrd', path },
    filledSlices: [],
    warnings: [...warnings, ...stored.warnings],
  }
}

/** How an NRRD file is stored, in a line for a report. */
export async function describeNrrdEncoding(path: string): Promise<string> {
  const header = parseNrrdHeader(await readHead(path, MAX_NRRD_HEADER_BYTES), path)
  const { scalar, littleEndian } = nrrdType(header, basename(path))
  const encoding = nrrdPacking(header, basename(path)) === 'none' ? 'raw' : 'gzip'
  return `NRRD, ${scalar.name}, ${littleEndian ? 'little' : 'big'} endian, ${encoding}`
}

async function dataFile(
  { fields, bytes }: NrrdHeader,
  path: string,
): Promise<{ path: string; offset: number }> {
  const named = fields.get('datafile')
  if (named === undefined) return { path, offset: bytes }
  return { path: await oneDataFile(path, named, { kind: 'nrrd', single: '.nrrd' }), offset: 0 }
}

function skipOf({ fields }: NrrdHeader, field: 'byteskip' | 'lineskip', name: string): number {
  const skip = Number(fields.get(field) ?? 0)
  if (Number.isSafeInteger(skip) && skip >= (field === 'byteskip' ? -1 : 0)) return skip
  throw damaged(name, 'it does not say where the voxels start')
}

/** Bytes taken by the lines to skip; they are skipped before any unpacking, the "byte skip" is taken after it. */
async function lineSkip(
  header: NrrdHeader,
  data: { path: string; offset: number },
  name: string,
): Promise<number> {
  const lines = skipOf(header, 'lineskip', name)
  if (lines === 0) return 0
  const head = await readHead(data.path, data.offset + MAX_LINE_SKIP_BYTES)
  let at = data.offset
  for (let line = 0; line < lines; line++) {
    const newline = head.indexOf(0x0a, at)
    if (newline < 0) throw damaged(name, 'it skips more lines than there are')
    at = newline + 1
  }
  return at - data.offset
}
