import type { Warning } from '../errors.ts'
import { type Finding, Sums } from '../findings/findings.ts'
import { type Calibration, levelTable } from '../findings/level.ts'
import { type Grid, voxelCount, voxelVolumeMl } from '../imaging/volume.ts'
import { openSlabs } from '../processes/rawFile.ts'
import { paintMask } from './paintMask.ts'
import { componentRuns, type Outline, outlineRuns, type RunList } from './runList.ts'
import { componentAt, type ScoreComponents, scoreComponents } from './scoreComponents.ts'
import { SlicePasses } from './slicePasses.ts'

export type FindingState = 'unreviewed' | 'confirmed' | 'false-positive' | 'uncertain'

export interface LabelCode {
  scheme: string
  value: string
  meaning: string
}

/** What a reader said about a finding; the contract's ReviewRecord is one. */
export interface FindingReview {
  /** `peak-N`, N being the offset of the peak voxel in the grid, or `drawn-…`. */
  key: string
  state: FindingState
  label: { text: string; code: LabelCode | null } | null
  note: string
  outline: Outline | null
  /** Anomaly level of the threshold when the state was set. */
  thresholdLevel: number | null
  /** ISO 8601. */
  updatedAt: string | null
}

/** Whose outline a finding has: the machine's, a reader's in its place, or a reader's alone. */
export type FindingOrigin = 'machine' | 'corrected' | 'drawn'

export interface ReviewedFinding extends Finding {
  key: string
  origin: FindingOrigin
  state: FindingState
  label: FindingReview['label']
  note: string
  updatedAt: string | null
  /** Anomaly level at which the machine's region was taken; null for a reader's outline. */
  regionLevel: number | null
  /** Voxels that the mask and the segmentation give it; fewer than voxelCount where findings overlap. */
  maskVoxelCount: number
}

export interface ReviewedRequest {
  grid: Grid
  calibration: Calibration
  /** Raw files on the grid: float32 −log q, int16 HU. */
  files: { score: string; volume: string }
  /** Lowest anomaly level of the machine's findings. */
  level: number
  /** Smallest volume of the machine's findings that no reader spoke of, mL. */
  minVolumeMl: number
  states: readonly FindingState[]
  reviews: readonly FindingReview[]
  signal?: AbortSignal
  onProgress?: (stage: 'findings' | 'measuring', done: number, total: number) => void
}

export interface Reviewed {
  /** In order of rank (peak score, volume, both descending, then place), numbered from 1. */
  findings: ReviewedFinding[]
  /** On the grid: 0, or a finding's number. */
  mask: Uint16Array
  warnings: Warning[]
}

interface Candidate {
  key: string
  origin: FindingOrigin
  review: FindingReview | undefined
  regionLevel: number | null
  runs: RunList
}

const LARGEST_NUMBER = 0xffff

/**
 * The findings of a reviewed run that are in one of the states: the machine's at the level, each with the reader's
 * outline where there is one; what the reader drew; and what the reader judged at another level, as it was there.
 * All are measured on their own voxels. Score and HU are read slice by slice; beside the runs of the regions one map
 * is held at a time, of a byte for each voxel and then of two.
 * @throws WorkstationError 'usage/level', 'engine/invalid-score', 'input/outline'; AbortError at the signal
 */
export async function reviewedFindings(request: ReviewedRequest): Promise<Reviewed> {
  const { grid, files } = request
  const slice = grid.dims[0] * grid.dims[1]
  const score = openSlabs(files.score, new Float32Array(slice))
  const volume = openSlabs(files.volume, new Int16Array(slice))
  try {
    const { candidates, warnings } = await gather(request, score.slab)
    const measured = await measure(candidates, request, score.slab, volume.slab)
    const { mask, voxelsOf, warnings: overlaps } = paintMask(paintOrder(measured), voxelCount(grid))
    const findings = measured.map(({ finding }) => ({
      ...finding,
      maskVoxelCount: voxelsOf.get(finding.number) ?? 0,
    }))
    return { findings, mask, warnings: [...warnings, ...overlaps] }
  } finally {
    score.close()
    volume.close()
  }
}

async function gather(
  request: ReviewedRequest,
  scoreSlice: (k: number) => Float32Array,
): Promise<{ candidates: Candidate[]; warnings: Warning[] }> {
  const { grid, calibration, level, states, onProgress } = request
  const reviews = new Map(request.reviews.map((review) => [review.key, review]))
  const elsewhere: FindingReview[] = []
  const levels = new Set([level])
  for (const { state, thresholdLevel, outline, key } of request.reviews) {
    const judged = state !== 'unreviewed' && states.includes(state) && !outline && key.startsWith('peak-')
    if (judged && thresholdLevel !== null) levels.add(thresholdLevel)
  }
  let done = 0
  const total = 2 * grid.dims[2] * levels.size
  const passes = new SlicePasses(request.signal, () => onProgress?.('findings', ++done, total))
  const componentsAt = (at: number) => scoreComponents(grid, calibration, at, scoreSlice, passes)

  const components = await componentsAt(level)
  const { candidates, shown, warnings } = machineCandidates(components, request, reviews)
  for (const review of request.reviews) {
    if (shown.has(review.key) || !states.includes(review.state)) continue
    if (review.outline) candidates.push(outlined(review, request))
    else if (review.key.startsWith('peak-') && review.state !== 'unreviewed') elsewhere.push(review)
  }
  const lost = elsewhere.length - (await addElsewhere(elsewhere, candidates, componentsAt))
  if (lost > 0) warnings.push(lostWarning(lost))
  const empty = candidates.filter(({ runs }) => runs.start.length === 0).length
  if (empty > 0) warnings.push(emptyWarning(empty))
  return { candidates: candidates.filter(({ runs }) => runs.start.length > 0), warnings }
}

/** The machine's findings at the level, ranked so that only the lowest are left out where there are too many. */
function machineCandidates(
  components: ScoreComponents,
  { grid, minVolumeMl, states, level, reviews: { length: spoken } }: ReviewedRequest,
  reviews: ReadonlyMap<string, FindingReview>,
): { candidates: Candidate[]; shown: Set<string>; warnings: Warning[] } {
  const { peakScore, peakOffset, voxelCount: voxels } = components
  // In voxels, with room for rounding: 100 voxels of 0.001 mL are 0.1 mL.
  const minVoxels = minVolumeMl / voxelVolumeMl(grid) - 1e-6
  const shown = new Set<string>()
  const included: number[] = []
  for (let component = 0; component < components.count; component++) {
    const key = `peak-${peakOffset[component]}`
    const review = reviews.get(key)
    if (!review && voxels[component] < minVoxels) continue
    // A correction takes the region's place wherever the threshold stands.
    if (review?.outline) continue
    shown.add(key)
    if (states.includes(review?.state ?? 'unreviewed')) included.push(component)
  }
  included.sort((a, b) => peakScore[b] - peakScore[a] || voxels[b] - voxels[a] || a - b)
  const kept = included.slice(0, Math.max(0, LARGEST_NUMBER - spoken))
  const runs = componentRuns(components, kept)
  const candidates = kept.map((component, index): Candidate => {
    const key = `peak-${peakOffset[component]}`
    return { key, origin: 'machine', review: reviews.get(key), regionLevel: level, runs: runs[index] }
  })
  const omitted = included.length - kept.length
  return { candidates, shown, warnings: omitted > 0 ? [limitedWarning(omitted, kept.length)] : [] }
}

function outlined(review: FindingReview, { grid }: ReviewedRequest): Candidate {
  const origin = review.key.startsWith('drawn-') ? 'drawn' : 'corrected'
  const runs = outlineRuns(review.outline!, grid.dims)
  return { key: review.key, origin, review, regionLevel: null, runs }
}

/** Adds findings that were judged at another level, as they were there; returns how many were found again. */
async function addElsewhere(
  reviews: readonly FindingReview[],
  candidates: Candidate[],
  componentsAt: (level: number) => Promise<ScoreComponents>,
): Promise<number> {
  let found = 0
  for (const [level, here] of Map.groupBy(reviews, (review) => review.thresholdLevel)) {
    if (level === null) continue
    const components = await componentsAt(level)
    for (const review of here) {
      const component = componentAt(components, Number(review.key.slice('peak-'.length)))
      if (component < 0) continue
      const [runs] = componentRuns(components, [component])
      candidates.push({ key: review.key, origin: 'machine', review, regionLevel: level, runs })
      found++
    }
  }
  return found
}

interface Measured {
  finding: ReviewedFinding
  runs: RunList
}

async function measure(
  candidates: readonly Candidate[],
  { grid, calibration, signal, onProgress }: ReviewedRequest,
  scoreSlice: (k: number) => Float32Array,
  huSlice: (k: number) => Int16Array,
): Promise<Measured[]> {
  const [nx, ny, nz] = grid.dims
  const slice = nx * ny
  const table = levelTable(calibration)
  const sums = candidates.map(() => new Sums())
  const next = new Int32Array(candidates.length)
  let done = 0
  await new SlicePasses(signal, () => onProgress?.('measuring', ++done, nz)).run(nz, (k) => {
    const [score, hu] = [scoreSlice(k), huSlice(k)]
    const first = k * slice
    candidates.forEach(({ runs: { start, length } }, index) => {
      for (; start[next[index]] < first + slice; next[index]++) {
        const from = start[next[index]] - first
        const voxels = length[next[index]]
        sums[index].addRun(from % nx, Math.floor(from / nx), k, voxels)
        for (let i = from; i < from + voxels; i++)
          sums[index].addVoxel(first + i, score[i], table.levelOf(score[i]), hu[i])
      }
    })
  })
  const measured = candidates.map(({ key, origin, review, regionLevel, runs }, index): Measured => {
    const { state = 'unreviewed', label = null, note = '', updatedAt = null } = review ?? {}
    const said = { key, origin, state, label, note, updatedAt, regionLevel, maskVoxelCount: 0 }
    return { finding: { ...sums[index].toFinding(0, grid, table), ...said }, runs }
  })
  measured.sort(
    ({ finding: a, runs: inA }, { finding: b, runs: inB }) =>
      b.peakScore - a.peakScore || b.voxelCount - a.voxelCount || inA.start[0] - inB.start[0],
  )
  measured.forEach(({ finding }, index) => {
    finding.number = index + 1
  })
  return measured
}

/** What is painted last has the voxels that several share: confirmed, then drawn, then later findings. */
function paintOrder(measured: readonly Measured[]): { number: number; runs: RunList }[] {
  const byReader = ({ origin }: ReviewedFinding) => Number(origin !== 'machine')
  const confirmed = ({ state }: ReviewedFinding) => Number(state === 'confirmed')
  const when = ({ updatedAt }: ReviewedFinding) => (updatedAt === null ? 0 : Date.parse(updatedAt))
  return measured
    .toSorted(
      ({ finding: a }, { finding: b }) =>
        confirmed(a) - confirmed(b) || byReader(a) - byReader(b) || when(a) - when(b) || b.number - a.number,
    )
    .map(({ finding: { number }, runs }) => ({ number, runs }))
}

function limitedWarning(omitted: number, kept: number): Warning {
  const message = `${omitted + kept} regions of the machine lie above the level; only the ${kept} highest are exported. A higher level or a larger smallest volume gives fewer.`
  return { code: 'findings/limited', message }
}

function lostWarning(count: number): Warning {
  const message = `${count} reviewed findings of the machine are not at the exported level, and the level at which they were judged is not known: they are left out.`
  return { code: 'export/not-at-level', message }
}

function emptyWarning(count: number): Warning {
  const message = `${count} outlines hold no voxel: they are left out.`
  return { code: 'export/empty-outline', message }
}
