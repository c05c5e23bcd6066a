import { WorkstationError } from '../errors.ts'
import { canonicalView } from './reorient.ts'
import type { CtVolume, Vec3 } from './volume.ts'

/** A half-open box of voxel indices: start ≤ index < end on every axis. */
export interface Box {
  readonly start: Vec3
  readonly end: Vec3
}

export interface BodyCropParameters {
  /** Edge of a block, mm. */
  readonly blockMm: number
  /** A block is body if its minimum is at least this, HU. */
  readonly thresholdHu: number
}

/** Half goes up, also where a stored spacing is a hair off (5 mm blocks at 2 mm slices have 3 of them). */
export function blockEdge(blockMm: number, spacing: number): number {
  return Math.max(1, Math.floor(blockMm / spacing + 0.5 + 1e-6))
}

/**
 * Bounding box of the body in canonical voxels (RECIPE.md, Preprocessing 1). Blocks of edge
 * max(1, round(blockMm / spacing)) tile the canonical volume from its voxel 0, the last of an axis may be partial; a
 * block is body if its minimum HU is at least the threshold.
 *
 * The voxels are read in the order they are stored in, whatever the source's orientation: the tables below say for
 * each stored index which block it falls in.
 *
 * @throws WorkstationError input/no-body
 */
export function bodyBox(ct: CtVolume, parameters: BodyCropParameters): Box {
  const { grid, axes, flips } = canonicalView(ct)
  const edge = grid.spacing.map((s) => blockEdge(parameters.blockMm, s))
  const blocks = grid.dims.map((n, p) => Math.ceil(n / edge[p]!))
  const blockStride = [1, blocks[0]!, blocks[0]! * blocks[1]!]
  const air = new Uint8Array(blocks[0]! * blocks[1]! * blocks[2]!)

  const tables = [0, 1, 2].map((a) => {
    const p = axes.indexOf(a)
    const n = ct.dims[a]!
    const table = new Int32Array(n)
    for (let i = 0; i < n; i++) table[i] = Math.floor((flips[p] ? n - 1 - i : i) / edge[p]!) * blockStride[p]!
    return table
  }) as [Int32Array, Int32Array, Int32Array]
  markAir(ct, tables, parameters.thresholdHu, air)

  const start: [number, number, number] = [Infinity, Infinity, Infinity]
  const end: [number, number, number] = [0, 0, 0]
  for (let block = 0; block < air.length; block++) {
    if (air[block]) continue
    for (let p = 0; p < 3; p++) {
      const at = Math.floor(block / blockStride[p]!) % blocks[p]!
      start[p] = Math.min(start[p]!, at * edge[p]!)
      end[p] = Math.max(end[p]!, Math.min((at + 1) * edge[p]!, grid.dims[p]!))
    }
  }
  if (end[0] === 0) {
    throw new WorkstationError(
      'input/no-body',
      'No body was found in this scan: nothing in it is denser than air over a few millimetres.',
      `no ${parameters.blockMm} mm block with a minimum of at least ${parameters.thresholdHu} HU`,
    )
  }
  return { start, end }
}

function markAir(
  ct: CtVolume,
  tables: [Int32Array, Int32Array, Int32Array],
  threshold: number,
  air: Uint8Array,
) {
  const [nx, ny, nz] = ct.dims
  const [tx, ty, tz] = tables
  const voxels = ct.voxels
  let o = 0
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      const row = tz[k]! + ty[j]!
      for (let i = 0; i < nx; i++, o++) if (voxels[o]! < threshold) air[row + tx[i]!] = 1
    }
  }
}
