import type { Warning } from '../errors.ts'

/**
 * Air is −1000 HU and surrounds or fills nearly every CT. A volume whose darkest voxel is above this is in another
 * unit: unscaled values, an MR, a mask.
 */
const DARKEST_PLAUSIBLE_HU = -200

/** Voxels looked at of a large volume; what is rarer than one in some thousands does not decide. */
const SAMPLES = 1 << 18

/** Unsigned CT numbers are HU plus 1024, so that water lies here (the usual Rescale Intercept is −1024 or −1000). */
const OFFSET = 1024
/** Around water ± this lie all soft tissues and fat. */
const TISSUE_WIDTH = 200
/** Least share of the voxels that are air, and that are tissue, in any CT of a patient. */
const LEAST_SHARE = 0.05

/**
 * Says so where a volume's values are clearly not HU, and what they look like instead. Silent for any volume with
 * something as dark as air and something as bright as water.
 * @param voxels supposed HU; a regular sample of them is looked at, and all only where the sample gives rise to doubt
 */
export function huPlausibility(voxels: Int16Array): Warning[] {
  if (voxels.length === 0) return []
  const sample = range(voxels, stride(voxels.length))
  if (sample.min < DARKEST_PLAUSIBLE_HU && sample.max >= 0) return []
  const { min, max } = range(voxels, 1)
  if (min < DARKEST_PLAUSIBLE_HU && max >= 0) return []
  return [
    { code: 'input/not-hu', message: `${complaint(voxels, min, max)} The result would then mean nothing.` },
  ]
}

function complaint(voxels: Int16Array, min: number, max: number): string {
  if (min === max) return `Every voxel has the value ${min}: this is no CT.`
  if (max < 0) {
    return `The brightest voxel has the value ${max}, while the soft tissues in a CT are near 0 HU and bone is far above: the values may not be HU.`
  }
  if (min >= 0 && max <= 1) {
    return `All values lie between 0 and 1, while a CT reaches from −1000 HU (air) to above 1000 HU (bone): this may be a mask, or an image scaled to between 0 and 1.`
  }
  if (min >= 0 && max <= 255) {
    return `All values lie between ${min} and ${max}, while a CT reaches from −1000 HU (air) to above 1000 HU (bone): this may be a mask, or an image saved in 8 bits after windowing, from which HU cannot be had back.`
  }
  if (min >= 0 && looksOffset(voxels)) {
    return `No value is below ${min}, and they look like HU with ${OFFSET} added (air at 0, water at ${OFFSET}): the file stores unsigned CT numbers without saying that ${OFFSET} (or 1000) must be subtracted.`
  }
  return `The darkest voxel has the value ${min}, while air in a CT is near −1000 HU: the values may not be HU.`
}

/** Whether air lies at 0, the soft tissues at 1024, and less between the two, as after an offset. */
function looksOffset(voxels: Int16Array): boolean {
  const step = stride(voxels.length)
  let [air, between, tissue, seen] = [0, 0, 0, 0]
  for (let i = 0; i < voxels.length; i += step) {
    const v = voxels[i]
    seen++
    if (v < OFFSET / 4) air++
    else if (Math.abs(v - OFFSET) <= TISSUE_WIDTH) tissue++
    else if (v < OFFSET) between++
  }
  return air >= LEAST_SHARE * seen && tissue >= LEAST_SHARE * seen && tissue > between
}

/** Odd, so that it does not fall into step with the even rows of an image. */
function stride(length: number): number {
  return Math.floor(length / SAMPLES / 2) * 2 + 1
}

function range(voxels: Int16Array, step: number): { min: number; max: number } {
  let min = voxels[0]
  let max = min
  for (let i = step; i < voxels.length; i += step) {
    const v = voxels[i]
    if (v < min) min = v
    else if (v > max) max = v
  }
  return { min, max }
}
