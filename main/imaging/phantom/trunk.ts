import { type Box, blendMax, type Canvas, coverage, forBox, Tissue } from './canvas.ts'
import type { Patient } from './patient.ts'

/** Signed distances (mm, negative inside) and heights that all organs are fitted to. */
export interface Trunk {
  /** Inner side of the rib cage and of the abdominal wall. */
  cage(x: number, y: number, z: number): number
  /** Outer side of the muscles. */
  muscle(x: number, y: number, z: number): number
  /** Height (z) of the diaphragm. */
  dome(x: number, y: number): number
  lung(x: number, y: number, z: number): number
  /** Space under the diaphragm. */
  abdomen(x: number, y: number, z: number): number
  /** Half axes and centre of the rib cage at a height. */
  cageAxes(z: number): { a: number; b: number; cy: number }
  /** Centre of the vertebral bodies at a height. */
  spine(z: number): { x: number; y: number }
}

/** Values at heights, smoothed: [z, value] pairs, descending z, sampled every mm. */
function profile(knots: readonly (readonly number[])[]): (z: number) => number {
  const top = 260
  const bottom = -260
  const raw = new Float64Array(top - bottom + 1)
  for (let n = 0; n < raw.length; n++) {
    const z = bottom + n
    let value = z >= knots[0][0] ? knots[0][1] : knots[knots.length - 1][1]
    for (let m = 0; m + 1 < knots.length; m++) {
      const [z1, v1] = knots[m]
      const [z0, v0] = knots[m + 1]
      if (z <= z1 && z >= z0) value = v0 + ((v1 - v0) * (z - z0)) / (z1 - z0)
    }
    raw[n] = value
  }
  const smooth = new Float64Array(raw.length)
  for (let n = 0; n < raw.length; n++) {
    let sum = 0
    for (let m = -12; m <= 12; m++) sum += raw[Math.min(raw.length - 1, Math.max(0, n + m))]
    smooth[n] = sum / 25
  }
  return (z) => {
    const at = Math.min(raw.length - 1.001, Math.max(0, z - bottom))
    const n = Math.floor(at)
    return smooth[n] + (at - n) * (smooth[n + 1] - smooth[n])
  }
}

/** Radial distance to a superellipse of exponent 2.5, the usual cross-section of a trunk. */
function superellipse(x: number, y: number, a: number, b: number): number {
  const u = Math.abs(x) / a
  const v = Math.abs(y) / b
  const f = (u * u * Math.sqrt(u) + v * v * Math.sqrt(v)) ** 0.4
  if (f < 1e-6) return -Math.min(a, b)
  const r = Math.sqrt(x * x + y * y)
  return r - r / f
}

export function createTrunk(patient: Patient): Trunk {
  // biome-ignore format: a table, [height, half axis or centre]
  const [cageA, cageB, cageY, muscleA, muscleB, muscleY] = [
    [[172, 30], [158, 58], [130, 95], [90, 119], [40, 133], [0, 138], [-60, 137], [-110, 131], [-180, 128]],
    [[172, 30], [158, 46], [130, 66], [90, 82], [40, 93], [0, 98], [-60, 97], [-180, 90]],
    [[158, 24], [90, 8], [0, 0], [-180, -2]],
    [[175, 160], [130, 156], [90, 146], [40, 149], [0, 152], [-60, 150], [-110, 144], [-180, 141]],
    [[175, 78], [130, 92], [90, 102], [40, 110], [0, 114], [-60, 112], [-180, 104]],
    [[175, 22], [130, 13], [90, 8], [0, 4], [-180, 2]],
  ].map((knots) => profile(knots))
  const spine = (z: number) => {
    const t = (z - 10) / 160
    return {
      x: patient.scoliosis * Math.sin(2.2 * t),
      y: 58 + patient.kyphosis * (0.75 - t * t) - (z < 0 ? 0.05 * z : 0),
    }
  }
  const cage = (x: number, y: number, z: number) => superellipse(x, y - cageY(z), cageA(z), cageB(z))
  const muscle = (x: number, y: number, z: number) => superellipse(x, y - muscleY(z), muscleA(z), muscleB(z))
  const dome = (x: number, y: number) => {
    const side = (height: number, cx: number) => {
      const u = (x - cx) / 78
      const v = (y + 12) / 92
      const q = u * u + v * v
      return height - 34 * q - 22 * q * q
    }
    const right = side(patient.domeRight, -66)
    const left = side(patient.domeLeft, 70)
    const top = -blendMax(-right, -left, 14)
    const higher = Math.max(right, left)
    // Between the domes the central tendon under the heart, a little lower than both.
    return Math.max(higher, Math.min(top, -14) - 6, -95)
  }
  const mediastinum = (x: number, y: number, z: number) => {
    const s = spine(z)
    // Narrow in front where the lungs nearly meet, wide at the great vessels, waisted before the spine.
    const high = Math.min(1, Math.max(0, (z - 95) / 40))
    const front = 5 + 14 * high
    const t = Math.min(1, Math.max(0, (y + 70) / 58))
    const behind = Math.min(1, Math.max(0, (y - 12) / 26))
    const column = Math.min(1, Math.max(0, (y - s.y + 22) / 14))
    const wave = 2.5 * Math.sin(z * 0.07 + patient.kyphosis) * Math.cos(y * 0.06)
    const half = front + (31 - front) * t * t * (3 - 2 * t) - 11 * behind * (1 - high) + 8 * column + wave
    // Above the arch the vessels to the left arm, below it the heart, push the middle to the left.
    return Math.abs(x - s.x * 0.7 - 3 + 4 * high) - half
  }
  const lung = (x: number, y: number, z: number) => {
    const shell = cage(x, y, z) + 2.5
    if (shell > 8) return shell
    const apex = z > 120 ? (z - 158) * 0.9 : -50
    const base = (dome(x, y) - z) * 0.75 + 2
    return blendMax(blendMax(shell, apex, 12), blendMax(base, -mediastinum(x, y, z), 9), 9)
  }
  const abdomen = (x: number, y: number, z: number) =>
    blendMax(cage(x, y, z) + 2.5, (z - dome(x, y)) * 0.8 + 2, 6)
  return {
    cage,
    muscle,
    dome,
    lung,
    abdomen,
    spine,
    cageAxes: (z) => ({ a: cageA(z), b: cageB(z), cy: cageY(z) }),
  }
}

/** Skin, subcutaneous fat, muscle, the two cavities and the lungs, in one pass over the volume. */
export function paintTrunk(canvas: Canvas, trunk: Trunk, patient: Patient): void {
  const { hu, tissue, edge } = canvas
  const muscleHu = patient.contrast.muscle
  const everything: Box = { min: [-230, -230, -330], max: [230, 230, 330] }
  forBox(canvas, everything, (offset, x, y, z) => {
    const m = trunk.muscle(x, y, z)
    if (m > 75) return
    const side = Math.abs(x) / (Math.abs(x) + Math.abs(y) + 1)
    const belly = z < 0 ? Math.min(1, -z / 120) : 0
    let fat = patient.fat * (0.62 + 0.3 * side + 0.35 * belly * (0.85 - 0.15 * Math.tanh(y / 35)))
    if (patient.breast > 0 && y < 0) {
      const u = (Math.abs(x) - 72) / 42
      const v = (z - 62) / 34
      fat += patient.breast * Math.exp(-u * u - v * v)
    }
    const outside = m - fat - 2
    if (outside > edge) return
    let value = -1000 + coverage(outside, edge) * 1030
    let kind: Tissue = outside < 0 ? Tissue.skin : Tissue.air
    const mix = (distance: number, paint: number, what: Tissue) => {
      const share = coverage(distance, edge)
      value += share * (paint - value)
      if (share >= 0.5) kind = what
    }
    mix(m - fat, -104, Tissue.fat)
    mix(m, muscleHu, Tissue.muscle)
    if (m < edge) {
      const c = trunk.cage(x, y, z)
      // The fat planes between the layers of the wall; wavy, so that muscles look like bundles.
      const wave = 2.2 * Math.sin(x * 0.11 + z * 0.05) * Math.cos(y * 0.09 - z * 0.07)
      mix(Math.abs(c - 13 - wave) - 1.1, -70, Tissue.fat)
      mix(c, -100, Tissue.visceralFat)
      if (c < edge) {
        // Pleura, chest wall lining and the diaphragm itself are muscle-like.
        const lung = trunk.lung(x, y, z)
        mix(Math.max(-c - 3, c), 40, Tissue.muscle)
        if (trunk.abdomen(x, y, z) > -edge && c < -1) {
          const below = (trunk.dome(x, y) - z) * 0.75
          mix(Math.max(Math.abs(below) - 2, lung - 6, c), muscleHu, Tissue.muscle)
        }
        if (lung < edge) mix(lung, patient.lungHu + 0.45 * (y + 20) * 0.6, Tissue.lung)
      }
    }
    hu[offset] = value
    tissue[offset] = kind
  })
}
