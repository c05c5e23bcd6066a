import type { Vec3 } from '../volume.ts'
import { type Canvas, paintTube, smoothLine, Tissue } from './canvas.ts'
import type { Patient } from './patient.ts'
import { createRandom } from './random.ts'

/** Colon with gas and stool, and coils of small bowel: painted last, into the fat that is left. */
export function paintBowel(canvas: Canvas, patient: Patient): void {
  const random = createRandom(patient.seed, 'bowel')
  const { contrast } = patient
  const loop = (
    points: Vec3[],
    radius: number,
    wallHu: number,
    inner: (x: number, y: number, z: number) => number,
    wave: number,
  ) => {
    const line = smoothLine(points, 7)
    const radii = line.map((_, n) => radius * (1 + wave * Math.sin(n * 1.25)))
    paintTube(canvas, line, radii, wallHu, Tissue.bowel, { over: [Tissue.visceralFat] })
    paintTube(
      canvas,
      line,
      radii.map((r) => r - 2.2),
      (x, y, z) => inner(x, y, z),
      Tissue.content,
      { over: [Tissue.bowel, Tissue.content] },
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
}
