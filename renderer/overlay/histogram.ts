/** Bars of the level histogram: one for each threshold step, on a logarithmic axis of counts. */

/** Share of the height that a bar of so many voxels has: 0 for none, and a little for a single one. */
export function barHeight(count: number, highest: number): number {
  if (count <= 0) return 0
  return (Math.log10(count) + LOG_FLOOR) / (Math.log10(Math.max(highest, 1)) + LOG_FLOOR)
}

/** One voxel, whose logarithm is 0, is seen as well. */
const LOG_FLOOR = 0.35

/** Powers of ten at or below the highest count. */
export function decades(highest: number): number[] {
  const powers: number[] = []
  for (let power = 1; 10 ** power <= highest; power++) powers.push(10 ** power)
  return powers
}

/** The step under a position 0–1 of the histogram's width, and where the line of a step stands: at its left end. */
export function stepAt(part: number, steps: number): number {
  return Math.min(Math.max(Math.floor(part * steps) + 1, 1), steps)
}

export function partOf(step: number, steps: number): number {
  return (step - 1) / steps
}

/** Where a key moves a threshold control from `step`; undefined where it does not. Shift and page keys: ten steps. */
export function stepByKey(key: string, shift: boolean, step: number, steps: number): number | undefined {
  const many = shift ? 10 : 1
  const to: Readonly<Record<string, number>> = {
    ArrowLeft: step - many,
    ArrowDown: step - many,
    ArrowRight: step + many,
    ArrowUp: step + many,
    PageDown: step - 10,
    PageUp: step + 10,
    Home: 1,
    End: steps,
  }
  const wanted = to[key]
  return wanted === undefined ? undefined : Math.min(Math.max(1, wanted), steps)
}

/** Voxels at a step or above. `counts[0]` is what lies below all steps. */
export function voxelsFrom(counts: Float64Array, step: number): number {
  let sum = 0
  for (let s = step; s < counts.length; s++) sum += counts[s]
  return sum
}

/**
 * Steps at which a decade of rarity begins (1 in 10, 1 in 100 …), for the ticks below.
 * @param level of the steps, ascending
 */
export function rarityTicks(level: Float64Array): { step: number; oneIn: number }[] {
  const ticks: { step: number; oneIn: number }[] = []
  for (let power = 1; power <= 6; power++) {
    const wanted = 100 * (1 - 10 ** -power)
    const index = level.findIndex((l) => Math.abs(l - wanted) < 1e-7)
    if (index >= 0) ticks.push({ step: index + 1, oneIn: 10 ** power })
  }
  return ticks
}
