import '../findings/fakeMain.ts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { notify } from '../../../../renderer/shell/notify.tsx'
import { forgetHistory, redo, undo, whenStored } from '../../../../renderer/state/history.ts'
import { type OpenScan, useSession } from '../../../../renderer/state/session.ts'
import {
  deleteSelected,
  followSeries,
  keepChange,
  type Measurement,
  put,
  select,
  useMeasurements,
} from '../../../../renderer/viewer/measure/store.ts'
import { fakeMain } from '../findings/fakeMain.ts'

vi.mock('../../../../renderer/shell/notify.tsx', () => ({ notify: vi.fn(), notifyError: vi.fn() }))

const length = (change: Partial<Measurement> = {}): Measurement => ({
  id: 'measured-1',
  seriesId: 'series',
  kind: 'length',
  points: [
    [0, 0, 0],
    [30, 40, 0],
  ],
  right: [1, 0, 0],
  down: [0, 1, 0],
  normal: [0, 0, 1],
  ...change,
})

const longer = length({
  points: [
    [0, 0, 0],
    [60, 80, 0],
  ],
})

const onScreen = () => useMeasurements.getState().all
const stored = () => [...fakeMain.measurements.values()].map((one) => ({ ...one, seriesId: 'series' }))

/** As the tool does it: on screen at once, then kept. */
const draw = (measurement: Measurement) => {
  put(measurement)
  return keepChange(null, measurement)
}

beforeEach(() => {
  fakeMain.reset()
  vi.mocked(notify).mockClear()
  forgetHistory()
  useMeasurements.setState({ all: [], selectedId: null, drawingId: null })
})

describe('a measurement', () => {
  it('is kept by main when it is drawn, changed and deleted, undone and done again', async () => {
    await draw(length())
    expect(stored()).toEqual([length()])
    put(longer)
    await keepChange(length(), longer)
    expect(stored()).toEqual([longer])
    await undo()
    expect([onScreen(), stored()]).toEqual([[length()], [length()]])
    select(length().id)
    deleteSelected()
    await whenStored()
    expect([onScreen(), stored()]).toEqual([[], []])
    await undo()
    expect([onScreen(), stored()]).toEqual([[length()], [length()]])
    await redo()
    expect([onScreen(), stored()]).toEqual([[], []])
  })

  it('leaves the screen, and the undo stack as it was, where main cannot store it', async () => {
    fakeMain.failing = 1
    await draw(length())
    expect(onScreen()).toEqual([])
    expect(await undo()).toBeUndefined()
  })

  it('stays where it was dragged to while its last place is still being stored', async () => {
    await draw(length())
    put(longer)
    const kept = keepChange(length(), longer)
    const longest = length({
      points: [
        [0, 0, 0],
        [90, 120, 0],
      ],
    })
    put(longest)
    await kept
    expect(onScreen()).toEqual([longest])
  })

  it('is there when its series comes on screen again', async () => {
    const end = followSeries()
    const scan = { series: { id: 'series' } } as OpenScan
    useSession.setState({ seriesId: 'series', scan })
    await draw(length())
    useSession.setState({ seriesId: null, scan: null })
    expect(onScreen()).toEqual([])
    useSession.setState({ seriesId: 'series', scan: { ...scan } })
    await vi.waitFor(() => expect(onScreen()).toEqual([length()]))
    end()
  })
})

describe('what another window measures on the series on screen', () => {
  let end: () => void
  const elsewhere = (id: string, measurement: Measurement | null) => {
    if (measurement) fakeMain.measurements.set(id, measurement)
    else fakeMain.measurements.delete(id)
    fakeMain.tell('measurement.changed', { seriesId: 'series', id, window: 'another' })
  }
  const other = length({ id: 'measured-2' })

  beforeEach(async () => {
    end = followSeries()
    useSession.setState({ seriesId: 'series', scan: { series: { id: 'series' } } as OpenScan })
    await whenStored()
  })
  afterEach(() => {
    end()
    useSession.setState({ seriesId: null, scan: null })
  })

  it('is on screen here too, and leaves it when it is deleted there', async () => {
    elsewhere(other.id, other)
    await vi.waitFor(() => expect(onScreen()).toEqual([other]))
    select(other.id)
    elsewhere(other.id, null)
    await vi.waitFor(() => expect(onScreen()).toEqual([]))
    expect(useMeasurements.getState().selectedId).toBeNull()
    expect(notify).toHaveBeenCalledTimes(1)
  })

  it('is not undone from here, while what was drawn here is', async () => {
    await draw(length())
    await draw(other)
    elsewhere(other.id, { ...longer, id: other.id })
    await vi.waitFor(() => expect(onScreen()).toContainEqual({ ...longer, id: other.id }))
    await undo()
    expect(onScreen()).toEqual([{ ...longer, id: other.id }])
  })

  it('takes nothing from the reader who is drawing, or whose change is on its way', async () => {
    const drawn = length({ id: 'being-drawn' })
    put(drawn)
    useMeasurements.setState({ drawingId: drawn.id })
    fakeMain.tell('measurement.changed', { seriesId: 'series', id: length().id, window: 'another' })
    put(longer)
    const kept = keepChange(null, longer)
    await kept
    await whenStored()
    expect(onScreen()).toEqual([drawn, longer])
    fakeMain.connected(false)
    elsewhere(longer.id, null)
    fakeMain.connected(true)
    await vi.waitFor(() => expect(onScreen()).toEqual([drawn]))
  })
})
