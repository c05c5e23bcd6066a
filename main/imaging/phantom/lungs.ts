import type { Vec3 } from '../volume.ts'
import { type Canvas, type Distance, paint, paintTube, smoothLine, Tissue } from './canvas.ts'
import type { Patient } from './patient.ts'
import { createRandom } from './random.ts'
import { growTree, paintTree } from './tree.ts'
import type { Trunk } from './trunk.ts'

/** Fissures, trachea and bronchi, oesophagus, and the trees of vessels and bronchi that fill the lungs. */
export function paintLungs(canvas: Canvas, trunk: Trunk, patient: Patient, lung: Distance): void {
  const random = createRandom(patient.seed, 'lungs')
  const { contrast } = patient

  // Fissures: thin plates, a little denser than lung.
  const fissure = (side: number, offset: number, slope: number, back: number) => {
    const plane = (x: number, y: number, z: number) =>
      Math.abs(z - offset + slope * (y + 10) * -1 + 5 * Math.sin(x * 0.03 + back)) * 0.75 - 0.35
    paint(
      canvas,
      { min: [side < 0 ? -140 : 20, -100, -60], max: [side < 0 ? -20 : 140, 100, 150] },
      plane,
      -690,
      Tissue.lung,
      { over: [Tissue.lung] },
    )
  }
  fissure(-1, 42, 0.75, random.uniform(0, 6))
  fissure(1, 46, 0.8, random.uniform(0, 6))

  // Airways: wall first, then the air in it.
  const airway = (points: Vec3[], radius: number) => {
    const line = smoothLine(points, 5)
    paintTube(canvas, line, radius + 1.6, 30, Tissue.organ)
    return () => paintTube(canvas, line, radius, -985, Tissue.airway)
  }
  const carina: Vec3 = [-3, 12, 92]
  const back = (z: number) => Math.min(20, trunk.spine(z).y - 34)
  const lumina = [
    airway([[0, back(200) + 4, 210], [0, back(160), 160], [-1, back(125) - 2, 125], carina], 8.3),
    airway([carina, [-20, 14, 76], [-38, 16, 64], [-52, 18, 48]], 6.3),
    airway([carina, [18, 16, 77], [38, 20, 66], [50, 24, 52]], 5.9),
    airway(
      [
        [-20, 14, 76],
        [-40, 10, 84],
        [-58, 8, 96],
      ],
      4.4,
    ),
    airway(
      [
        [36, 20, 67],
        [52, 6, 76],
        [62, -4, 88],
      ],
      4.2,
    ),
  ]
  const gullet: Vec3[] = []
  for (let z = 215; z > -20; z -= 15) {
    const s = trunk.spine(z)
    const left = z < 40 ? (40 - z) * 0.25 : 0
    gullet.push([s.x * 0.6 + 5 + left, s.y - 24 - (z < 40 ? (40 - z) * 0.16 : 0), z])
  }
  const oesophagus = smoothLine(gullet, 3)
  paintTube(canvas, oesophagus, 7, 42, Tissue.organ, { over: [Tissue.visceralFat, Tissue.lung] })
  if (random.chance(0.5))
    paintTube(canvas, oesophagus.slice(3, random.integer(14, 26)), 2.6, -700, Tissue.airway)

  // Trees of the lungs.
  for (const side of [-1, 1]) {
    const hilum: Vec3 = side < 0 ? [-46, 8, 70] : [45, 22, 70]
    const box = {
      min: [side < 0 ? -140 : 10, -100, -95] as Vec3,
      max: [side < 0 ? -10 : 140, 100, 160] as Vec3,
    }
    const inLung = { over: [Tissue.lung, Tissue.airway, Tissue.bronchus] as Tissue[] }
    const shared = { region: lung, box, margin: 5 }
    const arteries = growTree(random, { ...shared, root: hilum, ends: 620, endRadius: 0.72, rootRadius: 8 })
    const veins = growTree(random, {
      ...shared,
      root: [hilum[0], hilum[1] + 6, hilum[2] - 16],
      ends: 540,
      endRadius: 0.72,
      rootRadius: 7,
    })
    const bronchi = growTree(random, {
      ...shared,
      root: side < 0 ? [-52, 18, 48] : [50, 24, 52],
      ends: 46,
      endRadius: 0.9,
      margin: 16,
      rootRadius: 4.2,
    })
    paintTree(canvas, bronchi, -150, Tissue.bronchus, { ...inLung, grow: 1 })
    paintTree(canvas, veins, Math.min(contrast.leftHeart, 180) - 10, Tissue.blood, inLung)
    paintTree(canvas, arteries, Math.min(contrast.pulmonary, 180) - 10, Tissue.blood, inLung)
    paintTree(canvas, bronchi, -970, Tissue.airway, {
      over: [Tissue.bronchus, Tissue.lung, Tissue.airway],
    })
  }
  for (const lumen of lumina) lumen()
}
