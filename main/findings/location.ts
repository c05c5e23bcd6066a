import type { Vec3 } from '../imaging/volume.ts'

/** One slab of the body across the patient's long axis. All positions in patient coordinates (LPS), mm. */
export interface BodySlab {
  /** Position of the slab's middle along S. */
  s: number
  /** Extents of the body, −R … +L and −A … +P; null where there is no body in the slab. */
  box: { right: number; left: number; anterior: number; posterior: number } | null
  /** Centroid of the body's area along L, its lungs and bowel gas counted in. */
  middle: number
  areaCm2: number
  /** Air of the lungs and their vessels up to −400 HU, enclosed in the body. */
  lungCm2: number
  /** At least 250 HU: bone, and also dense contrast medium and metal. */
  boneCm2: number
  /**
   * How much of the body's depth (for right and left) or width (for anterior and posterior) ends where the field of
   * view does, 0 to 1.
   */
  cut: { right: number; left: number; anterior: number; posterior: number }
}

/** What a scan shows of the body, along the patient's long axis. */
export interface BodyProfile {
  /** Thickness of a slab, mm. */
  slabMm: number
  /** From the lowest to the highest. */
  slabs: BodySlab[]
  /** Where lungs are seen; the end of the scan may cut them. null where there are none. */
  lungs: { bottom: number; top: number; bottomSeen: boolean; topSeen: boolean; volumeMl: number } | null
}

export type Side = 'left' | 'right' | 'midline'
export type Depth = 'anterior' | 'posterior' | 'central'
export type BodyLevel = 'above the lungs' | 'upper chest' | 'mid chest' | 'lower chest' | 'below the lungs'
export type Tissue =
  | 'gas'
  | 'lung'
  | 'fat'
  | 'soft tissue'
  | 'contrast or calcification'
  | 'bone'
  | 'metal or dense material'

/** Each part is null where the scan does not show enough to know it. */
export interface FindingLocation {
  side: Side | null
  depth: Depth | null
  level: BodyLevel | null
  tissue: Tissue | null
}

/** More of the edge than this cut off, and the body's middle or depth is no longer known. */
const MOST_CUT = 0.4
/**
 * A field that cuts shoulders or flanks on both sides still shows which side is which, if whole lungs lie in it: up
 * to so much of the edge, and so far from the middle, which is not known better.
 */
const MOST_CUT_WITH_LUNGS = 0.8
const UNSURE_MIDDLE_MM = 40
/** A slab this wide shows a trunk, or both legs; one narrower may be a single limb. */
const TRUNK_WIDTH_MM = 250
/** Half width of the band that is called the midline. */
const MIDLINE_MM = 10
/** Fat and soft tissue with their noise stay below it; a mixture with air or bone does not. */
const MOST_EVEN_SD = 100
/** How far the end of the lungs may be off: the partial volume of a slab or two. */
const LUNG_END_MM = 5
/** A third of a small adult's lungs: so near to one end, it is known which third it is without the other. */
const THIRD_MM = 60

/**
 * Where a finding lies, in words, from the patient's coordinates: the patient's left is left. What the scan does not
 * show is null: the side in a crop that cuts the body, the body level where no lungs are seen or where they are cut.
 * @param centreMm the finding's centre, LPS mm
 * @param huMean its mean HU, which decides the tissue: a guess, not a segmentation
 * @param huSd its standard deviation, HU: a nodule with lung around it has the mean of fat, but not its evenness
 */
export function describeLocation(
  centreMm: Vec3,
  huMean: number,
  profile: BodyProfile,
  huSd = 0,
): FindingLocation {
  const slab = slabAt(profile, centreMm[2])
  return {
    side: sideOf(centreMm[0], slab, profile),
    depth: depthOf(centreMm[1], slab),
    level: levelAt(centreMm[2], profile),
    tissue: tissueOf(huMean, huSd, slab, profile),
  }
}

function slabAt({ slabs, slabMm }: BodyProfile, s: number): BodySlab | null {
  if (slabs.length === 0) return null
  const index = Math.round((s - slabs[0].s) / slabMm)
  return slabs[index] ?? null
}

function sideOf(l: number, slab: BodySlab | null, { lungs }: BodyProfile): Side | null {
  if (!slab?.box) return null
  const { cut, box, middle } = slab
  const isTrunk = box.left - box.right >= TRUNK_WIDTH_MM
  const most = Math.max(cut.left, cut.right)
  // The middle of a single limb is not the patient's.
  if (lungs === null && !isTrunk) return null
  if (most > MOST_CUT) {
    if (lungs === null || !isTrunk || most > MOST_CUT_WITH_LUNGS) return null
    if (Math.abs(l - middle) < UNSURE_MIDDLE_MM) return null
  } else if (Math.abs(l - middle) <= MIDLINE_MM) return 'midline'
  return l > middle ? 'left' : 'right'
}

function depthOf(p: number, slab: BodySlab | null): Depth | null {
  if (!slab?.box) return null
  const { cut, box } = slab
  if (Math.max(cut.anterior, cut.posterior) > MOST_CUT) return null
  const share = (p - box.anterior) / (box.posterior - box.anterior)
  if (share < 1 / 3) return 'anterior'
  return share > 2 / 3 ? 'posterior' : 'central'
}

function levelAt(s: number, { lungs }: BodyProfile): BodyLevel | null {
  if (lungs === null) return null
  const { bottom, top, bottomSeen, topSeen } = lungs
  if (s > top + LUNG_END_MM) return topSeen ? 'above the lungs' : null
  if (s < bottom - LUNG_END_MM) return bottomSeen ? 'below the lungs' : null
  if (topSeen && bottomSeen) {
    const share = (s - bottom) / (top - bottom)
    if (share < 1 / 3) return 'lower chest'
    return share > 2 / 3 ? 'upper chest' : 'mid chest'
  }
  if (bottomSeen && s < bottom + THIRD_MM) return 'lower chest'
  if (topSeen && s > top - THIRD_MM) return 'upper chest'
  return null
}

/** Usual ranges; what lies between lung and fat is a mixture that the mean does not tell. */
function tissueOf(hu: number, sd: number, slab: BodySlab | null, { lungs }: BodyProfile): Tissue | null {
  if (hu < -950) return 'gas'
  if (hu < -400) {
    if (slab && slab.lungCm2 > 0) return 'lung'
    // Where the scan shows that lungs are elsewhere, so much air is gas with its blurred edge.
    return lungs && slab ? 'gas' : null
  }
  if (hu < -150 || (hu < 120 && sd > MOST_EVEN_SD)) return null
  if (hu < -30) return 'fat'
  if (hu < 120) return 'soft tissue'
  if (hu < 250) return 'contrast or calcification'
  return hu < 2000 ? 'bone' : 'metal or dense material'
}
