import { indexToPatient, type Vec3, voxelVolumeMl } from '../volume.ts'
import type { AbdominalOrgans } from './abdomen.ts'
import {
  type Box,
  blendMax,
  boxAround,
  type Canvas,
  coverage,
  type Distance,
  forBox,
  grow,
  Tissue,
} from './canvas.ts'
import type { Patient } from './patient.ts'
import { createRandom, type Random } from './random.ts'
import type { Skeleton } from './skeleton.ts'
import type { Trunk } from './trunk.ts'

type Organs = AbdominalOrgans & { lung: Distance }

export type LesionKind =
  | 'solid lung nodule'
  | 'ground-glass nodule'
  | 'liver metastasis'
  | 'sclerotic bone lesion'
  | 'lytic bone lesion'
  | 'kidney mass'
  | 'pleural effusion'
  | 'enlarged node'

export interface Lesion {
  /** Value of its voxels in the truth mask. */
  number: number
  kind: LesionKind
  /** Centre of gravity of its voxels, LPS mm. */
  centreMm: Vec3
  volumeMl: number
}

interface Draft {
  kind: LesionKind
  box: Box
  distance: Distance
  hu: (x: number, y: number, z: number, before: number, distance: number) => number
  over?: readonly Tissue[]
}

/** A ball with a bumpy surface. */
function blob(random: Random, centre: Vec3, radius: number, roughness: number): Distance {
  const waves = Array.from({ length: 5 }, () => ({
    k: [random.normal(0, 2.4), random.normal(0, 2.4), random.normal(0, 2.4)],
    phase: random.uniform(0, 6.28),
  }))
  const stretch = [random.uniform(0.85, 1.15), random.uniform(0.85, 1.15), random.uniform(0.85, 1.15)]
  return (x, y, z) => {
    const px = (x - centre[0]) * stretch[0]
    const py = (y - centre[1]) * stretch[1]
    const pz = (z - centre[2]) * stretch[2]
    const r = Math.sqrt(px * px + py * py + pz * pz) || 1e-6
    let bump = 0
    for (const { k, phase } of waves) bump += Math.sin((k[0] * px + k[1] * py + k[2] * pz) / r + phase)
    return r - radius * (1 + (roughness * bump) / 3)
  }
}

/** Puts lesions into plausible places and returns their truth mask (lesion number per voxel). */
export function paintLesions(
  canvas: Canvas,
  trunk: Trunk,
  patient: Patient,
  skeleton: Skeleton,
  organs: Organs,
): { truth: Uint8Array; lesions: Lesion[] } {
  const random = createRandom(patient.seed, 'lesions')
  const { grid } = canvas
  const visible = (p: Vec3, radius: number) => {
    const index = canvas.toIndex(p)
    return index.every((at, axis) => {
      const margin = radius / grid.spacing[axis] + 1
      return at > margin && at < grid.dims[axis] - 1 - margin
    })
  }
  const taken: { p: Vec3; r: number }[] = []
  /** A point of the region at least `depth` mm inside, in view, and clear of the other lesions. */
  const place = (region: Distance, box: Box, depth: number, radius: number): Vec3 | undefined => {
    for (let tries = 0; tries < 4000; tries++) {
      const p: Vec3 = [
        random.uniform(box.min[0], box.max[0]),
        random.uniform(box.min[1], box.max[1]),
        random.uniform(box.min[2], box.max[2]),
      ]
      if (region(p[0], p[1], p[2]) > -depth || !visible(p, radius)) continue
      if (taken.some((t) => Math.hypot(p[0] - t.p[0], p[1] - t.p[1], p[2] - t.p[2]) < t.r + radius + 8))
        continue
      taken.push({ p, r: radius })
      return p
    }
    return undefined
  }
  const drafts: Draft[] = []
  const add = (
    kind: LesionKind,
    p: Vec3 | undefined,
    radius: number,
    roughness: number,
    hu: Draft['hu'],
    over?: readonly Tissue[],
  ) => {
    if (!p) return
    drafts.push({
      kind,
      box: boxAround(p, radius * 1.9),
      distance: blob(random, p, radius, roughness),
      hu,
      ...(over && { over }),
    })
  }
  const lungBox: Box = { min: [-140, -100, -80], max: [140, 100, 150] }
  const enhanced = patient.contrast.liver > 90

  for (let n = random.integer(1, 3); n > 0; n--) {
    const r = random.uniform(4, 10)
    const hu = random.uniform(25, 60) + (enhanced ? 25 : 0)
    add('solid lung nodule', place(organs.lung, lungBox, r + 2, r), r, random.uniform(0.05, 0.22), () => hu, [
      Tissue.lung,
      Tissue.blood,
      Tissue.airway,
      Tissue.organ,
    ])
  }
  for (let n = random.integer(0, 1) + (random.chance(0.5) ? 1 : 0); n > 0; n--) {
    const r = random.uniform(6, 12)
    const veil = random.uniform(180, 330)
    add(
      'ground-glass nodule',
      place(organs.lung, lungBox, r + 3, r),
      r,
      0.2,
      (_x, _y, _z, before) => (before < -300 ? before + veil : before),
      [Tissue.lung],
    )
  }
  for (let n = random.integer(1, 4); n > 0; n--) {
    const r = random.uniform(5, 16)
    const core = patient.contrast.liver - random.uniform(28, 55)
    // A rim needs a core to be seen around.
    const rim = random.chance(0.3) && r > 9 ? 22 : 0
    add(
      'liver metastasis',
      place(organs.liver, organs.liverBox, r * 0.8 + 2, r),
      r,
      0.12,
      (_x, _y, _z, _before, d) => (d > -3 ? core + rim : core),
      [Tissue.liver, Tissue.blood],
    )
  }
  const inView = skeleton.vertebrae.filter(({ centre }) => visible(centre, 12))
  if (inView.length > 0) {
    const { centre, radii } = random.pick(inView)
    const sclerotic = random.chance(0.5)
    const r = random.uniform(6, 10)
    const p: Vec3 = [
      centre[0] + random.uniform(-7, 7),
      centre[1] + random.uniform(-4, 4),
      centre[2] + random.uniform(-2, 2),
    ]
    const dense = random.uniform(560, 820)
    taken.push({ p, r })
    const shape = blob(random, p, r, 0.2)
    drafts.push({
      kind: sclerotic ? 'sclerotic bone lesion' : 'lytic bone lesion',
      box: boxAround(p, r * 1.9),
      distance: (x, y, z) => blendMax(shape(x, y, z), Math.abs(z - centre[2]) - radii[2], 3),
      hu: () => (sclerotic ? dense : 48),
      over: [Tissue.bone],
    })
  }
  if (random.chance(0.6)) {
    const { centre, radii } = random.pick(organs.kidneys)
    const r = random.uniform(10, 22)
    const angle = random.uniform(-0.9, 0.9)
    const side = Math.sign(centre[0])
    const p: Vec3 = [
      centre[0] + side * radii[0] * 0.8 * Math.cos(angle),
      centre[1] + radii[1] * 0.8 * Math.sin(angle),
      centre[2] + random.uniform(-0.5, 0.7) * radii[2],
    ]
    const base = enhanced ? random.uniform(60, 110) : random.uniform(30, 45)
    if (visible(p, r) && trunk.cage(p[0], p[1], p[2]) < -3) {
      taken.push({ p, r })
      const shape = blob(random, p, r, 0.1)
      drafts.push({
        kind: 'kidney mass',
        box: boxAround(p, r * 1.9),
        distance: (x, y, z) =>
          blendMax(
            shape(x, y, z),
            blendMax(
              trunk.abdomen(x, y, z) + 3,
              2 - Math.min(organs.liver(x, y, z), organs.spleen(x, y, z)),
              3,
            ),
            5,
          ),
        hu: (x, y, z, _before, d) =>
          base + (d < -0.45 * r ? -25 : 0) + 12 * Math.sin(x * 0.4 + y * 0.3) * Math.sin(z * 0.35),
        over: [Tissue.visceralFat, Tissue.organ, Tissue.content, Tissue.blood],
      })
    }
  }
  if (random.chance(0.5)) {
    const side = random.pick([-1, 1])
    const level = random.uniform(60, 76)
    // Fluid sinks to the back of a lying patient, with a meniscus along the chest wall.
    drafts.push({
      kind: 'pleural effusion',
      box: { min: [side < 0 ? -140 : 15, 20, -95], max: [side < 0 ? -15 : 140, 105, 90] },
      distance: (x, y, z) => {
        const meniscus = 22 * Math.exp(trunk.cage(x, y, z) / 9)
        return blendMax(organs.lung(x, y, z), level + 0.12 * (z + 60) - meniscus - y, 4)
      },
      hu: () => 12,
      over: [Tissue.lung, Tissue.blood, Tissue.airway, Tissue.bronchus, Tissue.organ],
    })
  }
  if (random.chance(0.7)) {
    const r = random.uniform(7, 12)
    const spot = random.pick<Vec3>([
      [-20, 2, 108],
      [-6, 22, 76],
      [24, -2, 102],
      [-127, -4, 122],
      [127, -4, 122],
    ])
    const p: Vec3 = [
      spot[0] + random.normal(0, 2),
      spot[1] + random.normal(0, 2),
      spot[2] + random.normal(0, 2),
    ]
    const hu = enhanced ? random.uniform(70, 100) : random.uniform(35, 50)
    if (visible(p, r))
      add('enlarged node', p, r, 0.1, () => hu, [
        Tissue.visceralFat,
        Tissue.fat,
        Tissue.muscle,
        Tissue.organ,
        Tissue.lung,
      ])
  }
  return paintDrafts(canvas, drafts)
}

function paintDrafts(canvas: Canvas, drafts: readonly Draft[]): { truth: Uint8Array; lesions: Lesion[] } {
  const { hu, tissue, edge, grid } = canvas
  const truth = new Uint8Array(hu.length)
  const lesions: Lesion[] = []
  const [nx, ny] = grid.dims
  for (const draft of drafts) {
    const number = lesions.length + 1
    let count = 0
    const sum = [0, 0, 0]
    forBox(canvas, grow(draft.box, edge), (offset, x, y, z) => {
      if (truth[offset] !== 0) return
      if (draft.over && !draft.over.includes(tissue[offset] as Tissue)) return
      const d = draft.distance(x, y, z)
      const share = coverage(d, edge)
      if (share === 0) return
      hu[offset] += share * (draft.hu(x, y, z, hu[offset], d) - hu[offset])
      if (share < 0.5) return
      tissue[offset] = draft.kind === 'ground-glass nodule' ? Tissue.lung : Tissue.lesion
      truth[offset] = number
      count++
      sum[0] += offset % nx
      sum[1] += Math.floor(offset / nx) % ny
      sum[2] += Math.floor(offset / (nx * ny))
    })
    if (count === 0) continue
    const centreMm = indexToPatient(grid, [sum[0] / count, sum[1] / count, sum[2] / count])
    lesions.push({ number, kind: draft.kind, centreMm, volumeMl: count * voxelVolumeMl(grid) })
  }
  return { truth, lesions }
}
