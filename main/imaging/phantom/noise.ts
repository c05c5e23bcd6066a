import { type Canvas, Tissue } from './canvas.ts'
import type { Patient } from './patient.ts'
import { createRandom, type Random } from './random.ts'

const SIDE = 64

/** A periodic cube of smooth noise, zero mean, unit variance; sigma in cells per axis. */
function noiseCube(random: Random, sigma: readonly [number, number, number]): Float32Array {
  let cube = new Float32Array(SIDE ** 3)
  for (let n = 0; n < cube.length; n++) cube[n] = quickNormal(random)
  for (let axis = 0; axis < 3; axis++) {
    const reach = Math.ceil(2.5 * sigma[axis])
    if (reach === 0) continue
    const weights = Array.from({ length: 2 * reach + 1 }, (_, n) =>
      Math.exp(-0.5 * ((n - reach) / sigma[axis]) ** 2),
    )
    const step = SIDE ** axis
    const out = new Float32Array(cube.length)
    for (let n = 0; n < cube.length; n++) {
      const at = Math.floor(n / step) % SIDE
      const base = n - at * step
      let sum = 0
      for (let w = -reach; w <= reach; w++)
        sum += weights[w + reach] * cube[base + ((at + w + SIDE) % SIDE) * step]
      out[n] = sum
    }
    cube = out
  }
  let square = 0
  for (const value of cube) square += value * value
  const scale = 1 / Math.sqrt(square / cube.length)
  for (let n = 0; n < cube.length; n++) cube[n] *= scale
  return cube
}

/** Near-normal, from the four bytes of one draw: enough after filtering, and fast for millions of voxels. */
function quickNormal(random: Random): number {
  const bits = random.bits()
  return ((bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24) - 510) / 147.8
}

/** HU spread of the tissue itself: parenchyma, fat strands, marrow, marbled muscle. Fine and coarse grain. */
const GRAIN: Partial<Record<Tissue, readonly [number, number]>> = {
  [Tissue.fat]: [7, 5],
  [Tissue.muscle]: [7, 9],
  [Tissue.lung]: [24, 15],
  [Tissue.visceralFat]: [10, 9],
  [Tissue.bone]: [34, 30],
  [Tissue.liver]: [3, 4],
  [Tissue.organ]: [4, 5],
  [Tissue.content]: [3, 4],
  [Tissue.bowel]: [4, 5],
  [Tissue.blood]: [1, 3],
}

export function addTissueGrain(canvas: Canvas, patient: Patient): void {
  const random = createRandom(patient.seed, 'grain')
  const { dims, spacing } = canvas.grid
  const cells = (mm: number) => [mm / spacing[0], mm / spacing[1], mm / spacing[2]] as const
  const fine = noiseCube(random, cells(1.6))
  const coarse = noiseCube(random, cells(5))
  const low = new Float32Array(16)
  const high = new Float32Array(16)
  for (const [tissue, [a, b]] of Object.entries(GRAIN)) {
    high[Number(tissue)] = a
    low[Number(tissue)] = b
  }
  const { hu, tissue } = canvas
  let offset = 0
  for (let k = 0; k < dims[2]; k++)
    for (let j = 0; j < dims[1]; j++) {
      const row = SIDE * ((j % SIDE) + SIDE * (k % SIDE))
      // A different shift per tile hides that the coarse cube repeats.
      const row2 = SIDE * (((j + 17) % SIDE) + SIDE * ((k + 29) % SIDE))
      for (let i = 0; i < dims[0]; i++, offset++) {
        const t = tissue[offset]
        if (t === 0) continue
        const strength =
          t === Tissue.fat || t === Tissue.visceralFat ? Math.max(0, coarse[row + (i % SIDE)]) * 0.6 : 0
        hu[offset] +=
          high[t] * (fine[row + (i % SIDE)] + strength * 2) + low[t] * coarse[row2 + ((i + 11) % SIDE)]
      }
    }
}

/**
 * Adds noise as filtered back projection leaves it: correlated over 1–2 mm in the slice (a band-pass, wider for a
 * smooth kernel), a little across slices, stronger deep in the body. Values are then rounded and clipped at −1024 HU.
 */
export function addScannerNoise(canvas: Canvas, patient: Patient, out: Int16Array): void {
  const random = createRandom(patient.seed, 'noise')
  const { dims, spacing } = canvas.grid
  const [nx, ny, nz] = dims
  const plane = nx * ny
  const sigmaMm = 1.25 - 0.6 * patient.sharpness
  const kernels = [0, 1].map((axis) => {
    const s = Math.max(0.35, sigmaMm / spacing[axis])
    const reach = Math.max(1, Math.ceil(2.5 * s))
    return Array.from({ length: 2 * reach + 1 }, (_, n) => Math.exp(-0.5 * ((n - reach) / s) ** 2))
  })
  const white = new Float32Array(plane)
  const scratch = new Float32Array(plane)
  const current = new Float32Array(plane)
  const previous = new Float32Array(plane)
  // Share of the slice before: thick slices hardly correlate.
  const carry = Math.min(0.5, 0.45 * Math.exp(-(spacing[2] - 1) / 1.5))
  const fresh = Math.sqrt(1 - carry * carry)
  for (let k = 0; k < nz; k++) {
    for (let n = 0; n < plane; n++) white[n] = quickNormal(random)
    filter(white, scratch, nx, ny, kernels[0], 1, nx)
    filter(scratch, current, ny, nx, kernels[1], nx, 1)
    // Low frequencies are weak in CT noise: subtract a wider mean.
    let square = 0
    for (let j = 2; j < ny - 2; j++)
      for (let i = 2; i < nx - 2; i++) {
        const n = i + nx * j
        const ring = current[n - 2] + current[n + 2] + current[n - 2 * nx] + current[n + 2 * nx]
        white[n] = current[n] - 0.14 * ring
        square += white[n] * white[n]
      }
    const scale = Math.sqrt(plane / (square || 1))
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++) {
        const n = i + nx * j
        const value = k === 0 ? white[n] * scale : carry * previous[n] + fresh * white[n] * scale
        previous[n] = value
        const u = (i / nx - 0.5) * 2.6
        const v = (j / ny - 0.5) * 3
        const depth = 0.62 + 0.5 * Math.exp(-u * u - v * v)
        const hu = canvas.hu[n + plane * k] + value * depth * patient.noiseSd
        out[n + plane * k] = Math.max(-1024, Math.round(hu))
      }
  }
}

/** One-dimensional filter along the axis of stride `step`, edges repeated. */
function filter(
  from: Float32Array,
  to: Float32Array,
  length: number,
  lines: number,
  weights: readonly number[],
  step: number,
  lineStep: number,
): void {
  const reach = (weights.length - 1) / 2
  for (let line = 0; line < lines; line++) {
    const base = line * lineStep
    for (let n = 0; n < length; n++) {
      let sum = 0
      for (let w = -reach; w <= reach; w++) {
        const at = n + w < 0 ? 0 : n + w >= length ? length - 1 : n + w
        sum += weights[w + reach] * from[base + at * step]
      }
      to[base + n * step] = sum
    }
  }
}
