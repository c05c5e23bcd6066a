import { createRandom } from '../../imaging/phantom/random.ts'
import type { Estimate } from '../types.ts'

const DRAWS = 1000
const FEWEST_CASES = 3
const TAIL = 0.025

export interface Bootstrap {
  /**
   * Several figures of the same drawn cases.
   * @param statistic of drawn cases, numbered from 0, one named as often as it was drawn; null where not defined
   * @param has whether a case has the figures at all; every case, if absent
   */
  estimates<K extends string>(
    statistic: (drawn: Uint32Array) => Record<K, number | null>,
    has?: (n: number) => boolean,
  ): Record<K, Estimate | null>
  /** One figure of drawn cases. */
  estimate(statistic: (drawn: Uint32Array) => number | null, has?: (n: number) => boolean): Estimate | null
  /** Of one number for each case, the mean over the cases that have one. */
  mean(values: readonly (number | null)[]): Estimate | null
}

/**
 * Figures over cases with 95 % confidence intervals by the percentile bootstrap (Efron, 1979): cases are drawn with
 * replacement 1,000 times, the same draws for every figure of one seed and number of cases. No interval where fewer
 * than three cases have the figure.
 * @param count number of cases
 */
export function caseBootstrap(count: number, seed: number): Bootstrap {
  const random = createRandom(seed, 'bootstrap')
  const everyCase = Uint32Array.from({ length: count }, (_, n) => n)
  const draws = Array.from({ length: count < FEWEST_CASES ? 0 : DRAWS }, () =>
    everyCase.map(() => random.integer(0, count - 1)),
  )
  const estimates: Bootstrap['estimates'] = (statistic, has = () => true) => {
    const cases = everyCase.filter(has).length
    const values = statistic(everyCase)
    const drawn = cases < FEWEST_CASES ? [] : draws.map(statistic)
    const found = (Object.keys(values) as (keyof typeof values)[]).map((figure) => {
      const value = values[figure]
      return [figure, value === null ? null : { value, ci: interval(drawn.map((d) => d[figure])), cases }]
    })
    return Object.fromEntries(found)
  }
  const estimate: Bootstrap['estimate'] = (statistic, has) =>
    estimates((drawn) => ({ figure: statistic(drawn) }), has).figure
  return {
    estimates,
    estimate,
    mean: (values) =>
      estimate(
        (drawn) => meanOf(Array.from(drawn, (n) => values[n])),
        (n) => values[n] !== null,
      ),
  }
}

/** A draw may hold no case that has the figure. */
function interval(drawn: readonly (number | null)[]): [number, number] | null {
  const values = Float64Array.from(drawn.filter((value) => value !== null)).sort()
  return values.length === 0 ? null : [quantile(values, TAIL), quantile(values, 1 - TAIL)]
}

/** Mean of the numbers that are there; null where none is. */
export function meanOf(values: readonly (number | null)[]): number | null {
  const there = values.filter((value) => value !== null)
  return there.length === 0 ? null : there.reduce((sum, value) => sum + value) / there.length
}

/** The q-quantile of ascending values, interpolated as numpy.quantile does. */
export function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1)
  const below = Math.floor(at)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below] + (at - below) * (sorted[above] - sorted[below])
}
