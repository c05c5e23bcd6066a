import { WorkstationError } from '../errors.ts'
import type { Grid } from '../imaging/volume.ts'
import { type ComponentTree, type TreeNodes, volumeInVoxels } from './componentTreeQuery.ts'
import { type Calibration, levelTable } from './level.ts'
import { nodeVoxel, type VoxelForest, voxelForest } from './maxTree.ts'
import type { ThresholdSteps } from './steps.ts'

export interface ComponentTreeRequest {
  grid: Grid
  steps: ThresholdSteps
  /** `stepMap` of the whole volume. */
  map: Uint8Array
  /** Raw scores of slice k, nx · ny voxels; called twice for each slice, in order. The array may be used again. */
  scoreSlice: (k: number) => Float32Array
  /** HU of slice k; called once for each slice, in order. */
  huSlice: (k: number) => Int16Array
  calibration: Calibration
  /** Smaller components are left out, mL: their voxels stay counted in the larger ones that hold them. */
  minComponentMl: number
  /** Told how many slices of all are done. */
  onSlice?: (done: number, total: number) => void
}

/**
 * Measures the components at every threshold step. Beside the step map it needs 5 bytes for each voxel above the
 * lowest step, 12 for each node before the small ones are left out, and 110 for each node that stays.
 * @throws WorkstationError 'engine/invalid-score' where a score is not a finite number
 */
export function buildComponentTree(request: ComponentTreeRequest): ComponentTree {
  const { grid, steps, map, calibration, minComponentMl, onSlice } = request
  const { dims, spacing, origin, direction } = grid
  if (map.length !== dims[0] * dims[1] * dims[2])
    throw new RangeError(`${map.length} steps for a volume of ${dims.join(' × ')}`)
  const counted = count(request)
  const forest = voxelForest(map, dims, onSlice && ((done) => onSlice(done, 2 * dims[2])))
  const numbered = numberNodes(forest)
  const kept = keepLarge(numbered, volumeInVoxels(grid, minComponentMl))
  const nodes = emptyNodes(kept.step.length)
  nodes.step.set(kept.step)
  nodes.parent.set(kept.parent)
  addVoxels(nodes, forest.parent, kept.keptAs, request)
  const { levelOf } = levelTable(calibration)
  addChildren(nodes)
  for (let node = 0; node < kept.step.length; node++) nodes.peakLevel[node] = levelOf(nodes.peakScore[node])
  return {
    dims,
    spacing,
    origin,
    direction,
    steps,
    minComponentMl,
    ...counted,
    nodes: inOrderOfRank(nodes, kept.firstVoxel),
  }
}

function count({ grid, steps, map, scoreSlice, calibration }: ComponentTreeRequest) {
  const histogram = new Float64Array(steps.level.length + 1)
  const slice = grid.dims[0] * grid.dims[1]
  const { lowestScore } = levelTable(calibration)
  let unscored = 0
  for (let k = 0, at = 0; k < grid.dims[2]; k++) {
    const score = scoreSlice(k)
    for (let i = 0; i < slice; i++, at++) {
      // A score that is not a number would read as "nothing rare here".
      if (!Number.isFinite(score[i])) {
        throw new WorkstationError(
          'engine/invalid-score',
          'The model returned values that are not numbers, so no findings can be computed from this run.',
          `score[${at}] = ${score[i]}`,
        )
      }
      if (map[at] > 0 || score[i] > lowestScore) histogram[map[at]]++
      else unscored++
    }
  }
  return { histogram, scoredVoxels: map.length - unscored }
}

interface NumberedNodes {
  step: Uint8Array
  /** Parent node; −1 for none. */
  parent: Int32Array
  /** Nodes from the highest step to the lowest: children before their parents. */
  childrenFirst: Int32Array
  voxelCount: Int32Array
  /** First voxel of the node or of its descendants, as a number among the voxels above the floor. */
  firstVoxel: Int32Array
}

/** Numbers the nodes and turns `forest.parent` into the number of each voxel's node. */
function numberNodes(forest: VoxelForest): NumberedNodes {
  const { parent: nodeOf, step: stepOf } = forest
  let count = 0
  for (let i = 0; i < nodeOf.length; i++) {
    const next = nodeOf[i]
    if (next < 0) count++
    else if (stepOf[next] !== stepOf[i]) {
      count++
      nodeOf[i] = nodeVoxel(forest, next)
    } else nodeOf[i] = nodeVoxel(forest, i)
  }
  const step = new Uint8Array(count)
  const parent = new Int32Array(count)
  let number = 0
  for (let i = 0; i < nodeOf.length; i++) {
    const next = nodeOf[i]
    if (next >= 0 && stepOf[next] === stepOf[i]) continue
    step[number] = stepOf[i]
    parent[number] = next
    // The complement marks a voxel that stands for its node until the others have read it.
    nodeOf[i] = ~number++
  }
  // Voxels that stand for a node are now negative, all others still name one of them.
  for (let node = 0; node < count; node++) if (parent[node] >= 0) parent[node] = ~nodeOf[parent[node]]
  for (let i = 0; i < nodeOf.length; i++) if (nodeOf[i] >= 0) nodeOf[i] = ~nodeOf[nodeOf[i]]
  for (let i = 0; i < nodeOf.length; i++) if (nodeOf[i] < 0) nodeOf[i] = ~nodeOf[i]
  return { step, parent, ...measureSizes(nodeOf, step, parent) }
}

/** Voxels and first voxel of every node, with all that its descendants hold. */
function measureSizes(nodeOf: Int32Array, step: Uint8Array, parent: Int32Array) {
  const voxelCount = new Int32Array(step.length)
  const firstVoxel = new Int32Array(step.length)
  for (let i = nodeOf.length - 1; i >= 0; i--) {
    voxelCount[nodeOf[i]]++
    firstVoxel[nodeOf[i]] = i
  }
  const childrenFirst = byStepDescending(step)
  for (const node of childrenFirst) {
    const up = parent[node]
    if (up < 0) continue
    voxelCount[up] += voxelCount[node]
    if (firstVoxel[node] < firstVoxel[up]) firstVoxel[up] = firstVoxel[node]
  }
  return { childrenFirst, voxelCount, firstVoxel }
}

function byStepDescending(step: Uint8Array): Int32Array {
  // Counting sort: where the nodes of each step begin.
  const begin = new Int32Array(257)
  for (const s of step) begin[255 - s + 1]++
  for (let s = 1; s < begin.length; s++) begin[s] += begin[s - 1]
  const order = new Int32Array(step.length)
  for (let node = 0; node < step.length; node++) order[begin[255 - step[node]]++] = node
  return order
}

/** The nodes of at least so many voxels, and for every node the one that its voxels count in; −1 for none. */
function keepLarge(all: NumberedNodes, minVoxels: number) {
  const keptAs = new Int32Array(all.step.length)
  let count = 0
  // Parents first: whatever is large has large parents.
  for (let at = all.childrenFirst.length - 1; at >= 0; at--) {
    const node = all.childrenFirst[at]
    const up = all.parent[node]
    keptAs[node] = all.voxelCount[node] >= minVoxels ? count++ : up < 0 ? -1 : keptAs[up]
  }
  const step = new Uint8Array(count)
  const parent = new Int32Array(count)
  const firstVoxel = new Int32Array(count)
  for (let node = 0; node < keptAs.length; node++) {
    if (all.voxelCount[node] < minVoxels) continue
    const kept = keptAs[node]
    step[kept] = all.step[node]
    parent[kept] = all.parent[node] < 0 ? -1 : keptAs[all.parent[node]]
    firstVoxel[kept] = all.firstVoxel[node]
  }
  return { keptAs, step, parent, firstVoxel }
}

/** Adds every voxel to the smallest kept node that holds it. */
function addVoxels(nodes: TreeNodes, nodeOf: Int32Array, keptAs: Int32Array, request: ComponentTreeRequest) {
  const { map, scoreSlice, huSlice, onSlice } = request
  const [nx, ny, nz] = request.grid.dims
  const { levelOf } = levelTable(request.calibration)
  const { box, sumIndex, voxelCount, peakScore, peakOffset, sumScore, sumLevel, sumHu, sumHuSquared } = nodes
  for (let k = 0, at = 0, voxel = 0; k < nz; k++) {
    const score = scoreSlice(k)
    const hu = huSlice(k)
    for (let j = 0, i = 0; j < ny; j++) {
      for (let x = 0; x < nx; x++, i++, at++) {
        if (map[at] === 0) continue
        const node = keptAs[nodeOf[voxel++]]
        if (node < 0) continue
        const value = score[i]
        voxelCount[node]++
        if (value > peakScore[node]) {
          peakScore[node] = value
          peakOffset[node] = at
        }
        const c = 3 * node
        sumIndex[c] += x
        sumIndex[c + 1] += j
        sumIndex[c + 2] += k
        const b = 6 * node
        if (x < box[b]) box[b] = x
        if (j < box[b + 1]) box[b + 1] = j
        if (k < box[b + 2]) box[b + 2] = k
        if (x > box[b + 3]) box[b + 3] = x
        if (j > box[b + 4]) box[b + 4] = j
        if (k > box[b + 5]) box[b + 5] = k
        sumScore[node] += value
        sumLevel[node] += levelOf(value)
        sumHu[node] += hu[i]
        sumHuSquared[node] += hu[i] * hu[i]
      }
    }
    onSlice?.(nz + k + 1, 2 * nz)
  }
}

/** Adds every node to its parent; kept nodes are numbered parents first. */
function addChildren(nodes: TreeNodes): void {
  const { parent, box, sumIndex, peakScore, peakOffset } = nodes
  const sums = [nodes.voxelCount, nodes.sumScore, nodes.sumLevel, nodes.sumHu, nodes.sumHuSquared]
  for (let node = parent.length - 1; node >= 0; node--) {
    const up = parent[node]
    if (up < 0) continue
    for (const sum of sums) sum[up] += sum[node]
    for (let axis = 0; axis < 3; axis++) {
      sumIndex[3 * up + axis] += sumIndex[3 * node + axis]
      const low = 6 * up + axis
      box[low] = Math.min(box[low], box[6 * node + axis])
      box[low + 3] = Math.max(box[low + 3], box[6 * node + axis + 3])
    }
    const higher = peakScore[node] - peakScore[up]
    if (higher > 0 || (higher === 0 && peakOffset[node] < peakOffset[up])) {
      peakScore[up] = peakScore[node]
      peakOffset[up] = peakOffset[node]
    }
  }
}

function emptyNodes(count: number): TreeNodes {
  const box = new Int32Array(6 * count)
  for (let i = 0; i < box.length; i++) box[i] = i % 6 < 3 ? 0x7fffffff : -1
  return {
    step: new Uint8Array(count),
    parent: new Int32Array(count),
    voxelCount: new Int32Array(count),
    peakScore: new Float32Array(count).fill(Number.NEGATIVE_INFINITY),
    peakOffset: new Int32Array(count).fill(-1),
    box,
    sumIndex: new Float64Array(3 * count),
    sumScore: new Float64Array(count),
    sumLevel: new Float64Array(count),
    peakLevel: new Float64Array(count),
    sumHu: new Float64Array(count),
    sumHuSquared: new Float64Array(count),
  }
}

/** The nodes by peak score, then volume, descending, then first voxel: the ranking of `findFindings`. */
function inOrderOfRank(nodes: TreeNodes, firstVoxel: Int32Array): TreeNodes {
  const { peakScore, voxelCount } = nodes
  const order = Int32Array.from(firstVoxel, (_, node) => node).sort(
    (a, b) => peakScore[b] - peakScore[a] || voxelCount[b] - voxelCount[a] || firstVoxel[a] - firstVoxel[b],
  )
  const rankOf = new Int32Array(order.length)
  order.forEach((node, rank) => {
    rankOf[node] = rank
  })
  const ranked = emptyNodes(order.length)
  for (const key of Object.keys(nodes) as (keyof TreeNodes)[]) {
    const from = nodes[key]
    const into = ranked[key]
    const perNode = from.length / Math.max(1, order.length)
    order.forEach((node, rank) => {
      for (let i = 0; i < perNode; i++) into[perNode * rank + i] = from[perNode * node + i]
    })
  }
  for (let rank = 0; rank < order.length; rank++) {
    const up = ranked.parent[rank]
    ranked.parent[rank] = up < 0 ? -1 : rankOf[up]
  }
  return ranked
}
