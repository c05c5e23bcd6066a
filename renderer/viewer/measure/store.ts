import { create } from 'zustand'
import type { MeasurementRecord } from '../../../preload/records.ts'
import { bridge, call } from '../../api/index.ts'
import { t } from '../../i18n/index.ts'
import { notify, notifyError } from '../../shell/notify.tsx'
import { forgetSubject, inTurn, perform } from '../../state/history.ts'
import { useSession } from '../../state/session.ts'
import { WINDOW } from '../../state/window.ts'

export type MeasurementKind = MeasurementRecord['kind']

/** It is seen where a pane shows its plane. While it is drawn, an angle has its first two points only. */
export type Measurement = MeasurementRecord & { seriesId: string }

interface MeasurementState {
  all: readonly Measurement[]
  selectedId: string | null
  /** Being drawn: main does not have it yet, and the pointer gets hold of nothing else. */
  drawingId: string | null
}

/** What is measured on the series on screen; main keeps what is drawn to its end. */
export const useMeasurements = create<MeasurementState>(() => ({
  all: [],
  selectedId: null,
  drawingId: null,
}))

/** How many changes of each measurement are on their way to main: what another window says of it meanwhile is older. */
const onTheirWay = new Map<string, number>()

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
  const { id } = (after ?? before)!
  const verb = !before ? 'add' : !after ? 'delete' : 'change'
  // The reader may be drawing on by the time that main answers: what is on screen stays then.
  let isOnScreen = true
  onTheirWay.set(id, (onTheirWay.get(id) ?? 0) + 1)
  try {
    await perform({
      name: `undo.measure.${verb}.${kind}`,
      subject: id,
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
  } finally {
    onTheirWay.set(id, onTheirWay.get(id)! - 1)
  }
}

async function store(one: Measurement | null, other: Measurement | null): Promise<void> {
  if (one) {
    const { seriesId, ...measurement } = one
    await call('measurements.put', { seriesId, measurement, window: WINDOW })
  } else if (other)
    await call('measurements.remove', { seriesId: other.seriesId, id: other.id, window: WINDOW })
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

/**
 * Shows what was measured on each series that comes on screen, and what other windows measure there, until the returned
 * function is called.
 */
export function followSeries(): () => void {
  let connected = true
  const shownId = () => useSession.getState().scan?.series.id
  const ends = [
    useSession.subscribe(({ scan }, before) => {
      if (scan === before.scan) return
      useMeasurements.setState({ all: [], selectedId: null })
      if (scan) void load(scan.series.id)
    }),
    bridge.on('measurement.changed', ({ seriesId, id, window }) => {
      if (window !== WINDOW && seriesId === shownId()) void fetchOne(seriesId, id)
    }),
    bridge.onConnection((now) => {
      const seriesId = shownId()
      // Events may have gone by unheard.
      if (now && !connected && seriesId) void load(seriesId)
      connected = now
    }),
  ]
  return () => {
    for (const end of ends) end()
  }
}

/** What main has of a series when all own changes are stored; undefined where another is on screen by then. */
async function storedOf(seriesId: string): Promise<Measurement[] | undefined> {
  const stored = await call('measurements.get', { seriesId })
  if (useSession.getState().seriesId !== seriesId) return undefined
  return stored.map((one) => ({ ...one, seriesId }))
}

const isOurs = (id: string) => id === useMeasurements.getState().drawingId || (onTheirWay.get(id) ?? 0) > 0

async function load(seriesId: string): Promise<void> {
  try {
    await inTurn(async () => {
      const stored = await storedOf(seriesId)
      if (!stored) return
      const own = useMeasurements.getState().all.filter(({ id }) => isOurs(id))
      useMeasurements.setState({ all: [...stored.filter(({ id }) => !isOurs(id)), ...own] })
    })
  } catch (thrown) {
    notifyError(t('measure.notLoaded'), thrown)
  }
}

async function fetchOne(seriesId: string, id: string): Promise<void> {
  await inTurn(async () => {
    // Where main cannot be reached, all of them are fetched once it can.
    const stored = await storedOf(seriesId).catch(() => undefined)
    if (!stored) return
    forgetSubject(id)
    if (isOurs(id)) return
    const now = stored.find((one) => one.id === id)
    const isSelected = useMeasurements.getState().selectedId === id
    if (now) put(now)
    else take(id)
    if (isSelected) notify(t('elsewhere.title'), t(`elsewhere.measurement.${now ? 'changed' : 'deleted'}`))
  })
}
