import type { Vec3 } from '../volume.ts'
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
import { growTree, paintTree } from './tree.ts'
import type { Trunk } from './trunk.ts'

/** What lesions need to know: where the organs lie. */
export interface Organs {
  liver: Distance
  liverBox: Box
  spleen: Distance
  kidneys: { centre: Vec3; radii: Vec3 }[]
}

/** Liver, gall bladder, spleen, kidneys, adrenals, pancreas, stomach, bowel, psoas and back muscles. */
export function paintAbdomen(canvas: Canvas, trunk: Trunk, patient: Patient): Organs {
  const random = createRandom(patient.seed, 'abdomen')
  const { contrast } = patient
  const cavity = [Tissue.visceralFat] as Tissue[]
  const soft = { over: [Tissue.visceralFat, Tissue.muscle] as Tissue[] }

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
    const inWall = { over: [Tissue.muscle, Tissue.fat, Tissue.visceralFat] as Tissue[] }
    paintTube(canvas, back, 21, -60, Tissue.muscle, { over: [Tissue.muscle] })
    paintTube(canvas, back, 19.5, contrast.muscle, Tissue.muscle, inWall)
    paintTube(
      canvas,
      psoas,
      psoas.map((_, n) => 7 + Math.min(11, n * 1.9)),
      contrast.muscle,
      Tissue.muscle,
      soft,
    )
    paintTube(canvas, quadratus, 9, contrast.muscle, Tissue.muscle, soft)
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
      { over: cavity },
    )
  }

  const kidneys: { centre: Vec3; radii: Vec3 }[] = []
  const kidneyShapes: Distance[] = []
  for (const side of [-1, 1]) {
    const z = (side < 0 ? -112 : -98) + random.normal(0, 6)
    const s = trunk.spine(z)
    const centre: Vec3 = [s.x + side * (62 + 6 * patient.visceral), s.y + 5, z]
    const radii: Vec3 = [random.uniform(25, 29), random.uniform(26, 31), random.uniform(48, 56)]
    const shape = ellipsoid(centre, radii, side * 0.5, 0.12)
    kidneys.push({ centre, radii })
    kidneyShapes.push(shape)
  }
  const awayFromKidneys = (x: number, y: number, z: number) =>
    blendMax(4 - kidneyShapes[0](x, y, z), 4 - kidneyShapes[1](x, y, z), 4)

  // Liver: lobes cut to the dome and to the wall, hollowed from below.
  const m = patient.liver
  const right = ellipsoid([-78, 4, -58], [74 * m, 88 * m, 82 * m], 0.15, -0.1)
  const left = ellipsoid([-2, -46, -34], [78 * m, 40 * m, 33 * m], -0.12, 0.15)
  const caudate = ellipsoid([-22, 2, -44], [18, 20, 28])
  const hollow = ellipsoid([20, 30, -112], [66, 70, 66])
  const inside = (x: number, y: number, z: number) => trunk.abdomen(x, y, z) + 4
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

  for (let n = 0; n < 2; n++) {
    const { centre, radii } = kidneys[n]
    const side = n === 0 ? -1 : 1
    const shape = kidneyShapes[n]
    const sinus = ellipsoid([centre[0] - side * 13, centre[1] - 7, centre[2]], [17, 12, 24], side * 0.5)
    const outer: Distance = (x, y, z) => blendMax(shape(x, y, z), -sinus(x, y, z) - 3, 6)
    const box = boxAround(centre, radii[2] + 4)
    paint(canvas, box, shape, -95, Tissue.visceralFat, soft)
    paint(canvas, box, outer, contrast.renalCortex, Tissue.organ)
    const pyramids = (x: number, y: number, z: number) =>
      Math.max(
        shape(x, y, z) + 7,
        1.5 - 5 * Math.abs(Math.sin((z - centre[2]) * 0.19 + 1.3 * Math.atan2(y - centre[1], x - centre[0]))),
        -sinus(x, y, z) - 1,
      )
    paint(canvas, box, pyramids, contrast.renalMedulla, Tissue.organ, { over: [Tissue.organ] })
    const pelvis: Vec3 = [centre[0] - side * 22, centre[1] - 8, centre[2]]
    paint(canvas, boxAround(pelvis, 12), ellipsoid(pelvis, [8, 5, 10]), 8, Tissue.content, { over: cavity })
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
      { over: cavity },
    )
    paintTube(
      canvas,
      smoothLine([pelvis, [s.x + side * 8, s.y - 22, centre[2] + 6]], 4),
      2.6,
      contrast.aorta,
      Tissue.blood,
      { over: cavity },
    )
    const top = centre[2] + radii[2] + 2
    const a: Vec3 = [centre[0] - side * 20, centre[1] - 16, top]
    for (const [dx, dy] of [
      [side * 9, 14],
      [-side * 5, 15],
    ])
      paintTube(canvas, [a, [a[0] + dx, a[1] + dy, top - 14]], 2.3, contrast.spleen * 0.7, Tissue.organ, {
        over: cavity,
      })
  }

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

  const loop = (
    points: Vec3[],
    radius: number,
    wallHu: number,
    inner: (x: number, y: number, z: number) => number,
    wave: number,
  ) => {
    const line = smoothLine(points, 7)
    const radii = line.map((_, n) => radius * (1 + wave * Math.sin(n * 1.25)))
    // Loops crowd into each other but not into organs, and stay inside the wall.
    paintTube(canvas, line, radii, wallHu, Tissue.organ, {
      over: [Tissue.visceralFat, Tissue.content, Tissue.airway],
    })
    paintTube(
      canvas,
      line,
      radii.map((r) => r - 2.2),
      (x, y, z) => inner(x, y, z),
      Tissue.content,
      { over: [Tissue.organ, Tissue.content] },
    )
  }
  const stool = (x: number, y: number, z: number) => {
    const lumps =
      Math.sin(x * 0.5 + 1.3 * Math.sin(z * 0.3)) +
      Math.sin(y * 0.6 + 2) * Math.cos(z * 0.45) +
      Math.sin((x + y - z) * 0.33)
    return lumps > 0.55 ? -600 : 10 + 35 * lumps
  }
  const gasFront = (threshold: number) => (_x: number, y: number, _z: number) => (y < threshold ? -930 : 20)
  const sag = random.normal(0, 7)
  // Keep the loops under stomach and liver: they are painted over fat only.
  loop(
    [
      [104, 10, -84],
      [100, -22, -78 + sag],
      [84, -56, -100],
      [40, -76, -128 + sag],
      [-20, -78, -134 + sag],
      [-70, -66, -130],
      [-98, -20, -140],
    ],
    17,
    contrast.gut,
    gasFront(-62),
    0.13,
  )
  loop(
    [
      [104, 10, -84],
      [108, 24, -110],
      [104, 26, -150],
      [102, 22, -210],
    ],
    14,
    contrast.gut,
    stool,
    0.14,
  )
  loop(
    [
      [-98, -20, -140],
      [-102, 4, -160],
      [-100, 6, -210],
    ],
    19,
    contrast.gut,
    stool,
    0.12,
  )
  const coils: Vec3[] = []
  let p: Vec3 = [30, -20, -112]
  for (let n = 0; n < 34; n++) {
    coils.push(p)
    p = [
      Math.min(78, Math.max(-70, p[0] + random.normal(0, 34))),
      Math.min(18, Math.max(-66, p[1] + random.normal(0, 24))),
      Math.max(-215, Math.min(-108, p[2] - 3 + random.normal(0, 12))),
    ]
  }
  const meal = random.chance(0.2) ? 220 : random.uniform(10, 40)
  loop(
    coils,
    11.5,
    contrast.gut + 8,
    (x, y, z) =>
      y < -58 && Math.sin(x * 0.11 + z * 0.13) > 0.2 ? -900 : meal + 12 * Math.sin(x * 0.4 + y * 0.3),
    0.16,
  )
  return { liver, liverBox, spleen, kidneys }
}
