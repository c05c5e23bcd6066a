import { access } from 'node:fs/promises'
import { basename } from 'node:path'
import { type Warning, WorkstationError } from '../../errors.ts'
import type { OpenedCt } from '../source.ts'
import { isGzip, type Packing, readRange } from '../volumeFile/bytes.ts'
import { volumeDims } from '../volumeFile/dims.ts'
import { readVoxels, type VolumeFileOptions } from '../volumeFile/readVoxels.ts'
import { niftiGeometry } from './affine.ts'
import {
  NIFTI1,
  NIFTI1_HEADER_BYTES,
  NIFTI2_HEADER_BYTES,
  type NiftiHeader,
  niftiForm,
  parseNifti1,
} from './header.ts'
import { parseNifti2 } from './header2.ts'

/** A NIfTI header and the file that holds its voxels. */
interface NiftiFile {
  header: NiftiHeader
  dataPath: string
  packing: Packing
}

/**
 * Reads a CT from NIfTI-1 or NIfTI-2: one file (.nii, .nii.gz) or a pair (.hdr and .img, either may be named, each
 * may be packed). Values are scaled by scl_slope and scl_inter, rounded half up and clamped to Int16 HU; voxels and
 * axes stay in the stored order. Memory is that of the result whatever the stored datatype.
 * @throws WorkstationError input/… with the reason; the signal's reason if aborted
 */
export async function readNifti(path: string, options: VolumeFileOptions = {}): Promise<OpenedCt> {
  const name = basename(path)
  const { header, dataPath, packing } = await findNifti(path, options.signal)
  const dims = volumeDims(header.dims, name)
  const { grid, affineFrom, warnings } = niftiGeometry(header, dims, name)
  const { datatype: scalar, littleEndian, slope, intercept } = header
  const stored = await readVoxels(
    {
      bytes: { path: dataPath, packing, fileOffset: 0 },
      skip: header.voxOffset,
      encoding: { scalar, littleEndian, slope, intercept },
      dims,
    },
    name,
    options,
  )
  return {
    volume: { ...grid, voxels: stored.voxels },
    source: { kind: 'nifti', path, header: header.bytes, affineFrom, littleEndian },
    filledSlices: [],
    warnings: [...warnings, ...versionWarnings(header), ...stored.warnings],
  }
}

/** How a NIfTI file is stored, in a line for a report. */
export async function describeNiftiEncoding(path: string): Promise<string> {
  const { header } = await findNifti(path)
  const order = header.littleEndian ? 'little' : 'big'
  return `NIfTI-${header.version}${header.pair ? ' pair' : ''}, ${header.datatype.name}, ${order} endian`
}

async function findNifti(path: string, signal?: AbortSignal): Promise<NiftiFile> {
  const headerPath = /\.img(\.gz)?$/i.test(path) ? await otherHalf(path) : path
  const packing = (await isGzip(headerPath)) ? 'gzip' : 'none'
  const header = await readHeader(headerPath, packing, signal)
  if (!header.pair) return { header, dataPath: headerPath, packing }
  const dataPath = await otherHalf(headerPath)
  return { header, dataPath, packing: (await isGzip(dataPath)) ? 'gzip' : 'none' }
}

/**
 * The .img that goes with a .hdr, or the .hdr that goes with an .img, packed or not, in the same case of letters.
 * @throws WorkstationError input/nifti-pair if it is not there
 */
async function otherHalf(path: string): Promise<string> {
  const match = /^(.*\.)(hdr|img)(\.gz)?$/i.exec(path)
  if (match) {
    const [, stem, extension] = match as unknown as [string, string, string]
    const swapped: Record<string, string> = { hdr: 'img', HDR: 'IMG', img: 'hdr', IMG: 'HDR' }
    const other = `${stem}${swapped[extension] ?? swapped[extension.toLowerCase()]}`
    for (const candidate of [other, `${other}.gz`]) {
      if (await exists(candidate)) return candidate
    }
  }
  throw new WorkstationError(
    'input/nifti-pair',
    `${basename(path)} is one half of a .hdr/.img pair, and the other half is not beside it.`,
  )
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

async function readHeader(path: string, packing: Packing, signal?: AbortSignal): Promise<NiftiHeader> {
  const name = basename(path)
  const head = new Uint8Array(NIFTI2_HEADER_BYTES)
  let filled = 0
  const take = (bytes: Uint8Array) => {
    head.set(bytes, filled)
    filled += bytes.length
  }
  await readRange({ path, packing, fileOffset: 0 }, 0, NIFTI2_HEADER_BYTES, take, signal)
  const form = filled < 4 ? undefined : niftiForm(head)
  const needed = form?.version === 2 ? NIFTI2_HEADER_BYTES : NIFTI1_HEADER_BYTES
  if (filled < needed) {
    throw new WorkstationError(
      'input/truncated',
      `${name} is too short to be a NIfTI file: ${filled} bytes, and its header alone takes ${needed}.`,
    )
  }
  if (!form) {
    throw new WorkstationError(
      'input/not-nifti',
      `${name} is not a NIfTI file: its header is neither ${NIFTI1_HEADER_BYTES} nor ${NIFTI2_HEADER_BYTES} bytes long.`,
    )
  }
  return form.version === 1
    ? parseNifti1(head, form.littleEndian, name)
    : parseNifti2(head, form.littleEndian, name)
}

/** Says where the exports, whose headers are NIfTI-1, cannot keep the source's geometry to the last digit. */
function versionWarnings({ version, bytes, littleEndian, srow, sformCode }: NiftiHeader): Warning[] {
  if (version === 1) return []
  const view = new DataView(bytes.buffer)
  const exact = srow.every((v, i) => view.getFloat32(NIFTI1.srow + 4 * i, littleEndian) === v)
  if (sformCode > 0 && exact) return []
  return [
    {
      code: 'input/nifti-2-precision',
      message:
        'The file is NIfTI-2, whose positions have more digits than NIfTI-1 holds; exports are NIfTI-1 and round them (by less than 0.001 mm).',
    },
  ]
}
