import { type Warning, WorkstationError } from '../../errors.ts'
import type { Grid, Vec3 } from '../volume.ts'
import { perpendicularGrid, type Steps, spanSpace } from '../volumeFile/axes.ts'
import { printable } from '../volumeFile/bytes.ts'
import { volumeDims } from '../volumeFile/dims.ts'
import { damaged, type NrrdHeader } from './header.ts'

/** Factors that turn a patient space's coordinates into LPS. Other spaces are not tied to the patient. */
const TO_LPS: ReadonlyMap<string, Vec3> = new Map([
  ['lps', [1, 1, 1]],
  ['left-posterior-superior', [1, 1, 1]],
  ['ras', [-1, -1, 1]],
  ['right-anterior-superior', [-1, -1, 1]],
  ['las', [1, -1, 1]],
  ['left-anterior-superior', [1, -1, 1]],
])

const MM_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['mm', 1],
  ['cm', 10],
  ['m', 1000],
  ['um', 0.001],
])

/** NRRD_DIM_MAX of the specification. */
const MAX_DIMENSION = 16

/** Kinds of an axis along which the volume extends in space; '???' and 'none' say nothing. */
const SPATIAL_KINDS = ['domain', 'space', '???', 'none', '']

interface Axis {
  size: number
  kind: string
  /** Step of "space directions" in the file's own space; null for "none". */
  step: readonly number[] | null
  spacing: number
}

/**
 * Where the voxels lie, in LPS mm: "space directions" and "space origin" in the header's space, else "spacings" along
 * the patient's axes, with a warning. Axes of size one that are not in space are left out.
 * @throws WorkstationError input/nrrd-header, input/nrrd-space, input/channels, input/four-d, input/too-few-slices,
 *   input/too-large, input/sheared
 */
export function nrrdGeometry(header: NrrdHeader, name: string): { grid: Grid; warnings: Warning[] } {
  const space = header.fields.get('space')?.toLowerCase()
  const toLps = TO_LPS.get(space ?? 'lps')
  if (!toLps) {
    throw new WorkstationError(
      'input/nrrd-space',
      `${name} cannot be screened: its space "${printable(space!)}" does not say where the patient's left, front and head are.`,
    )
  }
  const all = spatialAxes(header, name)
  const dims = volumeDims(
    all.map((axis) => axis.size),
    name,
  )
  const axes = all.slice(0, 3)
  const unit = unitOf(header, name)
  const lps = (v: readonly number[]) => v.map((x, i) => x * toLps[i]! * unit) as unknown as Vec3
  const warnings: Warning[] = []

  const oriented = header.fields.has('spacedirections')
  const spacings = axes.map((axis) => (Number.isFinite(axis.spacing) ? Math.abs(axis.spacing) : 1))
  const steps = (oriented
    ? axes.map(({ step }) => {
        if (step === null) throw damaged(name, 'one of its three axes has no direction')
        return lps(step)
      })
    : spacings.map((mm, i) => [0, 1, 2].map((j) => (i === j ? mm : 0)))) as unknown as Steps
  if (!spanSpace(steps)) {
    throw damaged(name, 'it does not say how large the voxels are or how they lie')
  }
  if (!oriented || space === undefined) {
    warnings.push({
      code: 'input/nrrd-no-orientation',
      message:
        'The NRRD header has no orientation: left and right, front and back, head and foot are assumed, not known.',
    })
  }
  if (!oriented && axes.some((axis) => !Number.isFinite(axis.spacing))) {
    warnings.push({
      code: 'input/nrrd-no-spacing',
      message:
        'The NRRD header does not give the voxel size on every axis; 1 mm was assumed where it is missing.',
    })
  }
  const stored = header.fields.get('spaceorigin')
  const origin = stored === undefined ? [0, 0, 0] : vector(stored)
  if (origin?.length !== 3 || !origin.every(Number.isFinite)) {
    throw damaged(name, 'its space origin is not three numbers')
  }
  return { grid: perpendicularGrid(steps, lps(origin), dims, name), warnings }
}

/** The axes in space, fastest first: all, or those left when axes of size one that are not in space are dropped. */
function spatialAxes(header: NrrdHeader, name: string): Axis[] {
  const axes = allAxes(header, name)
  const inSpace = (axis: Axis) => axis.step !== null && SPATIAL_KINDS.includes(axis.kind)
  const foreign = axes.find((axis) => !inSpace(axis) && axis.size > 1)
  if (foreign) refuseAxis(foreign, name)
  return axes.length > 3 ? axes.filter(inSpace) : axes
}

function refuseAxis({ kind, size }: Axis, name: string): never {
  if (kind === 'time') {
    throw new WorkstationError(
      'input/four-d',
      `${name} holds ${size} volumes (a time series), not one CT; save the one to screen on its own.`,
    )
  }
  const what = kind === '' ? '' : ` (${printable(kind)})`
  throw new WorkstationError(
    'input/channels',
    `${name} cannot be screened: it holds ${size} values${what} for each voxel, not one HU value.`,
  )
}

function allAxes({ fields }: NrrdHeader, name: string): Axis[] {
  const dimension = Number(fields.get('dimension'))
  if (!Number.isInteger(dimension) || dimension < 1 || dimension > MAX_DIMENSION) {
    throw damaged(name, 'it does not say how many axes there are')
  }
  const list = (field: string) => fields.get(field)?.split(/\s+/)
  const sizes = list('sizes')?.map(Number) ?? []
  if (sizes.length !== dimension || !sizes.every((n) => Number.isSafeInteger(n) && n > 0)) {
    throw damaged(name, 'its sizes are not one positive number for each axis')
  }
  const spacings = list('spacings')?.map(Number)
  const kinds = list('kinds')?.map((kind) => kind.toLowerCase())
  const directions = fields.get('spacedirections')
  // A direction is "none" or "(x,y,z)", and blanks inside the brackets are allowed.
  const steps = directions?.match(/\([^()]*\)|[^\s()]+/g)?.map((text) => vector(text))
  for (const [values, what] of [
    [spacings, 'spacings'],
    [kinds, 'kinds'],
    [steps, 'space directions'],
  ] as const) {
    if (values && values.length !== dimension) throw damaged(name, `its ${what} are not one for each axis`)
  }
  const dimensions = fields.get('spacedimension')
  if (steps?.some((step) => step && step.length !== 3) || (dimensions !== undefined && dimensions !== '3')) {
    throw damaged(name, 'its space has not three dimensions')
  }
  return sizes.map((size, i) => ({
    size,
    kind: kinds?.[i] ?? '',
    step: steps ? steps[i]! : [],
    spacing: spacings?.[i] ?? Number.NaN,
  }))
}

/** "(x,y,z)" as numbers, NaN where one is not; null for anything else, such as "none". */
function vector(text: string): number[] | null {
  const inner = /^\s*\(([^()]*)\)\s*$/.exec(text)?.[1]
  return inner === undefined ? null : inner.split(',').map((v) => (v.trim() === '' ? Number.NaN : Number(v)))
}

/** Millimetres per unit of the space, from "space units": one quoted name for each of its axes. */
function unitOf({ fields }: NrrdHeader, name: string): number {
  const units = fields.get('spaceunits')?.match(/"[^"]*"/g) ?? []
  const factors = new Set(units.map((unit) => MM_PER_UNIT.get(unit.slice(1, -1).trim().toLowerCase())))
  if (factors.size === 0) return 1
  const [factor] = factors
  if (factors.size > 1 || factor === undefined) {
    throw new WorkstationError(
      'input/nrrd-space',
      `${name} cannot be screened: its lengths are in ${printable(units.join(', '))}, not in millimetres.`,
    )
  }
  return factor
}
