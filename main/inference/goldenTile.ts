import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { WorkstationError } from '../errors.ts'
import { DEVICE_LABEL, type Device } from './devices.ts'
import type { ModelPackage } from './package.ts'
import type { TileOption } from './tileOptions.ts'

/**
 * The tile with a known answer that every device must reproduce before it is trusted. Drivers have returned zeros or
 * NaN without any error when memory ran short (onnxruntime#13545); in an anomaly map zeros read as "nothing found".
 */
export interface GoldenTile {
  /** Network input [channels, D, H, W], 0–1. */
  input: Float32Array
  /** Expected score at every `stride`-th voxel of each axis. */
  expected: Float32Array
}

export async function readGoldenTile(pkg: ModelPackage, { golden }: TileOption): Promise<GoldenTile> {
  const [bytes, raw] = await Promise.all([
    readFile(join(pkg.dir, golden.input.path)),
    readFile(join(pkg.dir, golden.score.path)),
  ])
  const input = new Float32Array(bytes.length)
  for (let i = 0; i < bytes.length; i++) input[i] = bytes[i] / 255
  const expected = new Float32Array(raw.length / 4)
  for (let i = 0; i < expected.length; i++) expected[i] = raw.readFloatLE(4 * i)
  return { input, expected }
}

/** Expected scores differ by so many times what is accepted as a deviation. */
const LEAST_CONTRAST = 4

/**
 * Refuses a check tile that any device would pass, or none.
 * @throws WorkstationError `model/golden`
 */
export function checkContrast(
  expected: Float32Array,
  { manifest }: ModelPackage,
  { golden }: TileOption,
): void {
  const refuse = (why: string): never => {
    const sentence = `The check tile of the model ${manifest.name} proves nothing: ${why}.`
    throw new WorkstationError('model/golden', sentence)
  }
  if (!expected.every((value) => Number.isFinite(value))) refuse('its expected scores are not all numbers')
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of expected) {
    lowest = Math.min(lowest, value)
    highest = Math.max(highest, value)
  }
  const accepted = golden.tolerance * Math.max(1, Math.abs(lowest), Math.abs(highest))
  if (highest - lowest < LEAST_CONTRAST * accepted)
    refuse(
      `its expected scores span ${(highest - lowest).toPrecision(3)}, where deviations of ${accepted.toPrecision(3)} are accepted`,
    )
}

const AT = { before: '', after: ' at the end of the run' }
const THEN = { before: 'It is not used there.', after: 'No map of the run was kept.' }

/**
 * Compares a score tile [D, H, W] with the expected one.
 *
 * @param when the device was about to be used, or had just run
 * @returns the largest |difference| / max(1, |expected|)
 * @throws WorkstationError `engine/golden-mismatch` with the numbers, where the score is not finite, constant, or
 *   deviates by more than the package tolerates.
 */
export function verifyGoldenScore(
  score: Float32Array,
  expected: Float32Array,
  pkg: ModelPackage,
  { patchSize, golden }: TileOption,
  device: Device,
  when: 'before' | 'after',
): number {
  const [width, height, depth] = patchSize
  let deviation = 0
  let notFinite = 0
  let lowest = Number.POSITIVE_INFINITY
  let highest = Number.NEGATIVE_INFINITY
  let at = 0
  for (let z = 0; z < depth; z += golden.stride) {
    for (let y = 0; y < height; y += golden.stride) {
      for (let x = 0; x < width; x += golden.stride, at++) {
        const value = score[x + width * (y + height * z)]
        if (!Number.isFinite(value)) {
          notFinite++
          continue
        }
        lowest = Math.min(lowest, value)
        highest = Math.max(highest, value)
        deviation = Math.max(deviation, Math.abs(value - expected[at]) / Math.max(1, Math.abs(expected[at])))
      }
    }
  }
  const refuse = (what: string): never => {
    throw new WorkstationError(
      'engine/golden-mismatch',
      `The model ${pkg.manifest.name} gave a wrong answer to its check tile on ${DEVICE_LABEL[device]}${AT[when]}: ${what}. ${THEN[when]}`,
      `lowest ${lowest}, highest ${highest}, largest deviation ${deviation}, not finite ${notFinite} of ${expected.length}`,
    )
  }
  if (notFinite > 0) refuse(`${notFinite} of ${expected.length} values are not numbers`)
  if (lowest === highest) refuse(`every value is ${lowest}`)
  if (deviation > golden.tolerance) {
    refuse(`it deviates by ${deviation.toPrecision(3)}, where ${golden.tolerance} is accepted`)
  }
  return deviation
}
