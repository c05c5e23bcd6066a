import type { Vec3 } from '../volume.ts'
import {
  blendMax,
  boxAround,
  type Canvas,
  type Distance,
  ellipsoid,
  paint,
  paintTube,
  smoothLine,
  Tissue,
} from './canvas.ts'
import type { Patient } from './patient.ts'
import { createRandom } from './random.ts'
import type { Trunk } from './trunk.ts'

/**
 * Heart, great vessels and the small lymph nodes that any chest shows. Returns the distance to the lungs' surface,
 * now that the heart has taken its room.
 */
export function paintThorax(canvas: Canvas, trunk: Trunk, patient: Patient): Distance {
  const random = createRandom(patient.seed, 'thorax')
  const { contrast } = patient
  const wall = {
    over: [Tissue.visceralFat, Tissue.lung, Tissue.muscle, Tissue.airway, Tissue.organ, Tissue.blood],
  }
  const jitter = (p: Vec3, sd: number): Vec3 => [
    p[0] + random.normal(0, sd),
    p[1] + random.normal(0, sd),
    p[2] + random.normal(0, sd),
  ]

  // Heart, in the fat of the pericardium. Its long axis points left, forward and down.
  const h = patient.heart
  const centre = jitter([20, -34, 34], 2.5)
  const at = (x: number, y: number, z: number): Vec3 => [
    centre[0] + x * h,
    centre[1] + y * h,
    centre[2] + z * h,
  ]
  const above =
    (distance: (x: number, y: number, z: number) => number) => (x: number, y: number, z: number) =>
      blendMax(blendMax(distance(x, y, z), (trunk.dome(x, y) - z) * 0.8 + 2, 8), trunk.cage(x, y, z) + 4, 8)
  const sac = ellipsoid(centre, [62 * h, 45 * h, 47 * h], -0.62, 0.3)
  paint(
    canvas,
    boxAround(centre, 75 * h),
    above((x, y, z) => sac(x, y, z) - 1),
    -95,
    Tissue.visceralFat,
    wall,
  )
  paint(
    canvas,
    boxAround(centre, 75 * h),
    above((x, y, z) => Math.abs(sac(x, y, z) + 0.5) - 0.9),
    20,
    Tissue.organ,
    wall,
  )
  const muscle = ellipsoid(at(-1, 2, 1), [58 * h, 42 * h, 44 * h], -0.62, 0.3)
  const groove = (x: number, y: number, z: number) =>
    muscle(x, y, z) + 2.5 * Math.exp(-(((x - centre[0]) * 0.75 - (y - centre[1]) * 0.65) ** 2) / 130)
  paint(
    canvas,
    boxAround(centre, 70 * h),
    above((x, y, z) => groove(x, y, z) + 1.5),
    contrast.myocardium,
    Tissue.organ,
  )
  const inHeart = { over: [Tissue.organ, Tissue.blood, Tissue.visceralFat], edge: canvas.edge * 2 }
  const chamber = (p: Vec3, radii: Vec3, hu: number, yaw: number) => {
    const shape = ellipsoid(p, radii, yaw, 0.25)
    const lobes = random.uniform(0, 6)
    paint(
      canvas,
      boxAround(p, Math.max(...radii) * 1.15),
      above((x, y, z) =>
        Math.max(shape(x, y, z) + 1.2 * Math.sin(x * 0.3 + lobes) * Math.sin(z * 0.28), muscle(x, y, z) + 3),
      ),
      hu,
      Tissue.blood,
      inHeart,
    )
  }
  chamber(at(30, 4, -6), [30 * h, 18 * h, 21 * h], contrast.leftHeart, -0.7)
  chamber(at(10, -21, -6), [34 * h, 14 * h, 24 * h], contrast.rightHeart, -0.5)
  chamber(at(-24, -6, 2), [19 * h, 22 * h, 28 * h], contrast.rightHeart, 0)
  chamber(at(-4, 27, 14), [27 * h, 15 * h, 20 * h], contrast.leftHeart, -0.1)

  // Great vessels: wall-less blood columns with a rim of fat around them.
  const vessel = (points: Vec3[], radii: number[] | number, hu: number) => {
    const line = smoothLine(points, 6)
    const radius =
      typeof radii === 'number'
        ? radii
        : line.map((_, n) => {
            const t = (n / (line.length - 1)) * (radii.length - 1)
            const m = Math.min(radii.length - 2, Math.floor(t))
            return radii[m] + (t - m) * (radii[m + 1] - radii[m])
          })
    const wider = (extra: number) =>
      typeof radius === 'number' ? radius + extra : radius.map((r) => r + extra)
    paintTube(canvas, line, wider(3.5), -90, Tissue.visceralFat, { over: [Tissue.lung] })
    paintTube(canvas, line, wider(1.1), 45, Tissue.organ)
    paintTube(canvas, line, radius, hu, Tissue.blood)
    return line
  }
  const spineAt = (z: number) => trunk.spine(z)
  const calibre = random.uniform(0.88, 1.18)
  const descending = (z: number): Vec3 => {
    const s = spineAt(z)
    const lateral = z > -20 ? 22 : Math.max(8, 22 + (z + 20) * 0.2)
    return [s.x + lateral, s.y - (z > -20 ? 12 : Math.min(27, 12 - (z + 20) * 0.3)), z]
  }
  vessel(
    [
      at(2, -4, 28),
      [-10, -26, 84],
      [-9, -20, 106],
      [2, 2, 119],
      [19, 26, 112],
      descending(90),
      descending(60),
      descending(20),
      descending(-20),
    ],
    [14, 16, 15.5, 14, 13, 12, 11.5, 11, 10.5].map((r) => r * calibre),
    contrast.aorta,
  )
  vessel(
    [descending(-20), descending(-60), descending(-100), descending(-140), descending(-190)],
    [10.5 * calibre, 10, 9.5, 9, 8.5],
    contrast.aorta,
  )
  vessel(
    [
      [-8, -4, 116],
      [-14, -10, 136],
      [-22, -8, 160],
      [-24, 0, 200],
    ],
    6,
    contrast.aorta,
  )
  vessel(
    [
      [4, 6, 119],
      [6, 4, 140],
      [12, 6, 200],
    ],
    4.2,
    contrast.aorta,
  )
  vessel(
    [
      [14, 18, 117],
      [22, 20, 140],
      [36, 16, 165],
      [60, 6, 178],
    ],
    5,
    contrast.aorta,
  )
  vessel([[-27, -12, 124], [-27, -9, 96], at(-26, 4, 24)], [9.5, 10, 10], contrast.rightHeart)
  vessel(
    [
      [34, -16, 150],
      [18, -27, 134],
      [-10, -25, 124],
      [-27, -12, 122],
    ],
    6.5,
    contrast.rightHeart,
  )
  vessel(
    [
      [-40, -18, 158],
      [-30, -14, 138],
      [-27, -12, 122],
    ],
    7,
    contrast.rightHeart,
  )
  vessel(
    [
      at(-24, 4, -14),
      [-26, 8, -8],
      [-26, 20, -30],
      [-22, 24, -60],
      [-22, spineAt(-110).y - 26, -110],
      [-22, spineAt(-180).y - 26, -190],
    ],
    [12, 11.5, 12, 11, 11, 10.5],
    contrast.veins,
  )
  vessel(
    [
      [-8, spineAt(-60).y - 18, -60],
      [-7, spineAt(20).y - 18, 20],
      [-8, spineAt(90).y - 18, 92],
      [-18, spineAt(96).y - 30, 100],
      [-26, -8, 100],
    ],
    3.2,
    contrast.veins,
  )
  const trunkTop: Vec3 = [14, -18, 84]
  vessel([at(6, -26, 28), [17, -30, 76], trunkTop], [13, 13.5, 13], contrast.pulmonary)
  vessel([trunkTop, [-4, 0, 80], [-30, 4, 76], [-46, 8, 70]], [11.5, 11, 10.5, 8], contrast.pulmonary)
  vessel([trunkTop, [26, -2, 86], [38, 14, 84], [45, 22, 70]], [11, 10.5, 10, 8], contrast.pulmonary)
  for (const [side, z] of [
    [-1, 62],
    [-1, 40],
    [1, 66],
    [1, 44],
  ] as const)
    vessel([at(-4 + side * 18, 27, (z - 44) * 0.4 + 10), [side * 44 + 2, 14, z]], 6, contrast.leftHeart)

  for (let n = 0; n < 7; n++) {
    const p = jitter(
      random.pick<Vec3>([
        [-18, 4, 112],
        [-12, 18, 80],
        [24, 6, 100],
        [-14, -20, 118],
        [10, 30, 70],
      ]),
      5,
    )
    const r = random.uniform(1.8, 4)
    paint(canvas, boxAround(p, 7), ellipsoid(p, [r, r * 1.2, r * 1.6]), 50, Tissue.organ, {
      over: [Tissue.visceralFat],
    })
  }
  return (x, y, z) => {
    const lung = trunk.lung(x, y, z)
    return lung > 5 ? lung : blendMax(lung, 1 - sac(x, y, z), 5)
  }
}
