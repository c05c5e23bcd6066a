import type { CallName, CallResult, EventName, EventPayload } from '../../../../preload/contract.ts'
import type { FindingLabel, MeasurementRecord, ReviewRecord } from '../../../../preload/records.ts'

type Listener = (payload: unknown) => void
const listeners = new Map<EventName, Set<Listener>>()
const connection = new Set<(connected: boolean) => void>()

/** A main that keeps reviews and measurements in memory and can be told to fail, behind the bridge that the window finds. */
export const fakeMain = {
  stored: new Map<string, ReviewRecord>(),
  measurements: new Map<string, MeasurementRecord>(),
  labels: [] as FindingLabel[],
  /** Whether the reader said that the review of the run is finished. */
  finished: false,
  /** How many of the next calls fail. */
  failing: 0,
  reset() {
    this.stored.clear()
    this.measurements.clear()
    this.labels = []
    this.finished = false
    this.failing = 0
  },
  /** Tells the window of something, as main does over the wire. */
  tell<N extends EventName>(name: N, payload: EventPayload<N>) {
    for (const listener of listeners.get(name) ?? []) listener(payload)
  },
  connected(now: boolean) {
    for (const listener of connection) listener(now)
  },
}

async function answer(name: CallName, input: unknown): Promise<CallResult<CallName>> {
  await Promise.resolve()
  if (fakeMain.failing > 0) {
    fakeMain.failing--
    return { ok: false, error: { code: 'output/disk-full', message: 'The disk is full.' } }
  }
  if (name === 'reviews.put') {
    const record = { ...(input as { record: ReviewRecord }).record, updatedAt: '2026-11-23T10:00:00.000Z' }
    fakeMain.stored.set(record.key, record)
    return { ok: true, value: record } as CallResult<CallName>
  }
  if (name === 'reviews.remove') {
    fakeMain.stored.delete((input as { key: string }).key)
    return { ok: true, value: {} } as CallResult<CallName>
  }
  if (name === 'reviews.get') {
    const { key } = input as { key?: string }
    const records = [...fakeMain.stored.values()].filter((one) => key === undefined || one.key === key)
    return { ok: true, value: records } as CallResult<CallName>
  }
  if (name === 'measurements.get')
    return { ok: true, value: [...fakeMain.measurements.values()] } as CallResult<CallName>
  if (name === 'measurements.put') {
    const { measurement } = input as { measurement: MeasurementRecord }
    fakeMain.measurements.set(measurement.id, measurement)
    return { ok: true, value: {} } as CallResult<CallName>
  }
  if (name === 'measurements.remove') {
    fakeMain.measurements.delete((input as { id: string }).id)
    return { ok: true, value: {} } as CallResult<CallName>
  }
  if (name === 'labels.set') {
    fakeMain.labels = (input as { labels: FindingLabel[] }).labels
    return { ok: true, value: fakeMain.labels } as CallResult<CallName>
  }
  if (name === 'reviews.finish') {
    fakeMain.finished = (input as { finished: boolean }).finished
    return { ok: true, value: { id: 'series' } } as CallResult<CallName>
  }
  if (name === 'runs.open')
    return { ok: true, value: { reviewFinished: fakeMain.finished } } as CallResult<CallName>
  throw new Error(`the fake main has no ${name}`)
}

// The window's own way to main is chosen when its modules are loaded: this file comes first.
Object.assign(globalThis, {
  window: {
    workstation: {
      call: answer,
      on: (name: EventName, listener: Listener) => {
        listeners.set(name, (listeners.get(name) ?? new Set()).add(listener))
        return () => listeners.get(name)?.delete(listener)
      },
      onConnection: (listener: (connected: boolean) => void) => {
        connection.add(listener)
        listener(true)
        return () => connection.delete(listener)
      },
    },
  },
})
