import { type ComponentTree, treeComponentsAt, treeFinding } from '../../main/findings/componentTreeQuery.ts'
import type { Finding } from '../../main/findings/findings.ts'
import type { Region } from '../../main/findings/region.ts'
import type { Vec3 } from '../../main/imaging/volume.ts'
import type { FindingLabel, ReviewRecord, ReviewState } from '../../preload/records.ts'
import { type MeasuredScan, measureRegion, type RegionMeasure } from './measure.ts'
import { regionOfOutline } from './outline.ts'

/** A finding as a reader sees it: what was measured, and what the reader said about it. */
export interface ReviewFinding extends RegionMeasure {
  /** FindingKey. */
  key: string
  origin: 'machine' | 'drawn'
  /** Rank among the machine's findings at the threshold, from 1; null for drawn ones and those not among them. */
  number: number | null
  state: ReviewState
  label: FindingLabel | null
  note: string
  /** Measured on the reader's outline in place of the machine's. */
  corrected: boolean
  /** Why the threshold shows no machine's finding of this key, though something was said of it; null where it does. */
  hidden: 'below-threshold' | 'too-small' | 'merged' | null
  /** The machine's; null for drawn ones. */
  machine: Finding | null
}

export interface ReviewFindingsRequest {
  tree: ComponentTree
  /** Threshold, 1-based. */
  step: number
  /** Smallest volume of the machine's findings, mL; the tree's own where that is larger. */
  minVolumeMl: number
  records: ReadonlyMap<string, ReviewRecord>
  scan: MeasuredScan
}

/** What a machine's finding is known by: the voxel offset of its highest score. */
export function machineKey({ peakIndex }: Pick<Finding, 'peakIndex'>, dims: Vec3): string {
  const [i, j, k] = peakIndex
  return `peak-${i + dims[0] * (j + dims[1] * k)}`
}

/**
 * Machine findings at the threshold in order of rank, then what the reader drew, then what the reader spoke of and the
 * threshold no longer shows: nothing that was reviewed disappears.
 */
export function reviewFindings(request: ReviewFindingsRequest): ReviewFinding[] {
  const { tree, step, records, scan } = request
  const minVolumeMl = Math.max(request.minVolumeMl, tree.minComponentMl)
  const shown = new Set<string>()
  const list = treeComponentsAt(tree, step, { minVolumeMl }).map((finding) => {
    const key = machineKey(finding, tree.dims)
    shown.add(key)
    return withReview(key, finding, records.get(key), scan)
  })
  const drawn: ReviewFinding[] = []
  const hidden: ReviewFinding[] = []
  for (const record of records.values()) {
    if (shown.has(record.key) || !saysAnything(record)) continue
    if (record.key.startsWith('drawn-')) {
      if (record.outline) drawn.push(withReview(record.key, null, record, scan))
      continue
    }
    const finding = lastSeen(tree, record)
    const why = whyHidden(request, minVolumeMl, peakOffset(record.key))
    if (finding) hidden.push({ ...withReview(record.key, finding, record, scan), number: null, hidden: why })
  }
  return [...list, ...drawn, ...hidden]
}

/** Whether a record holds more than an unreviewed finding has without one. */
export function saysAnything(record: ReviewRecord): boolean {
  return (
    record.state !== 'unreviewed' || record.label !== null || record.note !== '' || record.outline !== null
  )
}

function withReview(
  key: string,
  machine: Finding | null,
  record: ReviewRecord | undefined,
  scan: MeasuredScan,
): ReviewFinding {
  const measure = record?.outline ? measured(regionOfOutline(record.outline), scan) : machine
  return {
    ...pickMeasure(measure!),
    key,
    origin: machine ? 'machine' : 'drawn',
    number: machine?.number ?? null,
    state: record?.state ?? 'unreviewed',
    label: record?.label ?? null,
    note: record?.note ?? '',
    corrected: machine !== null && record?.outline != null,
    hidden: null,
    machine,
  }
}

/** Regions and step maps are replaced, never changed: a threshold that moves does not measure outlines again. */
const measures = new WeakMap<Region, { stepMap: Uint8Array; measure: RegionMeasure }>()

function measured(region: Region, scan: MeasuredScan): RegionMeasure {
  const known = measures.get(region)
  if (known?.stepMap === scan.stepMap) return known.measure
  const measure = measureRegion(region, scan)
  measures.set(region, { stepMap: scan.stepMap, measure })
  return measure
}

function pickMeasure(from: RegionMeasure): RegionMeasure {
  const { volumeMl, voxelCount, centreMm, extentIndex, huMean, huSd, peakLevel, meanLevel, peakIndex } = from
  return { volumeMl, voxelCount, centreMm, extentIndex, huMean, huSd, peakLevel, meanLevel, peakIndex }
}

function peakOffset(key: string): number {
  return Number(key.slice('peak-'.length))
}

/** The finding as it was at the threshold that the reader judged it at; its largest where that is not known. */
function lastSeen(tree: ComponentTree, { key, thresholdLevel }: ReviewRecord): Finding | undefined {
  const { nodes, steps } = tree
  const own = nodesByPeak(tree).get(peakOffset(key))
  if (!own) return undefined
  const judged =
    thresholdLevel === null
      ? undefined
      : own.find((node) => {
          const parent = nodes.parent[node]
          const from = parent < 0 ? 0 : steps.level[nodes.step[parent] - 1]
          return steps.level[nodes.step[node] - 1] >= thresholdLevel && from < thresholdLevel
        })
  const largest = own.reduce((a, b) => (nodes.voxelCount[b] > nodes.voxelCount[a] ? b : a))
  return treeFinding(tree, judged ?? largest, 0)
}

function whyHidden(
  { tree, step, scan }: ReviewFindingsRequest,
  minVolumeMl: number,
  offset: number,
): 'below-threshold' | 'too-small' | 'merged' {
  const { nodes } = tree
  if (scan.stepMap[offset] < step) return 'below-threshold'
  const own = nodesByPeak(tree).get(offset) ?? []
  // The tree leaves out what is smaller than its own least volume.
  if (!own.some((node) => nodes.step[node] >= step)) return 'too-small'
  const atStep = own.find((node) => {
    const parent = nodes.parent[node]
    return nodes.step[node] >= step && (parent < 0 || nodes.step[parent] < step)
  })
  return atStep !== undefined && treeFinding(tree, atStep, 0).volumeMl < minVolumeMl ? 'too-small' : 'merged'
}

const peaks = new WeakMap<ComponentTree, Map<number, number[]>>()

/** Nodes by the offset of their peak: one component at its several thresholds. */
function nodesByPeak(tree: ComponentTree): Map<number, number[]> {
  let map = peaks.get(tree)
  if (!map) {
    map = new Map()
    const offsets = tree.nodes.peakOffset
    for (let node = 0; node < offsets.length; node++) {
      const list = map.get(offsets[node])
      if (list) list.push(node)
      else map.set(offsets[node], [node])
    }
    peaks.set(tree, map)
  }
  return map
}
