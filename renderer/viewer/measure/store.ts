import { create } from 'zustand'
import type { MeasurementRecord } from '../../../preload/records.ts'
import { call } from '../../api/index.ts'
import { t } from '../../i18n/index.ts'
import { notifyError } from '../../shell/notify.tsx'
import { perform } from '../../state/history.ts'
import { useSession } from '../../state/session.ts'

export type MeasurementKind = MeasurementRecord['kind']

/** It is seen where a pane shows its plane. While it is drawn, an angle has its first two points only. */
export type Measurement = MeasurementRecord & { seriesId: string }

interface MeasurementState {
  all: readonly Measurement[]
  selectedId: string | null
}

/** What is measured on the series on screen; main keeps what is drawn to its end. */
export const useMeasurements = create<MeasurementState>(() => ({ all: [], selectedId: null }))

/** Number of points of each kind. */
export const POINTS: Readonly<Record<MeasurementKind, number>> = {
  length: 2,
  angle: 3,
  ellipse: 2,
  rectangle: 2,
}

/** Shows it, in place of the one with the same id. */
export function put(measurement: Measurement): void {
  useMeasurements.setState(({ all }) => ({
    all: [...all.filter(({ id }) => id !== measurement.id), measurement],
  }))
}

export function take(id: string): void {
  useMeasurements.setState(({ all, selectedId }) => ({
    all: all.filter((one) => one.id !== id),
    selectedId: selectedId === id ? null : selectedId,
  }))
}

export const select = (selectedId: string | null): void => useMeasurements.setState({ selectedId })

/**
 * Has main store what was just drawn, changed or deleted on screen, as one step of the undo stack. Where it cannot be
 * stored, what was there before is on screen again, and a sentence says so.
 */
export async function keepChange(before: Measurement | null, after: Measurement | null): Promise<void> {
  const kind = (after ?? before)?.kind
  if (!kind) return
  const verb = !before ? 'add' : !after ? 'delete' : 'change'
  // The reader may be drawing on by the time that main answers: what is on screen stays then.
  let isOnScreen = true
  try {
    await perform({
      name: `undo.measure.${verb}.${kind}`,
      apply: async () => {
        await store(after, before)
        if (!isOnScreen) show(after, before)
        isOnScreen = false
      },
      revert: async () => {
        await store(before, after)
        show(before, after)
      },
    })
  } catch (thrown) {
    show(before, after)
    notifyError(t('measure.notStored'), thrown)
  }
}

async function store(one: Measurement | null, other: Measurement | null): Promise<void> {
  if (one) {
    const { seriesId, ...measurement } = one
    await call('measurements.put', { seriesId, measurement })
  } else if (other) await call('measurements.remove', { seriesId: other.seriesId, id: other.id })
}

function show(one: Measurement | null, other: Measurement | null): void {
  if (one) put(one)
  else if (other) take(other.id)
}

export function deleteSelected(): void {
  const { all, selectedId } = useMeasurements.getState()
  const found = all.find(({ id }) => id === selectedId)
  if (!found) return
  take(found.id)
  void keepChange(found, null)
}

/** Shows what was measured on each series that comes on screen, until the returned function is called. */
export function followSeries(): () => void {
  return useSession.subscribe(({ scan }, before) => {
    if (scan === before.scan) return
    useMeasurements.setState({ all: [], selectedId: null })
    if (scan) void load(scan.series.id)
  })
}

async function load(seriesId: string): Promise<void> {
  try {
    const stored = await call('measurements.get', { seriesId })
    if (useSession.getState().seriesId !== seriesId) return
    const loaded = stored.map((one) => ({ ...one, seriesId }))
    // What was drawn meanwhile is newer.
    const known = new Set(useMeasurements.getState().all.map(({ id }) => id))
    useMeasurements.setState(({ all }) => ({ all: [...loaded.filter(({ id }) => !known.has(id)), ...all] }))
  } catch (thrown) {
    notifyError(t('measure.notLoaded'), thrown)
  }
}
