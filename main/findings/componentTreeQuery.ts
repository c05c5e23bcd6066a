import { WorkstationError } from '../errors.ts'
import { type Grid, indexToPatient, voxelVolumeMl } from '../imaging/volume.ts'
import type { Finding } from './findings.ts'
import type { ThresholdSteps } from './steps.ts'

/**
 * The components of a score map at every threshold step, with their measurements: a max-tree of its step map. A
 * node is a component that some step has; it stays the same component down to the step above its parent's.
 *
 * Nodes are in order of rank (peak score, then volume, descending, then first voxel), which is the same at every
 * step. So a parent always comes before its children, and findings need no sorting.
 */
export interface ComponentTree extends Grid {
  readonly steps: ThresholdSteps
  /** Components smaller than this are not in the tree, mL. */
  readonly minComponentMl: number
  /** Voxels with a score above the calibration's lowest, which unscored voxels have. */
  readonly scoredVoxels: number
  /** Scored voxels at each value of the step map: [0] below all steps, then one for each step. */
  readonly histogram: Float64Array
  readonly nodes: TreeNodes
}

/** One entry per node. */
export interface TreeNodes {
  /** Highest step at which the node's voxels are together, from 1. */
  step: Uint8Array
  /** Node of the next larger component at a lower step; −1 for none. */
  parent: Int32Array
  voxelCount: Int32Array
  peakScore: Float32Array
  /** Voxel offset of the peak, the first in memory order where several have it. */
  peakOffset: Int32Array
  /** Bounding box in voxels, both ends inclusive: xyz of the one, then of the other end, six numbers a node. */
  box: Int32Array
  /** Sums of the voxel indices x, y, z, three numbers a node. */
  sumIndex: Float64Array
  sumScore: Float64Array
  /** Of the voxels' anomaly levels. */
  sumLevel: Float64Array
  peakLevel: Float64Array
  sumHu: Float64Array
  sumHuSquared: Float64Array
}

export interface TreeQuery {
  /** Components smaller than this are left out, mL; the tree's own smallest where absent. */
  minVolumeMl?: number
  /** Keep only the highest-ranked ones; at most, and by default, what a uint16 mask can number. */
  maxFindings?: number
}

const LARGEST_NUMBER = 0xffff

/**
 * Nodes that are the components at a step, in order of rank: what `findFindings` finds at `steps.level[step − 1]`,
 * without any limit on their number unless one is given.
 * @param step from 1 to the number of steps
 * @param limit stops at so many, which are the highest-ranked
 * @throws WorkstationError 'usage/min-volume' below what the tree holds; RangeError for a step that there is not
 */
export function treeNodesAt(
  tree: ComponentTree,
  step: number,
  minVolumeMl: number = tree.minComponentMl,
  limit = Number.POSITIVE_INFINITY,
): Int32Array {
  const { nodes } = tree
  if (!(Number.isInteger(step) && step >= 1 && step <= tree.steps.level.length))
    throw new RangeError(`step ${step} of ${tree.steps.level.length}`)
  const minVoxels = leastVoxels(tree, minVolumeMl)
  const found = new Int32Array(nodes.step.length)
  let count = 0
  for (let node = 0; node < found.length && count < limit; node++) {
    if (nodes.step[node] < step || nodes.voxelCount[node] < minVoxels) continue
    const parent = nodes.parent[node]
    if (parent < 0 || nodes.step[parent] < step) found[count++] = node
  }
  return found.subarray(0, count)
}

/**
 * The findings at a step, as `findFindings` gives them at `steps.level[step − 1]`, ranked and numbered. Their means
 * may differ from those in the last digits of a double: they are summed in another order.
 * @throws as `treeNodesAt`, and WorkstationError 'usage/max-findings'
 */
export function treeComponentsAt(tree: ComponentTree, step: number, query: TreeQuery = {}): Finding[] {
  const { minVolumeMl, maxFindings = LARGEST_NUMBER } = query
  if (!(Number.isInteger(maxFindings) && maxFindings >= 1)) {
    throw new WorkstationError(
      'usage/max-findings',
      `The largest number of findings must be a whole number of at least 1, not ${maxFindings}.`,
    )
  }
  const nodes = treeNodesAt(tree, step, minVolumeMl, Math.min(maxFindings, LARGEST_NUMBER))
  return Array.from(nodes, (node, rank) => treeFinding(tree, node, rank + 1))
}

/** The measurements of one node. @param number its rank among the findings it is one of, from 1 */
export function treeFinding(tree: ComponentTree, node: number, number: number): Finding {
  const { nodes, spacing } = tree
  const [nx, ny] = tree.dims
  const voxels = nodes.voxelCount[node]
  const { box, sumIndex } = nodes
  const b = 6 * node
  const c = 3 * node
  const huMean = nodes.sumHu[node] / voxels
  const peakOffset = nodes.peakOffset[node]
  const peakRow = Math.floor(peakOffset / nx)
  return {
    number,
    volumeMl: voxels * voxelVolumeMl(tree),
    voxelCount: voxels,
    peakLevel: nodes.peakLevel[node],
    meanLevel: nodes.sumLevel[node] / voxels,
    peakScore: nodes.peakScore[node],
    meanScore: nodes.sumScore[node] / voxels,
    centreMm: indexToPatient(tree, [
      sumIndex[c] / voxels,
      sumIndex[c + 1] / voxels,
      sumIndex[c + 2] / voxels,
    ]),
    peakIndex: [peakOffset - peakRow * nx, peakRow % ny, Math.floor(peakRow / ny)],
    extentIndex: { min: [box[b], box[b + 1], box[b + 2]], max: [box[b + 3], box[b + 4], box[b + 5]] },
    extentMm: [
      (box[b + 3] - box[b] + 1) * spacing[0],
      (box[b + 4] - box[b + 1] + 1) * spacing[1],
      (box[b + 5] - box[b + 2] + 1) * spacing[2],
    ],
    huMean,
    huSd: Math.sqrt(Math.max(0, nodes.sumHuSquared[node] / voxels - huMean * huMean)),
  }
}

/** Voxels of the smallest component of a volume, with room for rounding, as `findFindings` counts them. */
export function volumeInVoxels(grid: Pick<Grid, 'spacing'>, volumeMl: number): number {
  return volumeMl / voxelVolumeMl(grid) - 1e-6
}

function leastVoxels(tree: ComponentTree, minVolumeMl: number): number {
  const least = volumeInVoxels(tree, minVolumeMl)
  const held = volumeInVoxels(tree, tree.minComponentMl)
  // A tree that holds single voxels has left nothing out.
  if (minVolumeMl >= 0 && (least >= held || held <= 1)) return least
  throw new WorkstationError(
    'usage/min-volume',
    `The smallest volume of a finding must be ${tree.minComponentMl} mL or more here, not ${minVolumeMl}.`,
  )
}
