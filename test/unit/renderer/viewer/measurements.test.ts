import '../findings/fakeMain.ts'
import { beforeEach, describe, expect, it, vi } from 'vitest'
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

vi.mock('../../../../renderer/shell/notify.tsx', () => ({ notifyError: vi.fn() }))

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
  forgetHistory()
  useMeasurements.setState({ all: [], selectedId: null })
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
