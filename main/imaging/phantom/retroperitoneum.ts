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

export interface Kidney {
  side: -1 | 1
  centre: Vec3
  radii: Vec3
  distance: Distance
}

const FAT: readonly Tissue[] = [Tissue.visceralFat]
const FAT_AND_MUSCLE: readonly Tissue[] = [Tissue.visceralFat, Tissue.muscle]

/** Erector spinae, psoas, quadratus lumborum and the crura of the diaphragm. */
export function paintBackMuscles(canvas: Canvas, trunk: Trunk, patient: Patient): void {
  const { contrast } = patient
  const underFascia: Distance = (x, y, z) => trunk.muscle(x, y, z) + 1
  for (const side of [-1, 1]) {
    // Erector spinae behind, psoas and quadratus beside the column; fat planes between.
    const back: Vec3[] = []
    const psoas: Vec3[] = []
    const quadratus: Vec3[] = []
    for (let z = 220; z > -220; z -= 20) {
      const s = trunk.spine(z)
      back.push([s.x + side * 24, s.y + 42, z])
      if (z < -40) {
        psoas.push([s.x + side * (26 - z * 0.03), s.y + 6, z])
        quadratus.push([s.x + side * 56, s.y + 20, z])
      }
    }
    const inWall: readonly Tissue[] = [Tissue.muscle, Tissue.fat, Tissue.visceralFat]
    paintTube(canvas, back, 22, -60, Tissue.muscle, {
      over: [Tissue.muscle, Tissue.fat],
      within: underFascia,
    })
    paintTube(canvas, back, 20.5, contrast.muscle, Tissue.muscle, { over: inWall, within: underFascia })
    paintTube(
      canvas,
      psoas,
      psoas.map((_, n) => 7 + Math.min(11, n * 1.9)),
      contrast.muscle,
      Tissue.muscle,
      { over: FAT_AND_MUSCLE },
    )
    paintTube(canvas, quadratus, 9, contrast.muscle, Tissue.muscle, { over: FAT_AND_MUSCLE })
    const s = trunk.spine(-50)
    paintTube(
      canvas,
      smoothLine(
        [
          [side * 8, s.y - 28, -10],
          [s.x + side * 17, s.y - 20, -50],
          [s.x + side * 14, s.y - 16, -120],
        ],
        4,
      ),
      [5, 5, 5, 5, 4, 4, 3, 3, 2],
      contrast.muscle,
      Tissue.muscle,
      { over: FAT },
    )
  }
}

/** Where the kidneys lie: needed before they are painted, because other organs make room for them. */
export function placeKidneys(trunk: Trunk, patient: Patient): Kidney[] {
  const random = createRandom(patient.seed, 'kidneys')
  return ([-1, 1] as const).map((side) => {
    const z = (side < 0 ? -112 : -98) + random.normal(0, 6)
    const s = trunk.spine(z)
    const centre: Vec3 = [s.x + side * (62 + 6 * patient.visceral), s.y + 5, z]
    const radii: Vec3 = [random.uniform(25, 29), random.uniform(26, 31), random.uniform(48, 56)]
    return { side, centre, radii, distance: ellipsoid(centre, radii, side * 0.5, 0.12) }
  })
}

/** Kidneys with cortex, pyramids, sinus fat and pelvis, their vessels, and the adrenals. */
export function paintKidneys(
  canvas: Canvas,
  trunk: Trunk,
  patient: Patient,
  kidneys: readonly Kidney[],
): void {
  const { contrast } = patient
  for (const { side, centre, radii, distance: shape } of kidneys) {
    const sinus = ellipsoid([centre[0] - side * 13, centre[1] - 7, centre[2]], [17, 12, 24], side * 0.5)
    const outer: Distance = (x, y, z) => blendMax(shape(x, y, z), -sinus(x, y, z) - 3, 6)
    const box = boxAround(centre, radii[2] + 4)
    paint(canvas, box, shape, -95, Tissue.visceralFat, { over: FAT_AND_MUSCLE })
    paint(canvas, box, outer, contrast.renalCortex, Tissue.organ)
    const pyramids = (x: number, y: number, z: number) =>
      Math.max(
        shape(x, y, z) + 7,
        1.5 - 5 * Math.abs(Math.sin((z - centre[2]) * 0.19 + 1.3 * Math.atan2(y - centre[1], x - centre[0]))),
        -sinus(x, y, z) - 1,
      )
    paint(canvas, box, pyramids, contrast.renalMedulla, Tissue.organ, { over: [Tissue.organ] })
    const pelvis: Vec3 = [centre[0] - side * 22, centre[1] - 8, centre[2]]
    paint(canvas, boxAround(pelvis, 12), ellipsoid(pelvis, [8, 5, 10]), 8, Tissue.content, { over: FAT })
    const s = trunk.spine(centre[2])
    const vein: Vec3[] = [
      pelvis,
      [(pelvis[0] + s.x) / 2 + side * 6, s.y - 20, centre[2] + 8],
      [side < 0 ? -22 : 0, s.y - 36, centre[2] + 10],
    ]
    paintTube(
      canvas,
      smoothLine(side > 0 ? [...vein, [-16, s.y - 32, centre[2] + 10]] : vein, 4),
      4.4,
      contrast.veins,
      Tissue.blood,
      { over: FAT },
    )
    paintTube(
      canvas,
      smoothLine([pelvis, [s.x + side * 8, s.y - 22, centre[2] + 6]], 4),
      2.6,
      contrast.aorta,
      Tissue.blood,
      { over: FAT },
    )
    const top = centre[2] + radii[2] + 2
    const a: Vec3 = [centre[0] - side * 20, centre[1] - 16, top]
    for (const [dx, dy] of [
      [side * 9, 14],
      [-side * 5, 15],
    ])
      paintTube(canvas, [a, [a[0] + dx, a[1] + dy, top - 14]], 2.3, contrast.spleen * 0.7, Tissue.organ, {
        over: FAT,
      })
  }
}
