import { volumeInVoxels } from '../../findings/componentTreeQuery.ts'
import type { Calibration } from '../../findings/level.ts'
import { nodeVoxel, type VoxelForest, voxelForest } from '../../findings/maxTree.ts'
import { stepMap, thresholdSteps } from '../../findings/steps.ts'
import type { Grid } from '../../imaging/volume.ts'
import type { LesionCurve } from '../types.ts'
import type { LesionVoxels } from './rankedVoxels.ts'

/**
 * Findings against lesions at every threshold step at once, as `findFindings` at each step's level would give them:
 * lesions that a finding touches, and findings that touch none. From the max-tree of the step map, in which a node is
 * a finding from its own step down to the one above its parent's.
 *
 * A finding that covers half of the patient touches the lesion too, so a curve says little at low levels; it begins
 * at level 90.
 * @param score on the grid, finite; unscored voxels hold the calibration's lowest score
 * @throws WorkstationError 'model/calibration'
 */
export function lesionCurve(
  grid: Grid,
  score: Float32Array,
  inside: LesionVoxels,
  calibration: Calibration,
  minVolumeMl: number,
): LesionCurve {
  const steps = thresholdSteps(calibration)
  const map = stepMap(score, steps)
  const forest = voxelForest(map, grid.dims)
  const lesionNumber = numbersInForest(map, inside)
  const nodes = measureNodes(forest, lesionNumber)
  const minVoxels = volumeInVoxels(grid, minVolumeMl)
  const count = steps.level.length

  // Changes on the way down the steps: what begins at a step ends below the last step at which it is a finding.
  const falseFrom = new Int32Array(count + 1)
  // The highest step at which the voxels of a node are in a finding; 0 for none. Parents come first.
  const foundFrom = new Uint8Array(forest.step.length)
  for (let at = nodes.childrenFirst.length - 1; at >= 0; at--) {
    const node = nodes.childrenFirst[at]
    const parent = parentNode(forest, node)
    if (nodes.size[node] < minVoxels) {
      foundFrom[node] = parent < 0 ? 0 : foundFrom[parent]
      continue
    }
    foundFrom[node] = forest.step[node]
    if (nodes.onLesion[node] === 1) continue
    falseFrom[forest.step[node]]++
    if (parent >= 0) falseFrom[forest.step[parent]]--
  }
  const hitFrom = new Uint8Array(inside.size.length)
  lesionNumber.forEach((voxel, n) => {
    if (voxel < 0) return
    const lesion = inside.lesion[n]
    hitFrom[lesion] = Math.max(hitFrom[lesion], foundFrom[nodeVoxel(forest, voxel)])
  })
  const hitsFrom = new Int32Array(count + 1)
  for (const step of hitFrom) hitsFrom[step]++

  const curve: LesionCurve = { lesions: inside.size.length, level: [], lesionsHit: [], falsePositives: [] }
  for (let step = count, hits = 0, falsely = 0; step > 0; step--) {
    hits += hitsFrom[step]
    falsely += falseFrom[step]
    curve.level.push(steps.level[step - 1])
    curve.lesionsHit.push(hits)
    curve.falsePositives.push(falsely)
  }
  return curve
}

/** The number of every lesion voxel among the voxels above the floor, which the forest is of; −1 below the floor. */
function numbersInForest(map: Uint8Array, { offset }: LesionVoxels): Int32Array {
  const number = new Int32Array(offset.length)
  let at = 0
  let above = 0
  for (let n = 0; n < offset.length; n++) {
    for (; at < offset[n]; at++) if (map[at] > 0) above++
    number[n] = map[at] > 0 ? above : -1
  }
  return number
}

interface Nodes {
  /** The voxels that stand for nodes, from the highest step to the lowest: children before their parents. */
  childrenFirst: Int32Array
  /** Voxels of a node and of all above it, at the voxel that stands for it. */
  size: Int32Array
  /** 1 where one of those is in a lesion. */
  onLesion: Uint8Array
}

function measureNodes(forest: VoxelForest, lesionNumber: Int32Array): Nodes {
  const voxels = forest.step.length
  const size = new Int32Array(voxels)
  const onLesion = new Uint8Array(voxels)
  for (const voxel of lesionNumber) if (voxel >= 0) onLesion[nodeVoxel(forest, voxel)] = 1
  const begin = new Int32Array(257)
  for (let voxel = 0; voxel < voxels; voxel++) {
    const node = nodeVoxel(forest, voxel)
    // Each node is counted once, at its first voxel.
    if (size[node]++ === 0) begin[256 - forest.step[node]]++
  }
  for (let step = 1; step < begin.length; step++) begin[step] += begin[step - 1]
  const childrenFirst = new Int32Array(begin[256])
  for (let voxel = 0; voxel < voxels; voxel++) {
    if (size[voxel] > 0) childrenFirst[begin[255 - forest.step[voxel]]++] = voxel
  }
  for (const node of childrenFirst) {
    const parent = parentNode(forest, node)
    if (parent < 0) continue
    size[parent] += size[node]
    onLesion[parent] |= onLesion[node]
  }
  return { childrenFirst, size, onLesion }
}

/** The voxel that stands for the parent of a node; −1 where it has none. */
function parentNode(forest: VoxelForest, node: number): number {
  const parent = forest.parent[node]
  return parent < 0 ? -1 : nodeVoxel(forest, parent)
}
