import { WorkstationError } from '../errors.ts'

/**
 * Calibration table of a model package: `score[i]` is the score below which `percentile[i]` % of the voxels of
 * normal tissue lie. Both strictly ascending. A package manifest's `calibration` is one.
 */
export interface Calibration {
  readonly percentile: readonly number[]
  readonly score: readonly number[]
}

/**
 * A calibration table made ready for millions of look-ups. Scores are rounded to float32, as score maps are
 * stored, so that a voxel that holds exactly a table score gets exactly that entry's percentile.
 */
export interface LevelTable {
  /** The table's lowest score; voxels at or below it, unscored ones included, have the lowest level. */
  readonly lowestScore: number
  readonly lowestLevel: number
  readonly highestLevel: number
  /** Anomaly level of a raw score; NaN for NaN. */
  levelOf(score: number): number
  /** Lowest raw score that reaches a level; Infinity above the table's highest level. */
  scoreAtLevel(level: number): number
}

// Tables crowd near the top; bins bring a look-up to the right entry without a search.
const BINS = 4096

const tables = new WeakMap<Calibration, LevelTable>()

/**
 * The look-up table of a calibration, built once per calibration object (which must not change afterwards).
 * @throws WorkstationError 'model/calibration' where the table is not two ascending columns of finite numbers
 *   with percentiles within 0 to 100.
 */
export function levelTable(calibration: Calibration): LevelTable {
  let table = tables.get(calibration)
  if (table === undefined) {
    table = buildTable(calibration)
    tables.set(calibration, table)
  }
  return table
}

/**
 * Anomaly level, 0 to 100: the percentile of normal tissue at a raw score (−log q), by piecewise-linear
 * interpolation of the calibration table, clamped to its first and last percentile (as numpy.interp). NaN for NaN.
 * @throws WorkstationError 'model/calibration'
 */
export function levelOf(score: number, calibration: Calibration): number {
  return levelTable(calibration).levelOf(score)
}

/**
 * Level map of a score map, any order of voxels, into `out` (of the same length) or a new array.
 * @throws WorkstationError 'model/calibration'
 */
export function levels(
  score: Float32Array,
  calibration: Calibration,
  out: Float32Array = new Float32Array(score.length),
): Float32Array {
  if (out.length !== score.length) throw new RangeError('the level map must be as long as the score map')
  const { levelOf } = levelTable(calibration)
  for (let i = 0; i < score.length; i++) out[i] = levelOf(score[i])
  return out
}

/**
 * Inverse of `levelOf`: the lowest score that has at least this level. Infinity for a level above the table's last
 * percentile, which no voxel reaches; the table's lowest score for levels at or below its first.
 * @throws WorkstationError 'usage/level' for a level outside 0 to 100, 'model/calibration'
 */
export function scoreAtLevel(level: number, calibration: Calibration): number {
  return levelTable(calibration).scoreAtLevel(level)
}

/**
 * A level in words, as a reader sees it: 99.9 → "1 in 1,000 normal voxels". Rounded to two significant digits:
 * the tail of a calibration table is not known better.
 */
export function formatLevel(level: number): string {
  if (Number.isNaN(level)) return 'no level'
  if (level >= 100) return 'rarer than any normal voxel seen in calibration'
  if (level < 50) return 'more than half of normal voxels'
  const oneIn = Number((100 / (100 - level)).toPrecision(2))
  return `1 in ${oneIn.toLocaleString('en-US')} normal voxels`
}

function buildTable(calibration: Calibration): LevelTable {
  checkCalibration(calibration)
  const count = calibration.score.length
  const last = count - 1
  const percentile = Float64Array.from(calibration.percentile)
  const score = Float64Array.from(calibration.score, Math.fround)
  const lowest = score[0]
  const highest = score[last]
  const lowestLevel = percentile[0]
  const highestLevel = percentile[last]

  const binsPerScore = BINS / (highest - lowest)
  const firstEntry = new Int32Array(BINS + 1)
  for (let bin = 0, entry = 0; bin <= BINS; bin++) {
    while (entry < last - 1 && score[entry + 1] <= lowest + bin / binsPerScore) entry++
    firstEntry[bin] = entry
  }

  function levelOf(value: number): number {
    if (value <= lowest) return lowestLevel
    if (value >= highest) return highestLevel
    if (Number.isNaN(value)) return Number.NaN
    let entry = firstEntry[Math.trunc((value - lowest) * binsPerScore)]
    // The bin is found by a rounded product, so it may be one off in either direction.
    while (value < score[entry]) entry--
    while (value >= score[entry + 1]) entry++
    const fraction = (value - score[entry]) / (score[entry + 1] - score[entry])
    return percentile[entry] + fraction * (percentile[entry + 1] - percentile[entry])
  }

  function scoreAt(level: number): number {
    if (!(level >= 0 && level <= 100)) {
      throw new WorkstationError('usage/level', `The anomaly level must be between 0 and 100, not ${level}.`)
    }
    if (level <= lowestLevel) return lowest
    if (level > highestLevel) return Number.POSITIVE_INFINITY
    let entry = 0
    while (percentile[entry + 1] < level) entry++
    // Exact at an entry, where the interpolation below may be one unit in the last place off.
    if (percentile[entry + 1] === level) return score[entry + 1]
    const fraction = (level - percentile[entry]) / (percentile[entry + 1] - percentile[entry])
    return score[entry] + fraction * (score[entry + 1] - score[entry])
  }

  return { lowestScore: lowest, lowestLevel, highestLevel, levelOf, scoreAtLevel: scoreAt }
}

function checkCalibration({ percentile, score }: Calibration): void {
  const refuse = (detail: string): never => {
    throw new WorkstationError(
      'model/calibration',
      "The model package's calibration table is not valid, so its scores cannot be turned into anomaly levels.",
      detail,
    )
  }
  if (percentile.length !== score.length) {
    refuse(`${percentile.length} percentiles but ${score.length} scores`)
  }
  if (score.length < 2) refuse('fewer than two entries')
  for (let i = 0; i < score.length; i++) {
    if (!(percentile[i] >= 0 && percentile[i] <= 100)) refuse(`percentile ${i} is ${percentile[i]}`)
    if (!Number.isFinite(Math.fround(score[i]))) refuse(`score ${i} is ${score[i]}`)
    if (i === 0) continue
    if (!(percentile[i] > percentile[i - 1])) refuse(`percentile ${i} does not ascend: ${percentile[i]}`)
    if (!(Math.fround(score[i]) > Math.fround(score[i - 1])))
      refuse(`score ${i} does not ascend: ${score[i]}`)
  }
}
