import { ceilFloat32, nextFloat32 } from './float32.ts'
import { type Calibration, levelTable } from './level.ts'

/**
 * The thresholds a reader can choose, ascending. A step is numbered from 1: step s has level[s − 1] and
 * score[s − 1]; 0 means below all of them.
 */
export interface ThresholdSteps {
  /** Anomaly level of each step, 0 to 100. */
  readonly level: Float64Array
  /**
   * The lowest float32 score that belongs at each step, never at or below the calibration's lowest score, which
   * every unscored voxel has: what `findFindings` compares with at the same level.
   */
  readonly score: Float32Array
}

/** A step map is a byte per voxel and 0 is below all steps; one value is left free. */
const MOST_STEPS = 254
/** 1 in 10. Below it most of a patient is one component. */
const FIRST_LEVEL = 90
/** 1 in a million normal voxels: no calibration holds enough of them to tell finer, so only its end follows. */
const LAST_RARITY = 6
/** Exact decimals, and finer than the distance between any two steps. */
const LEVEL_DECIMALS = 1e8
const BINS = 1024

/**
 * The threshold steps of a calibration: evenly spaced in rarity r = −log10(1 − level / 100) from level 90 (r = 1;
 * level 0 where the table ends at 90 or below), and last the table's highest level. They are 0.01 apart where that
 * makes at most 254, which is so up to a highest level of 99.97, otherwise 0.02, so that 99, 99.9 and 99.99 are
 * always among them, exactly.
 * @throws WorkstationError 'model/calibration'
 */
export function thresholdSteps(calibration: Calibration): ThresholdSteps {
  const table = levelTable(calibration)
  const fine = gridLevels(table.highestLevel, 100)
  const levels = fine.length < MOST_STEPS ? fine : gridLevels(table.highestLevel, 50)
  levels.push(table.highestLevel)
  const floor = nextFloat32(table.lowestScore)
  return {
    level: Float64Array.from(levels),
    score: Float32Array.from(levels, (level) => ceilFloat32(Math.max(table.scoreAtLevel(level), floor))),
  }
}

/** Levels below `highest`, so many to one unit of rarity. */
function gridLevels(highest: number, perUnit: number): number[] {
  const levels: number[] = []
  const first = highest > FIRST_LEVEL ? perUnit : 0
  for (let i = first; i <= LAST_RARITY * perUnit; i++) {
    // Rounded to decimals: 100 · (1 − 10⁻³) is not 99.9 in floating point.
    const level = Math.round(100 * (1 - 10 ** (-i / perUnit)) * LEVEL_DECIMALS) / LEVEL_DECIMALS
    if (level >= highest) break
    levels.push(level)
  }
  return levels
}

/**
 * The step whose level is nearest in rarity, from 1: where a level that was typed or remembered stands. Beyond
 * either end it is the first or the last step.
 */
export function nearestStep(steps: ThresholdSteps, level: number): number {
  const { level: levels } = steps
  const last = levels.length - 1
  if (!(level < levels[last])) return last + 1
  let above = 0
  while (levels[above] < level) above++
  if (above === 0 || levels[above] === level) return above + 1
  const toLower = Math.log(100 - levels[above - 1]) - Math.log(100 - level)
  const toUpper = Math.log(100 - level) - Math.log(100 - levels[above])
  return toLower < toUpper ? above : above + 1
}

/**
 * The step of every voxel: the number of steps whose score threshold is at or below the voxel's score. A voxel
 * belongs at step s where `out[i] >= s`. 0 for NaN. Any order of voxels; a slice at a time where memory is short.
 */
export function stepMap(
  score: Float32Array,
  steps: ThresholdSteps,
  out: Uint8Array = new Uint8Array(score.length),
): Uint8Array {
  if (out.length !== score.length) throw new RangeError('the step map must be as long as the score map')
  const stepOf = stepLookup(steps)
  const floor = steps.score[0]
  for (let i = 0; i < score.length; i++) {
    const value = score[i]
    out[i] = value >= floor ? stepOf(value) : 0
  }
  return out
}

const lookups = new WeakMap<ThresholdSteps, (score: number) => number>()

/** Step of a score at or above the first threshold; bins bring a look-up near the answer without a search. */
function stepLookup(steps: ThresholdSteps): (score: number) => number {
  const known = lookups.get(steps)
  if (known) return known
  const threshold = Float64Array.from(steps.score)
  const count = threshold.length
  const lowest = threshold[0]
  const highest = threshold[count - 1]
  const binsPerScore = highest > lowest ? BINS / (highest - lowest) : 0
  const first = new Uint8Array(BINS + 1)
  for (let bin = 0, step = 1; bin <= BINS; bin++) {
    while (step < count && threshold[step] <= lowest + bin / binsPerScore) step++
    first[bin] = step
  }
  const stepOf = (value: number): number => {
    if (value >= highest) return count
    let step = first[Math.trunc((value - lowest) * binsPerScore)]
    // The bin is found by a rounded product, so it may be one off in either direction.
    while (value < threshold[step - 1]) step--
    while (value >= threshold[step]) step++
    return step
  }
  lookups.set(steps, stepOf)
  return stepOf
}
