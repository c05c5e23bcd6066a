import type { Finding } from '../../../../main/findings/findings.ts'
import { stepMap } from '../../../../main/findings/steps.ts'
import type { ReviewRecord } from '../../../../preload/records.ts'
import type { MeasuredScan } from '../../../../renderer/findings/measure.ts'
import type { ReviewFinding } from '../../../../renderer/findings/reviewFindings.ts'
import { type ScoredVolume, treeOf } from '../../findings/componentTreeFixtures.ts'

/** A finding as the list knows it; what a test is about is given. */
export function finding(change: Partial<ReviewFinding> & { key: string }): ReviewFinding {
  return {
    origin: 'machine',
    number: 1,
    state: 'unreviewed',
    label: null,
    note: '',
    corrected: false,
    hidden: null,
    machine: null,
    volumeMl: 1,
    voxelCount: 100,
    centreMm: [0, 0, 0],
    extentIndex: { min: [0, 0, 0], max: [0, 0, 0] },
    huMean: 0,
    huSd: 0,
    peakLevel: 99.9,
    meanLevel: 99,
    peakIndex: [0, 0, 0],
    ...change,
  }
}

export function reviewRecord(change: Partial<ReviewRecord> & { key: string }): ReviewRecord {
  return {
    state: 'unreviewed',
    label: null,
    note: '',
    outline: null,
    thresholdLevel: null,
    updatedAt: null,
    ...change,
  }
}

/** What the window holds of a scored volume: tree, step map, HU. */
export function opened(scored: ScoredVolume, minComponentMl = 0) {
  const tree = treeOf(scored, minComponentMl)
  const { steps } = tree
  const scan: MeasuredScan = {
    grid: scored.volume,
    voxels: scored.volume.voxels,
    stepMap: stepMap(scored.score, steps),
    steps,
  }
  return { tree, scan }
}

export function keyOfFinding({ peakIndex: [i, j, k] }: Finding, [nx, ny]: readonly number[]): string {
  return `peak-${i + nx * j + nx * ny * k}`
}
