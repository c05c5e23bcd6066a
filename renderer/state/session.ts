import { create } from 'zustand'
import { decodeTree } from '../../main/findings/componentTreeFile.ts'
import type { ComponentTree } from '../../main/findings/componentTreeQuery.ts'
import type { BodyProfile } from '../../main/findings/location.ts'
import { nearestStep, thresholdSteps } from '../../main/findings/steps.ts'
import { indexToPatient, type Vec3, voxelCount } from '../../main/imaging/volume.ts'
import type { OpenedRun, OpenedSeries } from '../../preload/records.ts'
import { fetchData } from '../api/fetchData.ts'
import { CallError, call } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { forgetHistory } from './history.ts'
import { forgetJob } from './library.ts'
import { DEFAULT_LEVEL, INITIAL_OVERLAY, useOverlay } from './overlay.ts'
import { leaveReviews, loadReviews } from './review.ts'
import { leaveScan, useView } from './view.ts'

/** A series on screen. */
export interface OpenScan extends OpenedSeries {
  /** HU on the grid, x fastest. */
  voxels: Int16Array<ArrayBuffer>
}

/** A run on screen, over its series. */
export interface OpenResult extends OpenedRun {
  /** Threshold step of every voxel of the grid, x fastest. */
  stepMap: Uint8Array<ArrayBuffer>
  tree: ComponentTree
  profile: BodyProfile
}

export interface SessionState {
  /** The series being opened or on screen. */
  seriesId: string | null
  scan: OpenScan | null
  result: OpenResult | null
  /** What is being fetched; null when all is there. */
  loading: 'series' | 'run' | null
  /** Fraction of the bytes, 0–1; null while unknown. */
  loaded: number | null
}

const NOTHING: SessionState = { seriesId: null, scan: null, result: null, loading: null, loaded: null }

/** What is on screen. */
export const useSession = create<SessionState>(() => NOTHING)

/** Opening something else, or closing, makes whoever is still opening give up. */
let current = new AbortController()

/**
 * Shows a series and, where there is one, its latest run. Rejects with a CallError where it cannot be read; what was
 * on screen is closed then.
 */
export async function openSeries(seriesId: string): Promise<void> {
  const { signal } = supersede()
  forgetHistory()
  leaveReviews()
  leaveScan()
  useSession.setState({ ...NOTHING, seriesId, loading: 'series' })
  useOverlay.setState({ ...keptPreferences(), steps: null, step: 1 })
  try {
    const opened = await call('series.open', { seriesId })
    if (signal.aborted) return
    const bytes = await fetchData(opened.voxelsUrl, { signal, onProgress })
    const voxels = new Int16Array(bytes)
    if (voxels.length !== voxelCount(opened.grid)) throw incomplete()
    const { dims } = opened.grid
    const middle = dims.map((n) => (n - 1) / 2) as unknown as Vec3
    useView.setState({ crosshairMm: indexToPatient(opened.grid, middle) })
    useSession.setState({ scan: { ...opened, voxels }, loading: null, loaded: null })
    forgetJob(seriesId)
    if (opened.series.latestRunId) await openRun(opened.series.latestRunId)
  } catch (error) {
    if (signal.aborted) return
    useSession.setState(NOTHING)
    throw error
  }
}

/** The run asked for last is the one that is shown, whichever arrives first. */
let currentRun = new AbortController()

/** Shows a finished run over the series on screen. Rejects with a CallError; the series stays then. */
export async function openRun(runId: string): Promise<void> {
  currentRun.abort()
  currentRun = new AbortController()
  const signal = AbortSignal.any([current.signal, currentRun.signal])
  useSession.setState({ loading: 'run', loaded: null })
  try {
    const opened = await call('runs.open', { runId })
    const [steps, tree, profile] = await Promise.all([
      fetchData(opened.stepsUrl, { signal, onProgress }),
      fetchData(opened.treeUrl, { signal }),
      fetchData(opened.profileUrl, { signal }),
    ])
    const reviews = await call('reviews.get', { runId })
    if (signal.aborted) return
    const { scan } = useSession.getState()
    if (!scan || scan.series.id !== opened.run.seriesId) {
      useSession.setState({ loading: null, loaded: null })
      return
    }
    const stepMap = new Uint8Array(steps)
    if (stepMap.length !== voxelCount(scan.grid)) throw incomplete()
    const table = thresholdSteps(opened.calibration)
    const result: OpenResult = {
      ...opened,
      stepMap,
      tree: decodeTree(tree),
      profile: JSON.parse(new TextDecoder().decode(profile)) as BodyProfile,
    }
    forgetHistory()
    loadReviews(runId, reviews)
    useOverlay.setState({ steps: table, step: nearestStep(table, DEFAULT_LEVEL) })
    useSession.setState({ result, loading: null, loaded: null })
  } catch (error) {
    if (signal.aborted) return
    useSession.setState({ loading: null, loaded: null })
    throw error
  }
}

/** Takes everything off the screen and lets its memory go. */
export function closeSession(): void {
  supersede()
  forgetHistory()
  leaveReviews()
  leaveScan()
  useOverlay.setState({ steps: null, step: 1 })
  useSession.setState(NOTHING)
}

function supersede(): AbortController {
  current.abort()
  current = new AbortController()
  return current
}

/** The reader's own choices stay from scan to scan. */
function keptPreferences() {
  const { minVolumeMl, opacity, colourMap, style } = useOverlay.getState()
  return { ...INITIAL_OVERLAY, minVolumeMl, opacity, colourMap, style }
}

function onProgress(done: number, total: number): void {
  useSession.setState({ loaded: done / total })
}

function incomplete(): CallError {
  return new CallError({
    code: 'host/no-data',
    message: t('error.incomplete'),
  })
}
