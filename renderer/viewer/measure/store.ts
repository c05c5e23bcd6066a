import { create } from 'zustand'
import type { Vec3 } from '../../../main/imaging/volume.ts'
import { record } from '../../state/history.ts'

export type MeasurementKind = 'length' | 'angle' | 'ellipse' | 'rectangle'

/** Drawn on one plane of the patient; it is seen where a pane shows that plane. */
export interface Measurement {
  id: string
  seriesId: string
  kind: MeasurementKind
  /**
   * LPS mm. length: both ends; angle: end, vertex, end; ellipse and rectangle: opposite corners of the box whose
   * sides lie along `right` and `down`.
   */
  points: readonly Vec3[]
  right: Vec3
  down: Vec3
  normal: Vec3
}

interface MeasurementState {
  all: readonly Measurement[]
  selectedId: string | null
}

/** What was measured since the window opened: it is not stored. */
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

/** Puts on the undo stack what was just drawn, changed or deleted. */
export function recordChange(before: Measurement | null, after: Measurement | null): void {
  const kind = (after ?? before)?.kind
  if (!kind) return
  const verb = !before ? 'add' : !after ? 'delete' : 'change'
  const show = (one: Measurement | null, other: Measurement | null) => {
    if (one) put(one)
    else if (other) take(other.id)
  }
  record({
    name: `undo.measure.${verb}.${kind}`,
    apply: () => show(after, before),
    revert: () => show(before, after),
  })
}

export function deleteSelected(): void {
  const { all, selectedId } = useMeasurements.getState()
  const found = all.find(({ id }) => id === selectedId)
  if (!found) return
  take(found.id)
  recordChange(found, null)
}
