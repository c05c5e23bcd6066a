import './fakeMain.ts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { forgetHistory, undo, useHistory } from '../../../../renderer/state/history.ts'
import {
  followReviews,
  loadReviews,
  selectFinding,
  setFindingState,
  useReview,
} from '../../../../renderer/state/review.ts'
import { fakeMain } from './fakeMain.ts'
import { reviewRecord } from './fixtures.ts'

const told = vi.fn()
let end: () => void

/** Another window stores something, and main tells this one. */
function elsewhere(key: string, change: Parameters<typeof reviewRecord>[0] | null, runId = 'run'): void {
  if (change) fakeMain.stored.set(key, reviewRecord({ ...change, key }))
  else fakeMain.stored.delete(key)
  fakeMain.tell('review.changed', { runId, key, window: 'another' })
}

const said = (key: string) => useReview.getState().records.get(key)

beforeEach(() => {
  fakeMain.reset()
  told.mockClear()
  forgetHistory()
  loadReviews('run', [])
  end = followReviews(told)
})
afterEach(() => end())

describe('what another window says of a finding', () => {
  it('is on screen here too, and told where the reader looks at it', async () => {
    selectFinding('peak-1')
    elsewhere('peak-1', { key: 'peak-1', state: 'confirmed' })
    elsewhere('peak-2', { key: 'peak-2', note: 'old fracture' })
    await vi.waitFor(() => expect(said('peak-2')?.note).toBe('old fracture'))
    expect(said('peak-1')?.state).toBe('confirmed')
    expect(told.mock.calls).toEqual([['peak-1']])
  })

  it('is the last word where it came after what this window is still storing', async () => {
    const own = setFindingState('peak-1', 'uncertain', 99)
    fakeMain.tell('review.changed', { runId: 'run', key: 'peak-1', window: 'another' })
    await own
    fakeMain.stored.set('peak-1', reviewRecord({ key: 'peak-1', state: 'confirmed' }))
    await vi.waitFor(() => expect(said('peak-1')?.state).toBe('confirmed'))
  })

  it('is not undone from here, while what was done to other findings is', async () => {
    await setFindingState('peak-1', 'uncertain', 99)
    await setFindingState('peak-2', 'uncertain', 99)
    elsewhere('peak-2', { key: 'peak-2', state: 'confirmed' })
    await vi.waitFor(() => expect(said('peak-2')?.state).toBe('confirmed'))
    expect(useHistory.getState().done.map(({ subject }) => subject)).toEqual(['peak-1'])
    await undo()
    expect(said('peak-1')).toBeUndefined()
    expect(said('peak-2')?.state).toBe('confirmed')
  })

  it('takes a drawn finding off the screen where it was deleted there', async () => {
    const key = 'drawn-00000000'
    elsewhere(key, { key, state: 'confirmed' })
    await vi.waitFor(() => expect(said(key)).toBeDefined())
    selectFinding(key)
    elsewhere(key, null)
    await vi.waitFor(() => expect(said(key)).toBeUndefined())
    expect(useReview.getState().selectedKey).toBeNull()
    expect(told.mock.calls).toEqual([[key]])
  })

  it('is found when its run comes on screen, however late it was on its way', async () => {
    elsewhere('peak-1', { key: 'peak-1', state: 'confirmed' }, 'next')
    loadReviews('next', [])
    await vi.waitFor(() => expect(said('peak-1')?.state).toBe('confirmed'))
  })

  it('is found again after the connection was lost', async () => {
    fakeMain.connected(false)
    fakeMain.stored.set('peak-1', reviewRecord({ key: 'peak-1', state: 'confirmed' }))
    fakeMain.connected(true)
    await vi.waitFor(() => expect(said('peak-1')?.state).toBe('confirmed'))
  })
})

it('what this window says comes back to it without a word, and can be undone', async () => {
  selectFinding('peak-1')
  const windows: unknown[] = []
  const { call } = globalThis.window.workstation!
  const spy = vi.spyOn(globalThis.window.workstation!, 'call').mockImplementation(async (name, input) => {
    if (name === 'reviews.put') windows.push((input as { window?: string }).window)
    return call(name, input)
  })
  await setFindingState('peak-1', 'confirmed', 99)
  spy.mockRestore()
  fakeMain.tell('review.changed', { runId: 'run', key: 'peak-1', window: windows[0] as string })
  await undo()
  expect(said('peak-1')).toBeUndefined()
  expect(told).not.toHaveBeenCalled()
})
