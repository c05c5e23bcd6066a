import type { CallInput, CallOutput } from '../../preload/contract.ts'
import type { Library } from '../library/types.ts'
import { storedSeries } from './entries.ts'
import type { Events } from './events.ts'

/** Measurements on a series and the list of labels: each change is committed, and then every window is told of it. */
export class Annotations {
  readonly #library: Library
  readonly #events: Events

  constructor(library: Library, events: Events) {
    this.#library = library
    this.#events = events
  }

  /** @throws WorkstationError `input/not-in-library` */
  putMeasurement({ seriesId, measurement, window }: CallInput<'measurements.put'>): void {
    storedSeries(this.#library, seriesId)
    this.#library.putMeasurement(seriesId, measurement)
    this.#events.emit('measurement.changed', { seriesId, id: measurement.id, window: window ?? null })
  }

  removeMeasurement({ seriesId, id, window }: CallInput<'measurements.remove'>): void {
    this.#library.removeMeasurement(seriesId, id)
    this.#events.emit('measurement.changed', { seriesId, id, window: window ?? null })
  }

  setLabels({ labels, window }: CallInput<'labels.set'>): CallOutput<'labels.set'> {
    const stored = this.#library.setLabels(labels)
    this.#events.emit('labels.changed', { labels: stored, window: window ?? null })
    return stored
  }
}
