import { WorkstationError } from '../errors.ts'
import type { Components } from '../findings/components.ts'
import type { Vec3 } from '../imaging/volume.ts'

/** Voxels of a region as runs along x, ascending; a run never leaves its row. */
export interface RunList {
  /** Offset of each run's first voxel in the grid. */
  start: Int32Array
  length: Int32Array
}

/** What a reader drew: a box of the grid (both ends inclusive), one bit a voxel, x fastest, lowest bit first, base64. */
export interface Outline {
  min: Vec3
  max: Vec3
  bits: string
}

/** The runs of some components, in the order asked for. @param wanted numbers of components, each once */
export function componentRuns(components: Components, wanted: ArrayLike<number>): RunList[] {
  const { runStart, runLength, runComponent, count } = components
  const listOf = new Int32Array(count).fill(-1)
  for (let i = 0; i < wanted.length; i++) listOf[wanted[i]] = i
  const sizes = new Int32Array(wanted.length)
  for (let run = 0; run < runStart.length; run++) {
    const list = listOf[runComponent[run]]
    if (list >= 0) sizes[list]++
  }
  const lists = Array.from(sizes, (n) => ({ start: new Int32Array(n), length: new Int32Array(n) }))
  const filled = new Int32Array(wanted.length)
  for (let run = 0; run < runStart.length; run++) {
    const list = listOf[runComponent[run]]
    if (list < 0) continue
    lists[list].start[filled[list]] = runStart[run]
    lists[list].length[filled[list]++] = runLength[run]
  }
  return lists
}

/**
 * The runs of an outline on a grid.
 * @throws WorkstationError 'input/outline' where the box is not in the grid or the bits are not those of the box
 */
export function outlineRuns({ min, max, bits }: Outline, [nx, ny, nz]: Vec3): RunList {
  const box = [max[0] - min[0] + 1, max[1] - min[1] + 1, max[2] - min[2] + 1]
  const whole = [...min, ...max].every(Number.isInteger)
  const within = [nx, ny, nz].every((n, axis) => min[axis] >= 0 && max[axis] < n && box[axis] > 0)
  const bytes = Buffer.from(bits, 'base64')
  if (!whole || !within || bytes.length !== Math.ceil((box[0] * box[1] * box[2]) / 8)) {
    throw new WorkstationError(
      'input/outline',
      'An outline that was drawn does not fit this scan, so the findings cannot be exported.',
      `box ${min} … ${max}, ${bytes.length} bytes, grid ${nx} × ${ny} × ${nz}`,
    )
  }
  const start: number[] = []
  const length: number[] = []
  let bit = 0
  for (let z = min[2]; z <= max[2]; z++) {
    for (let y = min[1]; y <= max[1]; y++) {
      const row = nx * (y + ny * z)
      let open = false
      for (let x = min[0]; x <= max[0]; x++, bit++) {
        const set = ((bytes[bit >> 3] >> (bit & 7)) & 1) === 1
        if (set && open) length[length.length - 1]++
        else if (set) {
          start.push(row + x)
          length.push(1)
        }
        open = set
      }
    }
  }
  return { start: Int32Array.from(start), length: Int32Array.from(length) }
}
