import { setImmediate } from 'node:timers/promises'
import { blendSlice, blendStack, straighten } from '../stackResample.ts'
import { allocateVoxels, type DecodeOptions, decodeImages } from './decodeImages.ts'
import { checkMemory } from './memory.ts'
import type { SeriesPlan } from './plan.ts'

/**
 * Decodes the images of a plan and makes its volume of them. Memory: one volume, and one more where the spacing is
 * resampled or a tilt taken out.
 * @returns the voxels of the plan's grid (Int16 HU), and how many values of the images were clamped at 32,767 HU
 * @throws WorkstationError input/too-large before anything is allocated; as decodeImages
 */
export async function assemble(
  plan: SeriesPlan,
  options: DecodeOptions,
): Promise<{ voxels: Int16Array; clamped: number }> {
  const { slices, blends, shear } = plan
  const { rows, columns } = slices[0]!
  const size = rows * columns
  const [nx, ny, nz] = plan.grid.dims
  const placed = placesOf(plan)
  const decoded = size * (placed ? nz : slices.length)
  const blended = placed ? 0 : size * nz
  const straight = shear ? nx * ny * nz : 0
  // No more than two of them are needed at a time, but what was let go is not free at once.
  checkMemory(
    (decoded + blended + straight) * Int16Array.BYTES_PER_ELEMENT,
    `This series (${nz} slices of ${nx} × ${ny})`,
  )

  const images = allocateVoxels(decoded)
  const clamped = await decodeImages(slices, images, placed ? (i) => placed[i]! : undefined, options)
  const stack = placed ? images : new Int16Array(blended)
  if (placed) fillGaps(images, size, plan, placed)
  else await inParts(nz, options, (from, end) => blendStack(images, size, blends, stack, from, end))
  if (!shear) return { voxels: stack, clamped }
  const voxels = new Int16Array(straight)
  await inParts(nz, options, (from, end) => straighten(stack, shear, voxels, from, end))
  return { voxels, clamped }
}

/** Slices that are computed before whoever waits (a heartbeat, a cancel) gets a turn: some tens of milliseconds. */
const SLICES_AT_A_TIME = 8

async function inParts(
  slices: number,
  { signal }: DecodeOptions,
  work: (from: number, end: number) => void,
): Promise<void> {
  for (let from = 0; from < slices; from += SLICES_AT_A_TIME) {
    signal?.throwIfAborted()
    work(from, Math.min(slices, from + SLICES_AT_A_TIME))
    await setImmediate()
  }
}

/** For each image the slice that it is; undefined if some image is none and the stack must be resampled. */
function placesOf({ slices, blends }: SeriesPlan): number[] | undefined {
  const places: number[] = []
  blends.forEach(({ below, weight }, k) => {
    if (weight === 0 && places[below] === undefined) places[below] = k
  })
  return Object.keys(places).length === slices.length ? places : undefined
}

/** Makes the slices between images, in place. */
function fillGaps(voxels: Int16Array, size: number, plan: SeriesPlan, places: readonly number[]): void {
  const slice = (k: number) => voxels.subarray(k * size, (k + 1) * size)
  plan.blends.forEach(({ below, above, weight }, k) => {
    if (places[below] === k && weight === 0) return
    blendSlice(slice(places[below]!), slice(places[above]!), weight, slice(k))
  })
}
