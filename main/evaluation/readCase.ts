import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { WorkstationError } from '../errors.ts'
import type { OpenedCt } from '../imaging/source.ts'
import { type CtVolume, type Grid, indexToPatient, type Vec3 } from '../imaging/volume.ts'
import { findDicomTruth, readDicomTruth } from './truth/dicomTruth.ts'
import { drawLesions, type LesionKinds, nothingMarked, readLesionKinds } from './truth/lesions.ts'

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
  /** 1 where there is disease that is neither to be found nor normal; absent where there is none. */
  ignored?: Uint8Array
  /** Names of structures that the truth draws beside its lesions, which are not measured. */
  leftOut?: readonly string[]
}

/** What the reader had to change of a mask, which would be another truth: [its warning, the refusal, in words]. */
const MASK_REFUSALS = [
  ['input/not-a-number', 'input/mask-nan', 'The mask has voxels without a value (NaN).'],
  [
    'input/fractions',
    'input/mask-fractions',
    'The mask has voxels with a fraction, such as 0.3: it must say what is lesion with whole numbers.',
  ],
  ['input/clamped', 'input/mask-values', 'The mask has values below −32,768 or above 32,767.'],
] as const

/** Reads a scan or a mask: a file, or the folder of a DICOM series. */
export type ReadScan = (path: string) => Promise<Pick<OpenedCt, 'volume' | 'source' | 'warnings'>>

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
      `${casesDir} holds no cases: a case is a folder with ct.nii.gz and mask.nii.gz, or with DICOM images and a SEG or RTSTRUCT.`,
    )
  }
  return cases
}

/**
 * Reads a case: `ct.nii.gz` with `mask.nii.gz` (or .nii), or a DICOM CT series with one DICOM Segmentation or RT
 * Structure Set, anywhere below the folder. Any voxel of a mask that is not 0 is lesion; whole numbers in it tell the
 * lesions apart. `lesions.json` may say which labels are lesions, and of which kind (see `drawLesions`).
 * @throws WorkstationError of kind 'input': a file is missing or unreadable, the two differ in grid
 *   ('input/mask-grid') or frame of reference, no lesion is marked ('input/mask-empty') or a mask has voxels without a
 *   value ('input/mask-nan'), with a fraction ('input/mask-fractions') or beyond Int16 ('input/mask-values').
 */
export async function readCase(folder: string, read: ReadScan): Promise<EvaluationCase> {
  const kinds = await readLesionKinds(folder)
  const ctPath = await findFile(folder, 'ct')
  if (ctPath !== undefined) return readNiftiCase(folder, ctPath, kinds, read)
  const truth = await findDicomTruth(folder)
  if (truth === undefined) throw incomplete('ct', folder)
  const { volume: ct, source } = await read(folder)
  const frameOfReferenceUid = source.kind === 'dicom' ? source.series.frameOfReferenceUid : ''
  const drawing = await readDicomTruth(truth, { grid: ct, frameOfReferenceUid })
  return { ctPath: folder, ct, ...(await drawLesions(drawing, kinds)) }
}

async function readNiftiCase(
  folder: string,
  ctPath: string,
  kinds: LesionKinds | undefined,
  read: ReadScan,
): Promise<EvaluationCase> {
  const maskPath = await findFile(folder, 'mask')
  if (maskPath === undefined) throw incomplete('mask', folder)
  const { volume: ct } = await read(ctPath)
  const { volume: mask, warnings } = await read(maskPath)
  const unfit = MASK_REFUSALS.find(([code]) => warnings.some((warning) => warning.code === code))
  if (unfit) throw new WorkstationError(unfit[1], unfit[2])
  const difference = gridDifference(ct, mask)
  if (difference !== undefined) {
    throw new WorkstationError('input/mask-grid', `The mask does not lie on the CT: ${difference}.`)
  }
  const values = valuesOf(mask.voxels)
  // One value says where lesions are, not which is which; a value below 0 numbers nothing.
  if (kinds === undefined && (values.length < 2 || values[0] < 0)) {
    if (values.length === 0) throw nothingMarked()
    const lesion = new Uint8Array(mask.voxels.length)
    for (let i = 0; i < lesion.length; i++) lesion[i] = mask.voxels[i] === 0 ? 0 : 1
    return { ctPath, ct, lesion }
  }
  const structures = values.map((label) => ({ label, name: '', is: 'unknown' as const }))
  const draw = (chosen: ReadonlySet<number>) => {
    const labels = new Uint16Array(mask.voxels)
    for (let i = 0; i < labels.length; i++) if (labels[i] !== 0 && !chosen.has(labels[i])) labels[i] = 0
    return labels
  }
  return { ctPath, ct, ...(await drawLesions({ structures, draw }, kinds)) }
}

/** The different values other than 0, ascending. */
function valuesOf(voxels: Int16Array): number[] {
  const seen = new Uint8Array(2 ** 16)
  for (let i = 0; i < voxels.length; i++) seen[voxels[i] + 2 ** 15] = 1
  return Array.from(seen.keys(), (at) => at - 2 ** 15).filter(
    (value) => value !== 0 && seen[value + 2 ** 15] === 1,
  )
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

async function findFile(folder: string, name: string): Promise<string | undefined> {
  for (const path of [join(folder, `${name}.nii.gz`), join(folder, `${name}.nii`)]) {
    const found = await access(path).then(
      () => true,
      () => false,
    )
    if (found) return path
  }
  return undefined
}

function incomplete(name: string, folder: string): WorkstationError {
  return new WorkstationError('input/case-incomplete', `The case has no ${name}.nii.gz.`, folder)
}
