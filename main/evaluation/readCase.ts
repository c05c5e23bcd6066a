import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Warning, WorkstationError } from '../errors.ts'
import { type CtVolume, type Grid, indexToPatient, type Vec3 } from '../imaging/volume.ts'

/** A CT with the truth beside it. */
export interface EvaluationCase {
  ctPath: string
  ct: CtVolume
  /** 1 inside a lesion, on the CT's grid. */
  lesion: Uint8Array
  /** Which lesion a voxel belongs to, 0 outside all; absent where the truth does not tell its lesions apart. */
  labels?: Uint16Array
  /** What a label is, such as "nodule solid"; a label may have none. */
  kinds?: Readonly<Record<number, string>>
}

/** Reads a scan or a mask. */
export type ReadScan = (path: string) => Promise<{ volume: CtVolume; warnings: Warning[] }>

/** A mask and its CT may differ by what single precision loses, not by anything a voxel count would feel. */
const GRID_TOLERANCE_VOXELS = 0.1

/**
 * The cases of a folder: the names of its subfolders, sorted.
 * @throws WorkstationError 'input/no-cases', 'input/unreadable'
 */
export async function listCases(casesDir: string): Promise<string[]> {
  let entries: { name: string; isDirectory(): boolean; isSymbolicLink(): boolean }[]
  try {
    entries = await readdir(casesDir, { withFileTypes: true })
  } catch (error) {
    throw new WorkstationError('input/unreadable', `The folder ${casesDir} cannot be read.`, error)
  }
  const cases = entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort()
  if (cases.length === 0) {
    throw new WorkstationError(
      'input/no-cases',
      `${casesDir} holds no cases: a case is a folder with ct.nii.gz and mask.nii.gz.`,
    )
  }
  return cases
}

/**
 * Reads `ct.nii.gz` and `mask.nii.gz` (or .nii) of a case. Any voxel of the mask that is not 0 is lesion.
 * @throws WorkstationError of kind 'input': a file is missing or unreadable, the two differ in grid
 *   ('input/mask-grid'), or the mask is empty ('input/mask-empty') or has voxels without a value ('input/mask-nan').
 */
export async function readCase(folder: string, read: ReadScan): Promise<EvaluationCase> {
  const ctPath = await findFile(folder, 'ct')
  const maskPath = await findFile(folder, 'mask')
  const { volume: ct } = await read(ctPath)
  const { volume: mask, warnings } = await read(maskPath)
  if (warnings.some((warning) => warning.code === 'input/not-a-number')) {
    throw new WorkstationError('input/mask-nan', 'The mask has voxels without a value (NaN).')
  }
  const difference = gridDifference(ct, mask)
  if (difference !== undefined) {
    throw new WorkstationError('input/mask-grid', `The mask does not lie on the CT: ${difference}.`)
  }
  const lesion = new Uint8Array(mask.voxels.length)
  let voxels = 0
  for (let i = 0; i < lesion.length; i++) {
    if (mask.voxels[i] !== 0) {
      lesion[i] = 1
      voxels++
    }
  }
  if (voxels === 0) {
    throw new WorkstationError(
      'input/mask-empty',
      'The mask marks no lesion, so there is nothing to measure.',
    )
  }
  return { ctPath, ct, lesion }
}

/** How two grids differ, in words; undefined where they are the same within a tenth of a voxel at every corner. */
export function gridDifference(a: Grid, b: Grid): string | undefined {
  if (a.dims.some((size, axis) => size !== b.dims[axis])) {
    return `it has ${b.dims.join(' × ')} voxels, the CT ${a.dims.join(' × ')}`
  }
  let farthest = 0
  for (let corner = 0; corner < 8; corner++) {
    const at = a.dims.map((size, axis) => ((corner >> axis) & 1) * (size - 1)) as unknown as Vec3
    const [p, q] = [indexToPatient(a, at), indexToPatient(b, at)]
    farthest = Math.max(farthest, Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]))
  }
  if (farthest <= GRID_TOLERANCE_VOXELS * Math.min(...a.spacing)) return undefined
  return `its position, orientation or voxel size differs, by up to ${farthest.toPrecision(2)} mm`
}

async function findFile(folder: string, name: string): Promise<string> {
  for (const path of [join(folder, `${name}.nii.gz`), join(folder, `${name}.nii`)]) {
    const found = await access(path).then(
      () => true,
      () => false,
    )
    if (found) return path
  }
  throw new WorkstationError('input/case-incomplete', `The case has no ${name}.nii.gz.`, folder)
}
