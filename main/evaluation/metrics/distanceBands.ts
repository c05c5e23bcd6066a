import type { Grid } from '../../imaging/volume.ts'

/** That files hold spacings in single precision must not decide on which side of a limit a voxel lies. */
const TOLERANCE = 1 + 1e-6

/**
 * How far every voxel is from the nearest site, in bands: the number of `limitsMm` that its distance exceeds. The
 * distance is the exact Euclidean one between voxel centres in mm, as scipy.ndimage.distance_transform_edt with
 * `sampling`: one pass for each axis, in planes as lower envelopes of parabolas (Felzenszwalb and Huttenlocher,
 * "Distance transforms of sampled functions", 2012). Bands instead of distances, because they need a byte a voxel.
 * @param mask on the grid, x fastest
 * @param sites which voxels of the mask the distance is from
 * @param limitsMm ascending
 */
export function distanceBands(
  mask: Uint8Array,
  { dims, spacing }: Pick<Grid, 'dims' | 'spacing'>,
  sites: 'zero' | 'nonzero',
  limitsMm: readonly number[],
): Uint8Array | Uint16Array {
  const [nx, ny, nz] = dims
  const plane = nx * ny
  const limits = limitsMm.map((mm) => (mm * TOLERANCE) ** 2)
  const farthest = limits[limits.length - 1]
  const bands = slicesToSite(mask, plane, nz, sites, Math.sqrt(farthest) / spacing[2])
  const squared = new Float64Array(plane)
  const alongZ = Float64Array.from(
    { length: bands.BYTES_PER_ELEMENT === 1 ? 0x100 : 0x10000 },
    (_, steps) => {
      const mm2 = (steps * spacing[2]) ** 2
      return mm2 <= farthest ? mm2 : Number.POSITIVE_INFINITY
    },
  )
  const envelope = new Envelope(Math.max(nx, ny))
  for (let k = 0; k < nz; k++) {
    const band = bands.subarray(k * plane, (k + 1) * plane)
    let reached = false
    for (let i = 0; i < plane; i++) {
      const mm2 = alongZ[band[i]]
      squared[i] = mm2
      if (mm2 <= farthest) reached = true
    }
    if (!reached) {
      band.fill(limits.length)
      continue
    }
    for (let j = 0; j < ny; j++) envelope.transform(squared, j * nx, 1, nx, spacing[0])
    for (let i = 0; i < nx; i++) envelope.transform(squared, i, nx, ny, spacing[1])
    for (let i = 0; i < plane; i++) {
      const mm2 = squared[i]
      let exceeded = limits.length
      while (exceeded > 0 && mm2 <= limits[exceeded - 1]) exceeded--
      band[i] = exceeded
    }
  }
  return bands
}

/** Slices to the nearest site along z; where it is farther than `farthest`, any number that is. */
function slicesToSite(
  mask: Uint8Array,
  plane: number,
  nz: number,
  sites: 'zero' | 'nonzero',
  farthest: number,
): Uint8Array | Uint16Array {
  const none = farthest < 0xff ? 0xff : 0xffff
  const steps = none === 0xff ? new Uint8Array(mask.length) : new Uint16Array(mask.length)
  for (let i = 0; i < mask.length; i++) {
    if ((mask[i] === 0) === (sites === 'zero')) continue
    steps[i] = i < plane ? none : Math.min(none, steps[i - plane] + 1)
  }
  for (let i = plane * (nz - 1) - 1; i >= 0; i--) {
    if (steps[i] > steps[i + plane]) steps[i] = steps[i + plane] + 1
  }
  return steps
}

/** One line of the transform: out(x) = min over q of f(q) + (spacing · (x − q))². */
class Envelope {
  private readonly site: Int32Array
  /** Where the parabola of a site begins to be the lowest. */
  private readonly from: Float64Array
  private readonly height: Float64Array

  constructor(longest: number) {
    this.site = new Int32Array(longest)
    this.from = new Float64Array(longest + 1)
    this.height = new Float64Array(longest)
  }

  /** In place, on `count` numbers of `line` from `start`, `stride` apart; Infinity is no parabola. */
  transform(line: Float64Array, start: number, stride: number, count: number, spacing: number): void {
    const { site, from, height } = this
    const unit = spacing * spacing
    let last = -1
    for (let q = 0, at = start; q < count; q++, at += stride) {
      const f = line[at]
      if (f === Number.POSITIVE_INFINITY) continue
      let begin = Number.NEGATIVE_INFINITY
      while (last >= 0) {
        const p = site[last]
        begin = ((f - height[last]) / unit + q * q - p * p) / (2 * (q - p))
        if (begin > from[last]) break
        last--
        begin = Number.NEGATIVE_INFINITY
      }
      last++
      site[last] = q
      height[last] = f
      from[last] = begin
    }
    if (last < 0) return
    from[last + 1] = Number.POSITIVE_INFINITY
    for (let x = 0, at = start, lowest = 0; x < count; x++, at += stride) {
      while (from[lowest + 1] < x) lowest++
      const steps = x - site[lowest]
      line[at] = height[lowest] + unit * steps * steps
    }
  }
}
