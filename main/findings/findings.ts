import { type Warning, WorkstationError } from '../errors.ts'
import {
  type CtVolume,
  type Grid,
  indexToPatient,
  type Vec3,
  voxelCount,
  voxelVolumeMl,
} from '../imaging/volume.ts'
import { type Components, labelComponents } from './components.ts'
import { nextFloat32 } from './float32.ts'
import { type Calibration, type LevelTable, levelTable } from './level.ts'

/** A connected region of the source grid above a level, measured on every one of its voxels. */
export interface Finding {
  /** From 1, in order of rank: peak level, then peak score, then volume, all descending. */
  number: number
  volumeMl: number
  voxelCount: number
  /** Anomaly level, percentile of normal tissue. */
  peakLevel: number
  /** Mean of the voxels' levels (not the level of their mean score). */
  meanLevel: number
  /** Raw score, −log q. */
  peakScore: number
  meanScore: number
  /** Centroid: mean of the voxel centres, LPS mm. */
  centreMm: Vec3
  /** Voxel with the peak score, the first one in memory order where several have it. */
  peakIndex: Vec3
  /** Bounding box in voxels, both ends inclusive. */
  extentIndex: { min: Vec3; max: Vec3 }
  /** Edges of the bounding box along the grid's own axes, mm: whole voxels, so one voxel is one spacing long. */
  extentMm: Vec3
  huMean: number
  /** Population standard deviation (divided by the number of voxels). */
  huSd: number
}

export interface FindingsRequest {
  volume: CtVolume
  /** Raw scores on the volume's grid, in its voxel order. Unscored voxels hold the calibration's lowest score. */
  score: Float32Array
  calibration: Calibration
  /** Lowest anomaly level of a finding's voxels, 0 to 100. */
  level: number
  /** Components smaller than this are left out, mL. */
  minVolumeMl: number
  /** Keep only the highest-ranked ones; at most, and by default, what a uint16 mask can number. */
  maxFindings?: number
}

export interface FindingsResult {
  findings: Finding[]
  /** On the volume's grid: 0, or the number of the finding that holds the voxel. */
  mask: Uint16Array
  warnings: Warning[]
}

const LARGEST_NUMBER = 0xffff

/**
 * The findings of a score map: 26-connected components of the voxels whose level is at least `level`. A voxel at
 * the calibration's lowest score, as every unscored voxel is, never belongs to a finding, whatever the level.
 * Works on the score map itself; beside the mask it needs 10 bytes for each run of voxels above the threshold.
 * @throws WorkstationError 'model/calibration', 'usage/level', 'usage/min-volume', 'usage/max-findings', or
 *   'engine/invalid-score' where a score is not a finite number.
 */
export function findFindings(request: FindingsRequest): FindingsResult {
  const { volume, score } = request
  checkRequest(request)
  const table = levelTable(request.calibration)
  const threshold = Math.max(table.scoreAtLevel(request.level), nextFloat32(table.lowestScore))
  const components = labelComponents(score, threshold, volume.dims)

  const { ranked, omitted } = rankComponents(components, score, request)
  const numberOf = new Uint16Array(components.count)
  ranked.forEach((component, index) => {
    numberOf[component] = index + 1
  })
  const warnings: Warning[] = []
  if (omitted > 0) {
    warnings.push({
      code: 'findings/limited',
      message:
        `${omitted + ranked.length} regions lie above the level; only the ${ranked.length} highest are kept as ` +
        'findings. A higher level or a larger smallest volume gives fewer.',
    })
  }
  return { ...measure(components, numberOf, ranked.length, request, table), warnings }
}

/** Components large enough, in order of rank. */
function rankComponents(
  components: Components,
  score: Float32Array,
  { volume, minVolumeMl, maxFindings = LARGEST_NUMBER }: FindingsRequest,
): { ranked: Uint32Array; omitted: number } {
  const peak = new Float32Array(components.count).fill(Number.NEGATIVE_INFINITY)
  for (let run = 0; run < components.runStart.length; run++) {
    const component = components.runComponent[run]
    const end = components.runStart[run] + components.runLength[run]
    for (let i = components.runStart[run]; i < end; i++) {
      if (score[i] > peak[component]) peak[component] = score[i]
    }
  }
  // In voxels, with room for rounding: 100 voxels of 0.001 mL are 0.1 mL.
  const minVoxels = minVolumeMl / voxelVolumeMl(volume) - 1e-6
  let large = 0
  const ranked = new Uint32Array(components.count)
  for (let component = 0; component < components.count; component++) {
    if (components.voxelCount[component] >= minVoxels) ranked[large++] = component
  }
  // Level never falls as score rises, so peak score orders by peak level too. Memory order settles what is left,
  // so that a run gives the same numbers every time.
  const sorted = ranked
    .subarray(0, large)
    .sort((a, b) => peak[b] - peak[a] || components.voxelCount[b] - components.voxelCount[a] || a - b)
  const kept = Math.min(large, maxFindings, LARGEST_NUMBER)
  return { ranked: sorted.slice(0, kept), omitted: large - kept }
}

function measure(
  components: Components,
  numberOf: Uint16Array,
  count: number,
  { volume, score }: FindingsRequest,
  table: LevelTable,
): Omit<FindingsResult, 'warnings'> {
  const [nx, ny] = volume.dims
  const mask = new Uint16Array(voxelCount(volume))
  const sums = Array.from({ length: count }, () => new Sums())
  for (let run = 0; run < components.runStart.length; run++) {
    const number = numberOf[components.runComponent[run]]
    if (number === 0) continue
    const start = components.runStart[run]
    const length = components.runLength[run]
    mask.fill(number, start, start + length)
    const row = Math.floor(start / nx)
    const sum = sums[number - 1]
    sum.addRun(start - row * nx, row % ny, Math.floor(row / ny), length)
    for (let i = start; i < start + length; i++) {
      sum.addVoxel(i, score[i], table.levelOf(score[i]), volume.voxels[i])
    }
  }
  return { findings: sums.map((sum, index) => sum.toFinding(index + 1, volume, table)), mask }
}

/** Running sums of one finding, voxel by voxel; sums of integers stay exact in a double for any volume that fits in memory. */
export class Sums {
  private voxels = 0
  private sumX = 0
  private sumY = 0
  private sumZ = 0
  private minX = Number.POSITIVE_INFINITY
  private minY = Number.POSITIVE_INFINITY
  private minZ = Number.POSITIVE_INFINITY
  private maxX = -1
  private maxY = -1
  private maxZ = -1
  private sumScore = 0
  private sumLevel = 0
  private peakScore = Number.NEGATIVE_INFINITY
  private peakOffset = -1
  private sumHu = 0
  private sumHuSquared = 0

  addRun(x: number, y: number, z: number, length: number): void {
    const lastX = x + length - 1
    this.voxels += length
    this.sumX += (length * (x + lastX)) / 2
    this.sumY += length * y
    this.sumZ += length * z
    this.minX = Math.min(this.minX, x)
    this.minY = Math.min(this.minY, y)
    this.minZ = Math.min(this.minZ, z)
    this.maxX = Math.max(this.maxX, lastX)
    this.maxY = Math.max(this.maxY, y)
    this.maxZ = Math.max(this.maxZ, z)
  }

  addVoxel(offset: number, score: number, level: number, hu: number): void {
    this.sumScore += score
    this.sumLevel += level
    if (score > this.peakScore) {
      this.peakScore = score
      this.peakOffset = offset
    }
    this.sumHu += hu
    this.sumHuSquared += hu * hu
  }

  toFinding(number: number, grid: Grid, table: LevelTable): Finding {
    const { voxels } = this
    const [nx, ny] = grid.dims
    const min: Vec3 = [this.minX, this.minY, this.minZ]
    const max: Vec3 = [this.maxX, this.maxY, this.maxZ]
    const huMean = this.sumHu / voxels
    const peakRow = Math.floor(this.peakOffset / nx)
    return {
      number,
      volumeMl: voxels * voxelVolumeMl(grid),
      voxelCount: voxels,
      peakLevel: table.levelOf(this.peakScore),
      meanLevel: this.sumLevel / voxels,
      peakScore: this.peakScore,
      meanScore: this.sumScore / voxels,
      centreMm: indexToPatient(grid, [this.sumX / voxels, this.sumY / voxels, this.sumZ / voxels]),
      peakIndex: [this.peakOffset - peakRow * nx, peakRow % ny, Math.floor(peakRow / ny)],
      extentIndex: { min, max },
      extentMm: [
        (max[0] - min[0] + 1) * grid.spacing[0],
        (max[1] - min[1] + 1) * grid.spacing[1],
        (max[2] - min[2] + 1) * grid.spacing[2],
      ],
      huMean,
      huSd: Math.sqrt(Math.max(0, this.sumHuSquared / voxels - huMean * huMean)),
    }
  }
}

function checkRequest({ volume, score, minVolumeMl, maxFindings }: FindingsRequest): void {
  const voxels = voxelCount(volume)
  if (score.length !== voxels || volume.voxels.length !== voxels) {
    throw new RangeError(`${voxels} voxels, but ${score.length} scores and ${volume.voxels.length} HU values`)
  }
  if (!(minVolumeMl >= 0 && Number.isFinite(minVolumeMl))) {
    throw new WorkstationError(
      'usage/min-volume',
      `The smallest volume of a finding must be 0 mL or more, not ${minVolumeMl}.`,
    )
  }
  if (maxFindings !== undefined && !(Number.isInteger(maxFindings) && maxFindings >= 1)) {
    throw new WorkstationError(
      'usage/max-findings',
      `The largest number of findings must be a whole number of at least 1, not ${maxFindings}.`,
    )
  }
  // A score that is not a number would read as "nothing rare here".
  for (let i = 0; i < voxels; i++) {
    if (!Number.isFinite(score[i])) {
      throw new WorkstationError(
        'engine/invalid-score',
        'The model returned values that are not numbers, so no findings can be computed from this run.',
        `score[${i}] = ${score[i]}`,
      )
    }
  }
}
