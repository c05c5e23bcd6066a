import { bodyMask } from '../imaging/bodyMask.ts'
import { type Grid, indexToPatient, type Vec3 } from '../imaging/volume.ts'
import { labelComponents } from './components.ts'
import type { BodyProfile, BodySlab } from './location.ts'

/** Edge of a cell along L and P, and along S, mm; larger where voxels are. */
const CELL_MM: Vec3 = [4, 4, 5]
/** Below it a cell is air: padding beyond the field of view, however dark, is no more than that. */
const AIR_HU = -1000
const BODY_HU = -300
const LUNG_HU = [-950, -400] as const
const BONE_HU = 250
/** Lung is air in bulk: smaller cores are windpipe, stomach and bowel gas with its blurred edge. */
const SMALLEST_CORE_ML = 60
const SMALLEST_LUNG_CM2 = 4
/** A slab with more of its edge cut off may have its lungs opened to the field's edge; shoulders that are cut do not. */
const MOST_CUT = 0.7

/** Mean HU and number of bone voxels of each cell of a coarse grid along the patient's own axes L, P, S. */
interface Cells {
  dims: Vec3
  /** Edge of a cell, mm. */
  edge: Vec3
  /** Middle of cell (0, 0, 0), LPS mm. */
  first: Vec3
  hu: Float32Array
  /** Share of the cell's voxels of at least BONE_HU. */
  bone: Float32Array
  /** 1 where the scan has voxels. */
  seen: Uint8Array
}

/**
 * What a CT shows of the body, slab by slab along the patient's long axis: its extents, its area, and the lungs, as
 * `describeLocation` needs it. Any orientation of the grid.
 * @param huSlice HU of slice k, nx · ny voxels, x fastest; called once for each slice, in order
 */
export function bodyProfile(grid: Grid, huSlice: (k: number) => Int16Array): BodyProfile {
  const cells = coarseCells(grid, huSlice)
  const body = bodyMask(cells.hu, cells.dims, BODY_HU)
  const lung = lungMask(cells, body)
  const round = roundField(cells, body)
  const slabs: BodySlab[] = []
  for (let k = 0; k < cells.dims[2]; k++) slabs.push(measureSlab(cells, body, lung, round, k))
  return { slabMm: cells.edge[2], slabs, lungs: lungRange(slabs, cells.edge[2]) }
}

function coarseCells(grid: Grid, huSlice: (k: number) => Int16Array): Cells {
  const [nx, ny, nz] = grid.dims
  const { direction: d, spacing } = grid
  const low = [Infinity, Infinity, Infinity]
  const high = [-Infinity, -Infinity, -Infinity]
  for (let corner = 0; corner < 8; corner++) {
    const at = [nx - 1, ny - 1, nz - 1].map((last, a) => (corner & (1 << a) ? last : 0)) as unknown as Vec3
    indexToPatient(grid, at).forEach((mm, p) => {
      low[p] = Math.min(low[p], mm)
      high[p] = Math.max(high[p], mm)
    })
  }
  const axes = [0, 1, 2] as const
  // Cells fill the scan exactly, each at least as large as the box around a voxel: so every one that lies in the
  // scan holds a voxel's centre.
  const voxel = axes.map((p) =>
    axes.map((a) => Math.abs(d[3 * p + a]!) * spacing[a]).reduce((sum, mm) => sum + mm),
  )
  const extent = axes.map((p) => high[p] - low[p] + voxel[p])
  const dims = axes.map((p) =>
    Math.max(1, Math.floor(extent[p] / Math.max(CELL_MM[p], voxel[p]) + 1e-6)),
  ) as unknown as Vec3
  const edge = axes.map((p) => extent[p] / dims[p]) as unknown as Vec3
  const begin = axes.map((p) => low[p] - voxel[p] / 2)
  const count = dims[0] * dims[1] * dims[2]
  const hu = new Float32Array(count)
  const bone = new Float32Array(count)
  const voxels = new Uint32Array(count)

  // Position in cells: at the first voxel, and for a step along x.
  const [stepL, stepP, stepS] = axes.map((p) => (d[3 * p] * spacing[0]) / edge[p])
  const [nl, np] = dims
  for (let k = 0; k < nz; k++) {
    const slice = huSlice(k)
    for (let j = 0, o = 0; j < ny; j++) {
      let [l, p, s] = indexToPatient(grid, [0, j, k]).map((mm, a) => (mm - begin[a]) / edge[a])
      // Several voxels of a row lie in one cell: their sums are kept aside until the row leaves it.
      let cell = 0
      let sum = 0
      let bones = 0
      let number = 0
      for (let i = 0; i < nx; i++, o++, l += stepL, p += stepP, s += stepS) {
        const next = (l | 0) + nl * ((p | 0) + np * (s | 0))
        if (next !== cell) {
          hu[cell] += sum
          bone[cell] += bones
          voxels[cell] += number
          cell = next
          sum = 0
          bones = 0
          number = 0
        }
        const value = slice[o]
        sum += value < AIR_HU ? AIR_HU : value
        if (value >= BONE_HU) bones++
        number++
      }
      hu[cell] += sum
      bone[cell] += bones
      voxels[cell] += number
    }
  }
  const seen = new Uint8Array(count)
  for (let cell = 0; cell < count; cell++) {
    if (voxels[cell] === 0) {
      hu[cell] = AIR_HU
      continue
    }
    seen[cell] = 1
    hu[cell] /= voxels[cell]
    bone[cell] /= voxels[cell]
  }
  const first = axes.map((p) => begin[p] + edge[p] / 2) as unknown as Vec3
  return { dims, edge, first, hu, bone, seen }
}

/** 1 in the lungs: large cores of enclosed cells that hold tissue and air, and the cells around them that do too. */
function lungMask({ dims, edge, hu }: Cells, body: Uint8Array): Uint8Array {
  const [nx, ny, nz] = dims
  const slice = nx * ny
  const airy = Uint8Array.from(body, (inside, cell) =>
    inside === 1 && hu[cell] >= LUNG_HU[0] && hu[cell] <= LUNG_HU[1] ? 1 : 0,
  )
  const core = new Uint8Array(body.length)
  for (let z = 0, o = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, o++) {
        if (airy[o] === 0 || x === 0 || y === 0 || x === nx - 1 || y === ny - 1) continue
        // Beyond the last slice the lung goes on.
        const above = z === nz - 1 || airy[o + slice] === 1
        const below = z === 0 || airy[o - slice] === 1
        if (above && below && airy[o - 1] && airy[o + 1] && airy[o - nx] && airy[o + nx]) core[o] = 1
      }
    }
  }
  const components = labelComponents(core, 1, dims)
  const smallest = (SMALLEST_CORE_ML * 1000) / (edge[0] * edge[1] * edge[2])
  const lung = new Uint8Array(body.length)
  components.runStart.forEach((start, run) => {
    if (components.voxelCount[components.runComponent[run]] < smallest) return
    // Core cells lie at least one cell inside the slice.
    for (let o = start; o < start + components.runLength[run]; o++) {
      for (const dz of [-slice, 0, slice])
        for (const dy of [-nx, 0, nx])
          for (const dx of [-1, 0, 1]) if (airy[o + dz + dy + dx]) lung[o + dz + dy + dx] = 1
    }
  })
  return lung
}

/** The radius in mm of a field of view that is a circle in a square of voxels; null where the body fills corners. */
function roundField({ dims, edge, first }: Cells, body: Uint8Array): number | null {
  const [nx, ny, nz] = dims
  const width = nx * edge[0]
  const height = ny * edge[1]
  if (Math.abs(width - height) > 0.02 * width) return null
  const radius = width / 2
  const [cl, cp] = [first[0] + ((nx - 1) / 2) * edge[0], first[1] + ((ny - 1) / 2) * edge[1]]
  for (let z = 0, o = 0; z < nz; z++)
    for (let y = 0; y < ny; y++)
      for (let x = 0; x < nx; x++, o++) {
        if (body[o] === 0) continue
        if (Math.hypot(first[0] + x * edge[0] - cl, first[1] + y * edge[1] - cp) > radius + edge[0])
          return null
      }
  return radius
}

function measureSlab(
  cells: Cells,
  body: Uint8Array,
  lung: Uint8Array,
  radius: number | null,
  k: number,
): BodySlab {
  const { dims, edge, first, bone } = cells
  const [nx, ny] = dims
  const base = nx * ny * k
  const cellCm2 = (edge[0] * edge[1]) / 100
  let area = 0
  let lungs = 0
  let bones = 0
  let sumX = 0
  let [x0, x1, y0, y1] = [nx, -1, ny, -1]
  for (let y = 0, o = base; y < ny; y++) {
    for (let x = 0; x < nx; x++, o++) {
      if (body[o] === 0) continue
      area++
      lungs += lung[o]
      bones += bone[o]
      sumX += x
      x0 = Math.min(x0, x)
      x1 = Math.max(x1, x)
      y0 = Math.min(y0, y)
      y1 = Math.max(y1, y)
    }
  }
  const mm = (axis: 0 | 1, cell: number) => first[axis] + cell * edge[axis]
  return {
    s: first[2] + k * edge[2],
    box:
      area === 0
        ? null
        : {
            right: mm(0, x0 - 0.5),
            left: mm(0, x1 + 0.5),
            anterior: mm(1, y0 - 0.5),
            posterior: mm(1, y1 + 0.5),
          },
    middle: mm(0, area === 0 ? (nx - 1) / 2 : sumX / area),
    areaCm2: area * cellCm2,
    lungCm2: lungs * cellCm2,
    boneCm2: bones * cellCm2,
    cut: {
      ...ends(cells, body, radius, base, [1, nx], [nx, ny], 0, ['right', 'left']),
      ...ends(cells, body, radius, base, [nx, 1], [ny, nx], 1, ['anterior', 'posterior']),
    },
  }
}

/**
 * Of the lines of a slab along one axis that cross the body, the share on which the body's first cell, and its last,
 * is also the first or last that the scan can show.
 */
function ends<A extends string>(
  { edge, seen }: Cells,
  body: Uint8Array,
  radius: number | null,
  base: number,
  [step, lineStep]: [number, number],
  [length, lines]: [number, number],
  axis: 0 | 1,
  [atFirst, atLast]: [A, A],
): Record<A, number> {
  let crossed = 0
  let first = 0
  let last = 0
  for (let line = 0; line < lines; line++) {
    const start = base + line * lineStep
    // Within a round field the line is a chord.
    const off = (line - (lines - 1) / 2) * edge[1 - axis]
    const half = radius === null ? Infinity : Math.sqrt(Math.max(0, radius * radius - off * off)) / edge[axis]
    const shown = (i: number) => seen[start + i * step] === 1 && Math.abs(i - (length - 1) / 2) <= half
    let [b0, b1, s0, s1] = [length, -1, length, -1]
    for (let i = 0; i < length; i++) {
      if (body[start + i * step] === 1) {
        b0 = Math.min(b0, i)
        b1 = i
      }
      if (shown(i)) {
        s0 = Math.min(s0, i)
        s1 = i
      }
    }
    if (b1 < 0) continue
    crossed++
    if (b0 <= s0) first++
    if (b1 >= s1) last++
  }
  const share = (count: number) => (crossed === 0 ? 0 : count / crossed)
  return { [atFirst]: share(first), [atLast]: share(last) } as Record<A, number>
}

/** From the lowest slab with lung to the highest. Air that a crop has opened to its edge is not enclosed: no lung. */
function lungRange(slabs: readonly BodySlab[], slabMm: number): BodyProfile['lungs'] {
  const holds = (slab: BodySlab) => slab.lungCm2 >= SMALLEST_LUNG_CM2
  const lowest = slabs.findIndex(holds)
  if (lowest < 0) return null
  const highest = slabs.findLastIndex(holds)
  const within = slabs.slice(lowest, highest + 1)
  if (within.filter(isWhole).length < within.length / 2) return null
  const cm2 = within.reduce((sum, slab) => sum + slab.lungCm2, 0)
  return {
    bottom: slabs[lowest].s - slabMm / 2,
    top: slabs[highest].s + slabMm / 2,
    // The end of the lungs is where the next slab is all there and has none.
    bottomSeen: lowest > 0 && isWhole(slabs[lowest - 1]),
    topSeen: highest < slabs.length - 1 && isWhole(slabs[highest + 1]),
    volumeMl: (cm2 * slabMm) / 10,
  }
}

function isWhole({ box, cut }: BodySlab): boolean {
  return box !== null && Math.max(cut.right, cut.left, cut.anterior, cut.posterior) <= MOST_CUT
}
