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

export interface Vertebra {
  centre: Vec3
  radii: Vec3
  top: number
  bottom: number
}
export interface Skeleton {
  vertebrae: Vertebra[]
  ribs: Vec3[][]
}

/** Thoracic and lumbar column, ribs with cartilage, sternum, shoulder blades and collar bones. */
export function paintSkeleton(canvas: Canvas, trunk: Trunk, patient: Patient): Skeleton {
  const random = createRandom(patient.seed, 'skeleton')
  const cortex = 560 * patient.boneDensity
  const marrow = 190 * patient.boneDensity
  const tube = (points: readonly Vec3[], radius: number, spongy = marrow, within?: Distance) => {
    const options = within ? { within } : {}
    paintTube(canvas, points, radius, cortex, Tissue.bone, options)
    if (radius > 2.6) paintTube(canvas, points, radius - 2, spongy, Tissue.bone, options)
  }

  const vertebrae: Vertebra[] = []
  let top = 205 + random.uniform(0, 10)
  while (top > -205) {
    const height = 18 + 8 * Math.min(1, Math.max(0, (170 - top) / 300))
    const disc = 4 + 5 * Math.min(1, Math.max(0, (150 - top) / 300))
    const size = 0.8 + 0.35 * Math.min(1, Math.max(0, (190 - top) / 330))
    const z = top - height / 2
    const { x, y } = trunk.spine(z)
    vertebrae.push({
      centre: [x, y, z],
      radii: [19 * size, 15.5 * size, height / 2],
      top,
      bottom: top - height,
    })
    top -= height + disc
  }
  for (const { centre, radii, top, bottom } of vertebrae) {
    const [x, y, z] = centre
    const [rx, ry] = radii
    // Erector spinae of both sides with the fat that marbles them, around the arch.
    const waist = (h: number) => 1 - 0.1 * (1 - ((h - z) / radii[2]) ** 2)
    const body = (px: number, py: number, pz: number) => {
      const w = waist(pz)
      const u = (px - x) / (rx * w)
      const v = (py - y) / (ry * w)
      const f = Math.sqrt(u * u + v * v)
      return blendMax((f - 1) * ry, Math.abs(pz - z) - radii[2], 3)
    }
    const disc = trunk.spine(bottom - 3)
    const next = bottom - 10
    paint(
      canvas,
      { min: [disc.x - rx, disc.y - ry, next], max: [disc.x + rx, disc.y + ry, bottom + 1] },
      (px, py, pz) => {
        const u = (px - disc.x) / rx
        const v = (py - disc.y) / ry
        return Math.max((Math.sqrt(u * u + v * v) - 0.97) * ry, next - pz, pz - bottom - 1)
      },
      88,
      Tissue.content,
    )
    // Arch: pedicles, laminae, spinous and transverse processes around the canal.
    const back = y + ry
    const sx = rx / 19
    tube(
      [
        [x - 11 * sx, back - 4, z + 3],
        [x - 13 * sx, back + 12, z],
      ],
      5,
    )
    tube(
      [
        [x + 11 * sx, back - 4, z + 3],
        [x + 13 * sx, back + 12, z],
      ],
      5,
    )
    tube(
      [
        [x - 13 * sx, back + 12, z],
        [x, back + 19, z - 5],
        [x + 13 * sx, back + 12, z],
      ],
      3.6,
    )
    const spinous: Vec3[] = [
      [x, back + 18, z - 5],
      [x, back + 34, z - 16],
    ]
    // In a thin patient the tip ends under the skin.
    tube(spinous, 3.4, marrow, (px, py, pz) => trunk.muscle(px, py, pz) - 1)
    const reach = z > -20 ? 28 : 36
    tube(
      [
        [x - 13 * sx, back + 11, z],
        [x - reach * sx, back + (z > -20 ? 14 : 6), z + 1],
      ],
      3.8,
    )
    tube(
      [
        [x + 13 * sx, back + 11, z],
        [x + reach * sx, back + (z > -20 ? 14 : 6), z + 1],
      ],
      3.8,
    )
    const box = { min: [x - rx, y - ry, bottom] as Vec3, max: [x + rx, y + ry, top] as Vec3 }
    paint(canvas, box, body, cortex * 0.85, Tissue.bone)
    paint(canvas, box, (px, py, pz) => body(px, py, pz) + 1.6, marrow, Tissue.bone, {
      edge: canvas.edge * 1.5,
    })
  }
  const canal: Vec3[] = []
  for (let z = 215; z > -215; z -= 10) {
    const { x, y } = trunk.spine(z)
    canal.push([x, y + 22 + (z < 60 ? Math.min(2.5, (60 - z) / 50) : 0), z])
  }
  paintTube(canvas, canal, 7.5, -30, Tissue.content)
  paintTube(canvas, canal, 6.6, 14, Tissue.content)
  paintTube(canvas, canal.slice(0, 27), 4.2, 42, Tissue.content)

  const ribs: Vec3[][] = []
  for (let n = 0; n < 12; n++) {
    const start = 172 - 24.5 * n + random.normal(0, 1)
    const full = n < 7 ? 2.55 : n < 10 ? 2.3 - 0.12 * (n - 7) : n === 10 ? 1.35 : 0.95
    for (const side of [-1, 1]) {
      const points: Vec3[] = []
      const drop = 55 + 12 * Math.min(1, n / 5) + random.normal(0, 2)
      const { x: sx } = trunk.spine(start)
      points.push([sx + side * 17, trunk.spine(start).y + 17, start + 3])
      for (let angle = 0.42; angle <= full; angle += 0.14) {
        const z = start - drop * (0.5 - 0.5 * Math.cos(Math.min(Math.PI, angle * 1.15)))
        const { a, b, cy } = trunk.cageAxes(z)
        // On the superellipse that bounds the cage, 5 mm into the wall.
        const c = Math.cos(angle)
        const s = Math.sin(angle)
        const f = (Math.abs(s / (a + 5)) ** 2.5 + Math.abs(c / (b + 5)) ** 2.5) ** -0.4
        points.push([side * f * s, cy + f * c, z])
      }
      const line = smoothLine(points, 2)
      ribs.push(line)
      // Higher than thick: two tubes, one above the other.
      for (const offset of [-2.4, 2.4])
        paintTube(
          canvas,
          line.map(([x, y, z]): Vec3 => [x, y, z + offset]),
          3.7,
          cortex * 0.9,
          Tissue.bone,
        )
      for (const offset of [-2, 2])
        paintTube(
          canvas,
          line.map(([x, y, z]): Vec3 => [x, y, z + offset]),
          1.9,
          marrow,
          Tissue.bone,
        )
      if (n < 10 && n > 0) {
        const end = line[line.length - 1]
        const z = Math.max(20, 118 - 16 * n)
        const { b, cy } = trunk.cageAxes(z)
        const sternum: Vec3 = [side * 14, cy - b - 6, z]
        const { b: b2, cy: cy2 } = trunk.cageAxes((end[2] + z) / 2 - 4)
        const middle: Vec3 = [(end[0] + sternum[0]) / 2, cy2 - b2 - 3, (end[2] + z) / 2 - 6]
        const calcified = random.uniform(80, 150)
        paintTube(canvas, smoothLine([end, middle, sternum], 5), 4.6, calcified, Tissue.content)
      }
    }
  }
  const front = (z: number): Vec3 => {
    const { b, cy } = trunk.cageAxes(z)
    return [0, cy - b - 7, z]
  }
  for (const x of [-11, -4, 4, 11]) {
    const line: Vec3[] = []
    for (let z = 122; z > 18; z -= 8) line.push([x * (z > 95 ? 1.5 : z < 35 ? 0.4 : 1), front(z)[1], z])
    paintTube(canvas, line, 5.2, cortex * 0.6, Tissue.bone)
  }
  for (const x of [-9, -3, 3, 9]) {
    const line: Vec3[] = []
    for (let z = 120; z > 20; z -= 8) line.push([x * (z > 95 ? 1.5 : z < 35 ? 0.4 : 1), front(z)[1], z])
    paintTube(canvas, line, 3.4, marrow * 0.75, Tissue.bone)
  }
  for (const side of [-1, 1]) {
    const collar = smoothLine(
      [
        [side * 18, front(122)[1] + 2, 128],
        [side * 70, -38, 140],
        [side * 118, -8, 165],
        [side * 140, 10, 190],
      ],
      6,
    )
    tube(collar, 6)
    const armpit: Vec3 = [side * 127, -4, 124]
    paint(canvas, boxAround(armpit, 34), ellipsoid(armpit, [13, 24, 32]), -95, Tissue.fat, {
      over: [Tissue.muscle],
      within: (x, y, z) => 9 - trunk.cage(x, y, z),
    })
    // Shoulder blade: a plate that follows the cage, between its muscles, with a thicker border and spine.
    const plate = (x: number, y: number, z: number) => {
      const inPlane = blendMax(
        Math.abs(z - 120) - 62,
        Math.abs(side * x - (104 - 0.12 * (z - 120))) - 34 - 0.25 * (z - 120),
        8,
      )
      return Math.max(Math.abs(trunk.cage(x, y, z) - 17) - 1.9, inPlane, 20 - y)
    }
    paint(
      canvas,
      { min: [Math.min(side * 40, side * 165), 20, 50], max: [Math.max(side * 40, side * 165), 130, 190] },
      plate,
      cortex * 0.75,
      Tissue.bone,
    )
    tube(
      [
        [side * 80, 92, 150],
        [side * 112, 78, 160],
        [side * 138, 48, 172],
      ],
      5.5,
    )
    tube(
      [
        [side * 128, 20, 120],
        [side * 136, 14, 150],
        [side * 144, 12, 190],
      ],
      7,
    )
    paint(
      canvas,
      boxAround([side * 146, 4, 178], 26),
      ellipsoid([side * 146, 4, 178], [20, 22, 22]),
      (_x, _y, _z, d) => (d < -2.5 ? marrow : cortex * 0.8),
      Tissue.bone,
    )
  }
  return { vertebrae, ribs }
}
