import { type CtVolume, type Grid, IDENTITY, type Vec3, type Volume, voxelCount } from '../volume.ts'
import { paintAbdomen } from './abdomen.ts'
import { type Canvas, forBox, Tissue } from './canvas.ts'
import { type Lesion, paintLesions } from './lesions.ts'
import { paintLungs } from './lungs.ts'
import { addScannerNoise, addTissueGrain } from './noise.ts'
import { drawPatient, type Patient } from './patient.ts'
import { paintBackMuscles } from './retroperitoneum.ts'
import { paintSkeleton } from './skeleton.ts'
import { paintThorax } from './thorax.ts'
import { createTrunk, paintTrunk } from './trunk.ts'

export type { Lesion, LesionKind } from './lesions.ts'

export interface PhantomOptions {
  /** Whole number; another seed is another patient, scanner setting and contrast phase. */
  seed: number
  /** Voxels [x, y, z]. Default: what covers the field of view at the spacing. */
  dims?: Vec3
  /** mm. Default: the field of view over the dims, or 1.5 × 1.5 × 2. */
  spacing?: Vec3
  /** Adds lesions. The patient and the noise around them stay as they are without. */
  lesions: boolean
}

export interface Phantom {
  volume: CtVolume
  /** Lesion number per voxel, 0 elsewhere. */
  truth: Volume<Uint8Array>
  lesions: Lesion[]
}

/** Left–right, anterior–posterior, inferior–superior, mm: the whole width of the body, lung apices to kidneys. */
export const FIELD_OF_VIEW_MM: Vec3 = [384, 384, 320]

/**
 * A procedural CT of thorax and upper abdomen, arms up, supine. Axis x grows to the patient's Left, y to Posterior,
 * z to Superior (identity direction, LPS mm). HU are those of the textbooks; shapes are implicit surfaces with edges
 * as soft as the voxels. A stand-in for a scan where none may be shipped; it teaches no anatomy.
 */
export function makePhantom(options: PhantomOptions): Phantom {
  const grid = gridFor(options)
  const patient = drawPatient(options.seed)
  const canvas = createCanvas(grid, patient)
  const trunk = createTrunk(patient)
  paintTrunk(canvas, trunk, patient)
  paintBackMuscles(canvas, trunk, patient)
  const abdomen = paintAbdomen(canvas, trunk, patient)
  const lung = paintThorax(canvas, trunk, patient)
  paintLungs(canvas, trunk, patient, lung)
  const skeleton = paintSkeleton(canvas, trunk, patient)
  const { truth, lesions } = options.lesions
    ? paintLesions(canvas, trunk, patient, skeleton, { ...abdomen, lung })
    : { truth: new Uint8Array(voxelCount(grid)), lesions: [] }
  if (patient.couch) paintCouch(canvas, patient)
  addTissueGrain(canvas, patient)
  const voxels = new Int16Array(voxelCount(grid))
  addScannerNoise(canvas, patient, voxels)
  return { volume: { ...grid, voxels }, truth: { ...grid, voxels: truth }, lesions }
}

function gridFor({ dims, spacing }: PhantomOptions): Grid {
  const axes = [0, 1, 2] as const
  const step = spacing ?? (dims ? axes.map((axis) => FIELD_OF_VIEW_MM[axis] / dims[axis]) : [1.5, 1.5, 2])
  const size = dims ?? axes.map((axis) => Math.round(FIELD_OF_VIEW_MM[axis] / step[axis]))
  const origin = axes.map((axis) => -((size[axis] - 1) / 2) * step[axis])
  return {
    dims: [size[0], size[1], size[2]],
    spacing: [step[0], step[1], step[2]],
    origin: [origin[0], origin[1], origin[2]],
    direction: IDENTITY,
  }
}

/** Patient frame = scale⁻¹ · turn⁻¹ · (LPS position − centre). */
function createCanvas(grid: Grid, patient: Patient): Canvas {
  const [az, ax, ay] = patient.turn
  const rotate = ([x, y, z]: Vec3, back: boolean): Vec3 => {
    const turns: [number, number, number][] = [
      [0, 1, az],
      [1, 2, ax],
      [0, 2, ay],
    ]
    const p = [x, y, z]
    for (const [a, b, angle] of back ? turns.reverse() : turns) {
      const c = Math.cos(angle)
      const s = back ? -Math.sin(angle) : Math.sin(angle)
      const [pa, pb] = [p[a], p[b]]
      p[a] = c * pa - s * pb
      p[b] = s * pa + c * pb
    }
    return [p[0], p[1], p[2]]
  }
  // The frame's origin lies 10 mm below the centre of the field of view.
  const centre: Vec3 = [patient.shift[0], patient.shift[1] + 2, patient.shift[2] - 10]
  const toPatient = (p: Vec3): Vec3 => {
    const q = rotate([p[0] - centre[0], p[1] - centre[1], p[2] - centre[2]], true)
    return [q[0] / patient.scale[0], q[1] / patient.scale[1], q[2] / patient.scale[2]]
  }
  const start = toPatient(grid.origin)
  const stepAlong = (axis: 0 | 1 | 2): Vec3 => {
    const p: [number, number, number] = [...grid.origin]
    p[axis] += grid.spacing[axis]
    const q = toPatient(p)
    return [q[0] - start[0], q[1] - start[1], q[2] - start[2]]
  }
  return {
    grid,
    hu: new Float32Array(voxelCount(grid)).fill(-1000),
    tissue: new Uint8Array(voxelCount(grid)),
    start,
    steps: [stepAlong(0), stepAlong(1), stepAlong(2)],
    toIndex: (p) => {
      const q = rotate([p[0] * patient.scale[0], p[1] * patient.scale[1], p[2] * patient.scale[2]], false)
      return [
        (q[0] + centre[0] - grid.origin[0]) / grid.spacing[0],
        (q[1] + centre[1] - grid.origin[1]) / grid.spacing[1],
        (q[2] + centre[2] - grid.origin[2]) / grid.spacing[2],
      ]
    },
    edge: 0.5 + 0.35 * (grid.spacing[0] + grid.spacing[1] + grid.spacing[2] * 0.7),
  }
}

/** A curved carbon table under the body: a thin shell around foam. */
function paintCouch(canvas: Canvas, patient: Patient): void {
  const { hu, tissue, grid } = canvas
  // Under the lowest body voxel, in the patient's own frame so that it may cut nothing.
  let lowest = -Infinity
  const everything = { min: [-230, -230, -330] as Vec3, max: [230, 230, 330] as Vec3 }
  forBox(canvas, everything, (offset, x, y) => {
    if (tissue[offset] !== Tissue.air && y + 0.0009 * x * x > lowest) lowest = y + 0.0009 * x * x
  })
  const top = lowest + patient.couchGap
  forBox(canvas, everything, (offset, x, y) => {
    const depth = y + 0.0009 * x * x - top
    if (tissue[offset] !== Tissue.air || depth < 0 || depth > 26 || Math.abs(x) > 205) return
    const shell = Math.min(depth, 26 - depth)
    hu[offset] = shell < 1.2 + grid.spacing[1] * 0.5 ? -420 : -930
    tissue[offset] = Tissue.couch
  })
}
