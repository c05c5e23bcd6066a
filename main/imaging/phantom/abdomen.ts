import type { Vec3 } from '../volume.ts'
import { paintBowel } from './bowel.ts'
import {
  type Box,
  blendMax,
  blendMin,
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
import { type Kidney, paintKidneys, placeKidneys } from './retroperitoneum.ts'
import { growTree, paintTree } from './tree.ts'
import type { Trunk } from './trunk.ts'

/** What lesions need to know: where the organs lie. */
export interface AbdominalOrgans {
  liver: Distance
  liverBox: Box
  spleen: Distance
  kidneys: readonly Kidney[]
}

/** Liver, gall bladder, spleen, kidneys, adrenals, pancreas, stomach and bowel. */
export function paintAbdomen(canvas: Canvas, trunk: Trunk, patient: Patient): AbdominalOrgans {
  const random = createRandom(patient.seed, 'abdomen')
  const { contrast } = patient
  const cavity = [Tissue.visceralFat] as Tissue[]
  const soft = { over: [Tissue.visceralFat, Tissue.muscle] as Tissue[] }

  const kidneys = placeKidneys(trunk, patient)
  const awayFromKidneys: Distance = (x, y, z) =>
    blendMax(4 - kidneys[0].distance(x, y, z), 4 - kidneys[1].distance(x, y, z), 4)

  // Liver: lobes cut to the dome and to the wall, hollowed from below.
  const m = patient.liver
  const lobe = ellipsoid([-84, 8, -58], [68 * m, 86 * m, 82 * m], 0.2, -0.1)
  const quadrate = ellipsoid([-34, -36, -46], [46 * m, 48 * m, 36 * m], 0.3)
  const right: Distance = (x, y, z) => blendMin(lobe(x, y, z), quadrate(x, y, z), 22)
  const left = ellipsoid([8, -50, -32], [72 * m, 34 * m, 30 * m], -0.2, 0.2)
  const caudate = ellipsoid([-22, 2, -44], [18, 20, 28])
  const hollow = ellipsoid([20, 30, -112], [66, 70, 66])
  const inside = (x: number, y: number, z: number) => trunk.abdomen(x, y, z) + 0.8
  const liver: Distance = (x, y, z) => {
    const lobes = blendMin(blendMin(right(x, y, z), left(x, y, z), 26), caudate(x, y, z), 10)
    if (lobes > 12) return lobes
    const cut = blendMax(lobes, -hollow(x, y, z), 16)
    return blendMax(blendMax(cut, inside(x, y, z), 10), awayFromKidneys(x, y, z), 8)
  }
  const liverBox: Box = { min: [-140, -105, -150], max: [85, 100, 12] }
  paint(canvas, liverBox, liver, contrast.liver, Tissue.liver, soft)
  const fissureAt = random.uniform(8, 18)
  paint(
    canvas,
    { min: [-2, -100, -75], max: [26, -20, -35] },
    (x, y, z) => Math.max(Math.abs(x - fissureAt) - 1.5 - Math.max(0, -48 - z) * 0.12, -55 - y + 8, z + 36),
    -85,
    Tissue.visceralFat,
    { over: [Tissue.liver] },
  )

  const porta: Vec3 = [-20, -8, -66]
  const veinRoot: Vec3 = [-26, 14, -14]
  const shared = { region: liver, box: liverBox, margin: 7, endRadius: 0.8 }
  const inLiver = { over: [Tissue.liver] as Tissue[] }
  const portal = growTree(random, { ...shared, root: porta, ends: 70, rootRadius: 6.5 })
  const hepatic = growTree(random, { ...shared, root: veinRoot, ends: 60, rootRadius: 5 })
  paintTree(canvas, portal, contrast.portal - 5, Tissue.blood, inLiver)
  paintTree(canvas, hepatic, (contrast.veins + contrast.portal) / 2 - 5, Tissue.blood, inLiver)

  // Stomach before spleen, so that the spleen is moulded around it.
  const drop = random.normal(0, 5)
  const fundus = ellipsoid([58, 8, -34 + drop], [38, 36, 34])
  const body = ellipsoid([50, -38, -72 + drop], [30, 28, 46], 0, -0.55)
  const antrum = ellipsoid([14, -56, -104 + drop], [38, 18, 18], 0.3)
  const stomach: Distance = (x, y, z) =>
    blendMax(
      blendMax(
        blendMin(blendMin(fundus(x, y, z), body(x, y, z), 20), antrum(x, y, z), 14),
        inside(x, y, z),
        8,
      ),
      4 - liver(x, y, z),
      6,
    )
  const stomachBox: Box = { min: [-30, -90, -150], max: [105, 50, 10] }
  paint(canvas, stomachBox, stomach, contrast.gut, Tissue.organ, { over: cavity })
  const level = random.uniform(-48, -20)
  const fluid = random.uniform(5, 35)
  const rugae = (x: number, y: number, z: number) =>
    stomach(x, y, z) + 4.5 + 1.8 * Math.sin(x * 0.35 + y * 0.2) * Math.cos(z * 0.3)
  paint(canvas, stomachBox, rugae, fluid, Tissue.content, { over: [Tissue.organ] })
  paint(canvas, stomachBox, (x, y, z) => Math.max(rugae(x, y, z), y - level), -950, Tissue.airway, {
    over: [Tissue.content],
  })

  const spleenCentre: Vec3 = [104, 42, -42 + drop]
  const spleenSize = random.uniform(0.85, 1.15)
  const spleenBody = ellipsoid(spleenCentre, [34 * spleenSize, 46 * spleenSize, 52 * spleenSize], 0.5, 0.2)
  const spleen: Distance = (x, y, z) =>
    blendMax(
      blendMax(blendMax(spleenBody(x, y, z), inside(x, y, z), 8), 4 - stomach(x, y, z), 12),
      awayFromKidneys(x, y, z),
      8,
    )
  const uneven = contrast.aorta > 240 && contrast.spleen > 90 ? 28 : 0
  paint(
    canvas,
    boxAround(spleenCentre, 66),
    spleen,
    (x, y, z) =>
      contrast.spleen + uneven * Math.sin(x * 0.35 + 2 * Math.sin(z * 0.2)) * Math.sin(y * 0.3 + z * 0.15),
    Tissue.organ,
    { over: cavity },
  )

  const gall: Vec3 = [-46, -48, -92 + random.normal(0, 5)]
  const bladder = ellipsoid(gall, [13, 26, 16], 0.3, 0.5)
  if (random.chance(0.85)) {
    const over = [Tissue.visceralFat, Tissue.liver, Tissue.blood, Tissue.organ] as Tissue[]
    paint(canvas, boxAround(gall, 30), (x, y, z) => bladder(x, y, z) - 1.4, 50, Tissue.organ, { over })
    paint(canvas, boxAround(gall, 30), bladder, random.uniform(3, 16), Tissue.content, {
      over: [...over, Tissue.content],
    })
  }

  // Pancreas with the splenic vein along it, into the portal vein.
  const spineFront = trunk.spine(-80).y - 16
  const gland = smoothLine(
    [
      [-34, spineFront - 34, -100],
      [-22, spineFront - 38, -84],
      [10, spineFront - 46, -72],
      [44, spineFront - 26, -64],
      [78, spineFront + 2, -56],
    ],
    5,
  )
  const lumpy = gland.map((_, n) => 10.5 - n * 0.2 + 1.6 * Math.sin(n * 1.7))
  paintTube(canvas, gland, lumpy, (contrast.liver + contrast.spleen) / 2 - 8, Tissue.organ, { over: cavity })
  const splenicVein = smoothLine(
    [
      [84, spineFront + 12, -52],
      [44, spineFront - 14, -62],
      [4, spineFront - 34, -72],
      [-14, spineFront - 30, -74],
      porta,
    ],
    5,
  )
  paintTube(canvas, splenicVein, 4.6, contrast.portal, Tissue.blood, {
    over: [Tissue.visceralFat, Tissue.organ, Tissue.liver],
  })
  paintTube(
    canvas,
    smoothLine(
      [
        [-10, spineFront - 34, -74],
        [-6, spineFront - 38, -120],
        [-4, spineFront - 40, -200],
      ],
      4,
    ),
    5,
    contrast.portal,
    Tissue.blood,
    { over: cavity },
  )
  const aortaFront = spineFront - 14
  paintTube(
    canvas,
    smoothLine(
      [
        [8, aortaFront + 4, -62],
        [6, aortaFront - 14, -62],
        [-16, aortaFront - 22, -62],
      ],
      4,
    ),
    3,
    contrast.aorta,
    Tissue.blood,
    { over: [Tissue.visceralFat, Tissue.organ] },
  )
  paintTube(
    canvas,
    smoothLine(
      [
        [8, aortaFront + 4, -76],
        [6, aortaFront - 14, -90],
        [4, aortaFront - 24, -200],
      ],
      4,
    ),
    3.2,
    contrast.aorta,
    Tissue.blood,
    { over: [Tissue.visceralFat, Tissue.organ] },
  )

  paintKidneys(canvas, trunk, patient, kidneys)
  paintBowel(canvas, patient)
  return { liver, liverBox, spleen, kidneys }
}
