import type { Vec3 } from './volume.ts'

/** A component is part of the body if it has at least 1 / SMALLEST_SHARE of the largest component's voxels. */
const SMALLEST_SHARE = 10

/**
 * The body on the model grid: HU at least the threshold; of the 6-connected components those with at least a tenth of
 * the largest one's voxels (the couch and lines go, two legs stay); then holes filled in every axial slice, so that
 * lungs and bowel gas belong to the body. Air that reaches the slice's border over 4-neighbours is not a hole.
 * Equal to scipy.ndimage.label and, slice by slice, binary_fill_holes.
 *
 * @param hu canonical order, x fastest
 * @returns 0 or 1 per voxel; all 0 where nothing reaches the threshold
 */
export function bodyMask(hu: Float32Array, dims: Vec3, thresholdHu: number): Uint8Array<ArrayBuffer> {
  const mask = new Uint8Array(hu.length)
  const runs = findRuns(hu, dims, thresholdHu)
  const parent = joinRuns(runs, dims)

  const size = new Float64Array(parent.length)
  let largest = 0
  for (let r = 0; r < parent.length; r++) {
    const root = find(parent, r)
    size[root] = size[root]! + runs.end[r]! - runs.start[r]!
    largest = Math.max(largest, size[root]!)
  }
  const [nx, ny, nz] = dims
  for (let row = 0; row < ny * nz; row++) {
    for (let r = runs.ofRow[row]!; r < runs.ofRow[row + 1]!; r++) {
      if (size[find(parent, r)]! * SMALLEST_SHARE >= largest)
        mask.fill(1, row * nx + runs.start[r]!, row * nx + runs.end[r]!)
    }
  }
  fillHoles(mask, dims)
  return mask
}

/** Runs of body voxels along x, [start, end), row by row: a few hundred thousand where labels would be tens of millions. */
interface Runs {
  /** First run of each row, and one past the last. */
  ofRow: Int32Array
  start: Int32Array
  end: Int32Array
}

function findRuns(hu: Float32Array, [nx, ny, nz]: Vec3, threshold: number): Runs {
  const rows = ny * nz
  const ofRow = new Int32Array(rows + 1)
  let start = new Int32Array(1 << 12)
  let end = new Int32Array(1 << 12)
  let count = 0
  for (let row = 0; row < rows; row++) {
    ofRow[row] = count
    // A row has at most ⌈nx / 2⌉ runs, so room is looked after once a row.
    if (count + nx > start.length) {
      start = grown(start, nx)
      end = grown(end, nx)
    }
    const base = row * nx
    for (let i = 0; i < nx; i++) {
      if (hu[base + i]! < threshold) continue
      start[count] = i
      do i++
      while (i < nx && hu[base + i]! >= threshold)
      end[count++] = i
    }
  }
  ofRow[rows] = count
  return { ofRow, start: start.subarray(0, count), end: end.subarray(0, count) }
}

function grown(array: Int32Array, more: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2 + more)
  larger.set(array)
  return larger
}

/** Union-find over the runs: runs of rows that are neighbours in y or z and overlap in x are one component. */
function joinRuns(runs: Runs, [, ny, nz]: Vec3): Int32Array {
  const parent = Int32Array.from(runs.start, (_, r) => r)
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      const row = k * ny + j
      if (j > 0) joinRows(runs, parent, row, row - 1)
      if (k > 0) joinRows(runs, parent, row, row - ny)
    }
  }
  return parent
}

function joinRows({ ofRow, start, end }: Runs, parent: Int32Array, row: number, neighbour: number) {
  let a = ofRow[row]!
  let b = ofRow[neighbour]!
  const aEnd = ofRow[row + 1]!
  const bEnd = ofRow[neighbour + 1]!
  while (a < aEnd && b < bEnd) {
    if (start[a]! < end[b]! && start[b]! < end[a]!) {
      const ra = find(parent, a)
      const rb = find(parent, b)
      if (ra < rb) parent[rb] = ra
      else parent[ra] = rb
    }
    if (end[a]! < end[b]!) a++
    else b++
  }
}

function find(parent: Int32Array, run: number): number {
  let r = run
  while (parent[r] !== r) {
    parent[r] = parent[parent[r]!]!
    r = parent[r]!
  }
  return r
}

/** In every axial slice: background that cannot reach the slice's border over 4-neighbours becomes body. */
function fillHoles(mask: Uint8Array, [nx, ny, nz]: Vec3) {
  const OUTSIDE = 2
  const n = nx * ny
  const stack = new Int32Array(n)
  for (let k = 0; k < nz; k++) {
    const slice = mask.subarray(k * n, (k + 1) * n)
    let top = 0
    const visit = (p: number) => {
      if (slice[p] === 0) {
        slice[p] = OUTSIDE
        stack[top++] = p
      }
    }
    for (let i = 0; i < nx; i++) {
      visit(i)
      visit(n - nx + i)
    }
    for (let j = 0; j < ny; j++) {
      visit(j * nx)
      visit(j * nx + nx - 1)
    }
    while (top > 0) {
      const p = stack[--top]!
      const i = p % nx
      if (i > 0) visit(p - 1)
      if (i < nx - 1) visit(p + 1)
      if (p >= nx) visit(p - nx)
      if (p < n - nx) visit(p + nx)
    }
    for (let p = 0; p < n; p++) slice[p] = slice[p] === OUTSIDE ? 0 : 1
  }
}
