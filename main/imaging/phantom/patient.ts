import { createRandom } from './random.ts'

/** HU of enhanced tissues in one contrast phase. */
export interface Contrast {
  aorta: number
  veins: number
  rightHeart: number
  leftHeart: number
  pulmonary: number
  portal: number
  liver: number
  spleen: number
  renalCortex: number
  renalMedulla: number
  myocardium: number
  muscle: number
  gut: number
}

// biome-ignore format: reads as a table
const PHASES: readonly { share: number; contrast: Contrast }[] = [
  // Native, portal venous, late arterial, pulmonary: typical HU of the literature on abdominal and chest CT.
  {
    share: 0.35,
    contrast: {
      aorta: 42, veins: 42, rightHeart: 42, leftHeart: 42, pulmonary: 42, portal: 40, liver: 60, spleen: 50,
      renalCortex: 33, renalMedulla: 30, myocardium: 46, muscle: 52, gut: 36,
    },
  },
  {
    share: 0.4,
    contrast: {
      aorta: 155, veins: 145, rightHeart: 150, leftHeart: 152, pulmonary: 150, portal: 165, liver: 108, spleen: 118,
      renalCortex: 185, renalMedulla: 165, myocardium: 105, muscle: 62, gut: 75,
    },
  },
  {
    share: 0.15,
    contrast: {
      aorta: 290, veins: 90, rightHeart: 170, leftHeart: 270, pulmonary: 200, portal: 95, liver: 72, spleen: 115,
      renalCortex: 190, renalMedulla: 80, myocardium: 110, muscle: 57, gut: 70,
    },
  },
  {
    share: 0.1,
    contrast: {
      aorta: 180, veins: 60, rightHeart: 330, leftHeart: 200, pulmonary: 340, portal: 45, liver: 62, spleen: 60,
      renalCortex: 90, renalMedulla: 40, myocardium: 80, muscle: 54, gut: 42,
    },
  },
]

/** Everything about a patient and a scan that the seed decides. Lengths in mm, angles in radians. */
export interface Patient {
  seed: number
  scale: readonly [number, number, number]
  /** Turn about z (roll on the table), about x and about y. */
  turn: readonly [number, number, number]
  shift: readonly [number, number, number]
  fat: number
  visceral: number
  female: boolean
  breast: number
  kyphosis: number
  scoliosis: number
  domeRight: number
  domeLeft: number
  heart: number
  liver: number
  boneDensity: number
  lungHu: number
  contrast: Contrast
  noiseSd: number
  /** 0 smooth … 1 sharp reconstruction kernel. */
  sharpness: number
  couch: boolean
  couchGap: number
}

export function drawPatient(seed: number): Patient {
  const random = createRandom(seed, 'patient')
  const fat = random.uniform(5, 24)
  const build = random.uniform(0.9, 1.08)
  // The widest body still lies inside the default field of view of 384 mm.
  const widest = 180 / (156 + 1.35 * fat)
  const female = random.chance(0.5)
  let draw = random.uniform(0, 1)
  const phase = PHASES.find((candidate) => {
    draw -= candidate.share
    return draw < 0
  })
  const contrast = { ...(phase ?? PHASES[0]).contrast }
  const uptake = random.uniform(0.9, 1.1)
  for (const key of Object.keys(contrast) as (keyof Contrast)[])
    contrast[key] *= uptake * random.uniform(0.96, 1.04)
  const sharpness = random.uniform(0, 1)
  return {
    seed,
    scale: [
      Math.min(build * random.uniform(0.97, 1.03), widest),
      Math.min(build * random.uniform(0.94, 1.06), 1.06),
      random.uniform(0.93, 1.07) * (female ? 0.97 : 1.01),
    ],
    turn: [random.normal(0, 0.035), random.normal(0, 0.02), random.normal(0, 0.015)],
    shift: [random.normal(0, 3), random.normal(0, 3), random.uniform(-14, 10)],
    fat,
    visceral: random.uniform(0, 1),
    female,
    breast: female ? random.uniform(8, 30) : 0,
    kyphosis: random.uniform(4, 16),
    scoliosis: random.normal(0, 3),
    domeRight: random.uniform(-6, 6),
    domeLeft: random.uniform(-20, -6),
    heart: random.uniform(0.9, 1.12),
    liver: random.uniform(0.88, 1.1),
    boneDensity: random.uniform(0.7, 1.25),
    lungHu: random.uniform(-885, -820),
    contrast,
    noiseSd: 12 + 9 * sharpness + random.uniform(0, 4),
    sharpness,
    couch: random.chance(0.8),
    couchGap: random.uniform(2, 6),
  }
}
