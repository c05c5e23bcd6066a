import './fakeMain.ts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  finishReview,
  followFinishing,
  reviewFinished,
  setLabels,
} from '../../../../renderer/findings/actions.ts'
import { setFindingsUi, useFindingsUi } from '../../../../renderer/findings/findingsUi.ts'
import { forgetHistory, undo, useHistory } from '../../../../renderer/state/history.ts'
import { followLibrary, useLibrary } from '../../../../renderer/state/library.ts'
import {
  followReviews,
  loadReviews,
  selectFinding,
  setFindingState,
  useReview,
} from '../../../../renderer/state/review.ts'
import { type OpenResult, useSession } from '../../../../renderer/state/session.ts'
import { WINDOW } from '../../../../renderer/state/window.ts'
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

describe('a list of labels that another window changed', () => {
  const nodule = { text: 'Nodule', code: null }
  const cyst = { text: 'Cyst', code: null }
  let endLibrary: () => void
  beforeEach(() => {
    useLibrary.setState({ labels: [nodule] })
    endLibrary = followLibrary()
  })
  afterEach(() => endLibrary())

  it('is the list here too, and what this window did to it before is no longer undone from here', async () => {
    await setLabels([nodule, cyst])
    expect(useHistory.getState().done).toHaveLength(1)
    fakeMain.tell('labels.changed', { labels: [cyst], window: 'another' })
    expect(useLibrary.getState().labels).toEqual([cyst])
    expect(useHistory.getState().done).toEqual([])
  })

  it('can be undone where it was changed', async () => {
    await setLabels([nodule, cyst])
    fakeMain.tell('labels.changed', { labels: [nodule, cyst], window: WINDOW })
    await undo()
    expect(fakeMain.labels).toEqual([nodule])
  })
})

describe('a review that another window finished', () => {
  const told = vi.fn()
  let endFollowing: () => void
  beforeEach(() => {
    told.mockClear()
    setFindingsUi({ finished: new Map() })
    useSession.setState({ result: { run: { id: 'run' }, reviewFinished: false } as OpenResult })
    endFollowing = followFinishing(told)
  })
  afterEach(() => {
    endFollowing()
    useSession.setState({ result: null })
  })

  it('is finished here too, with a word and an answer to the question that may be open', () => {
    setFindingsUi({ askingToFinish: true })
    fakeMain.tell('review.finished', { runId: 'run', finished: true, window: 'another' })
    expect(reviewFinished()).toBe(true)
    expect(useFindingsUi.getState().askingToFinish).toBe(false)
    fakeMain.tell('review.finished', { runId: 'run', finished: false, window: 'another' })
    expect(reviewFinished()).toBe(false)
    expect(told.mock.calls).toEqual([[true], [false]])
  })

  it('is what main said last, without a word where this window said it', async () => {
    await finishReview(true)
    fakeMain.tell('review.finished', { runId: 'run', finished: false, window: 'another' })
    fakeMain.tell('review.finished', { runId: 'run', finished: true, window: WINDOW })
    expect(reviewFinished()).toBe(true)
    expect(told.mock.calls).toEqual([[false]])
    expect(useHistory.getState().done, 'it was done elsewhere since').toEqual([])
  })

  it('is known when it comes on screen, and after the connection was lost', async () => {
    fakeMain.tell('review.finished', { runId: 'other', finished: true, window: 'another' })
    expect(useFindingsUi.getState().finished.get('other')).toBe(true)
    fakeMain.connected(false)
    fakeMain.finished = true
    fakeMain.connected(true)
    await vi.waitFor(() => expect(reviewFinished()).toBe(true))
  })
})
