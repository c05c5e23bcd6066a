import './fakeMain.ts'
import fc from 'fast-check'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { ReviewRecord, ReviewState } from '../../../../preload/records.ts'
import { forgetHistory, redo, undo, undoOf, useHistory } from '../../../../renderer/state/history.ts'
import {
  amendReview,
  changeReview,
  leaveReviews,
  loadReviews,
  selectFinding,
  setFindingState,
  useReview,
} from '../../../../renderer/state/review.ts'
import { fakeMain } from './fakeMain.ts'
import { reviewRecord } from './fixtures.ts'

const KEYS = ['peak-1', 'peak-2', 'drawn-00000000']
const STATES: ReviewState[] = ['unreviewed', 'confirmed', 'false-positive', 'uncertain']

/** What the screen says, less the time at which it was stored. */
function onScreen(): ReviewRecord[] {
  return [...useReview.getState().records.values()]
    .map((record) => ({ ...record, updatedAt: null }))
    .sort((a, b) => a.key.localeCompare(b.key))
}

function stored(): ReviewRecord[] {
  return [...fakeMain.stored.values()]
    .map((record) => ({ ...record, updatedAt: null }))
    .sort((a, b) => a.key.localeCompare(b.key))
}

beforeEach(() => {
  fakeMain.reset()
  forgetHistory()
  loadReviews('run', [])
})

describe('what a reader says of a finding', () => {
  it('is on screen once main has stored it, with the threshold it was judged at', async () => {
    const done = setFindingState('peak-1', 'confirmed', 99.9)
    expect(onScreen()).toEqual([])
    await done
    expect(onScreen()).toEqual([reviewRecord({ key: 'peak-1', state: 'confirmed', thresholdLevel: 99.9 })])
    expect(onScreen()).toEqual(stored())
  })

  it('leaves the screen and the undo stack as they were where main cannot store it', async () => {
    await setFindingState('peak-1', 'confirmed', 99.9)
    const before = onScreen()
    fakeMain.failing = 1
    await expect(setFindingState('peak-1', 'uncertain', 99)).rejects.toThrow('The disk is full.')
    expect(onScreen()).toEqual(before)
    expect(useHistory.getState().done).toHaveLength(1)
    expect(useHistory.getState().busy).toBe(false)
  })

  it('stays as it is where undo or redo cannot be stored, and can be tried again', async () => {
    await setFindingState('peak-1', 'confirmed', 99.9)
    const after = onScreen()
    fakeMain.failing = 1
    await expect(undo()).rejects.toThrow('The disk is full.')
    expect(onScreen()).toEqual(after)
    await undo()
    expect(onScreen()).toEqual([])
    fakeMain.failing = 1
    await expect(redo()).rejects.toThrow('The disk is full.')
    expect(onScreen()).toEqual([])
    await redo()
    expect(onScreen()).toEqual(after)
  })

  it('is stored, and not undone on the next scan, where that was opened meanwhile', async () => {
    const note = amendReview('undo.note', 'peak-1', (before) => ({ ...before, note: 'calcified' }))
    forgetHistory()
    leaveReviews()
    await note
    expect(stored()).toMatchObject([{ note: 'calcified' }])
    expect(useHistory.getState().done).toEqual([])
  })

  it('leaves the screen with its scan: nothing of it is outlined on the next one', async () => {
    await setFindingState('peak-1', 'confirmed', 99.9)
    selectFinding('peak-1')
    leaveReviews()
    expect(useReview.getState().selectedKey).toBeNull()
    await vi.waitFor(() => expect(useReview.getState()).toMatchObject({ runId: null, records: new Map() }))
  })

  it('keeps what was loaded while the last run was being left', async () => {
    leaveReviews()
    loadReviews('run', [reviewRecord({ key: 'peak-2', note: 'again' })])
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(onScreen()).toMatchObject([{ key: 'peak-2' }])
  })

  it('keeps a note that is still being stored when a state is set right after it', async () => {
    const note = amendReview('undo.note', 'peak-1', (before) => ({ ...before, note: 'calcified' }))
    const state = setFindingState('peak-1', 'confirmed', 99.9)
    await Promise.all([note, state])
    expect(onScreen()).toMatchObject([{ note: 'calcified', state: 'confirmed' }])
    await undo()
    expect(onScreen()).toMatchObject([{ note: 'calcified', state: 'unreviewed' }])
  })

  it('is no longer undone after another run came on screen', async () => {
    await setFindingState('peak-1', 'confirmed', 99.9)
    forgetHistory()
    loadReviews('another', [])
    expect(await undo()).toBeUndefined()
    expect(stored()).toHaveLength(1)
  })

  it('selects nothing where the selected drawn finding is gone, and brings it back by undo', async () => {
    const drawn = reviewRecord({ key: 'drawn-00000000', state: 'confirmed' })
    await changeReview('undo.edit.brush', drawn.key, drawn)
    selectFinding(drawn.key)
    await changeReview('undo.deleteDrawn', drawn.key, null)
    expect(useReview.getState().selectedKey).toBeNull()
    expect(stored()).toEqual([])
    await undo()
    expect(onScreen()).toEqual([drawn])
  })
})

type Step = {
  kind: 'state' | 'note' | 'remove' | 'undo' | 'redo' | 'undoOf'
  key: string
  state: ReviewState
  fails: boolean
}

const anySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom<Step['kind']>('state', 'note', 'remove', 'undo', 'undo', 'redo', 'redo', 'undoOf'),
    key: fc.constantFrom(...KEYS),
    state: fc.constantFrom(...STATES),
    fails: fc.boolean(),
  }),
  { maxLength: 30 },
)

function take({ kind, key, state }: Step, n: number): Promise<unknown> {
  if (kind === 'undo') return undo()
  if (kind === 'redo') return redo()
  if (kind === 'undoOf') return undoOf(key)
  if (kind === 'remove') return changeReview('undo.deleteDrawn', key, null)
  if (kind === 'note') return amendReview('undo.note', key, (before) => ({ ...before, note: `${n}` }))
  return setFindingState(key, state, 99)
}

async function fresh(): Promise<void> {
  fakeMain.reset()
  forgetHistory()
  loadReviews('run', [])
}

describe('any sequence of changes, undo and redo, some of which fail', () => {
  it('never shows what main does not hold', async () => {
    await fc.assert(
      fc.asyncProperty(anySteps, async (steps) => {
        await fresh()
        for (const [n, step] of steps.entries()) {
          fakeMain.failing = step.fails ? 1 : 0
          const before = onScreen()
          const failed = await take(step, n).then(
            () => false,
            () => true,
          )
          fakeMain.failing = 0
          if (failed) expect(onScreen()).toEqual(before)
          expect(onScreen()).toEqual(stored())
        }
      }),
    )
  })

  it('is taken back to the start by undoing all of it, and done again by redoing all', async () => {
    await fc.assert(
      fc.asyncProperty(anySteps, async (steps) => {
        await fresh()
        for (const [n, step] of steps.entries()) if (step.kind !== 'undoOf') await take(step, n)
        const end = onScreen()
        const count = useHistory.getState().done.length
        const states: ReviewRecord[][] = []
        while (await undo()) states.push(onScreen())
        expect(states).toHaveLength(count)
        expect(onScreen()).toEqual([])
        for (let i = 0; i < count; i++) {
          expect(onScreen()).toEqual(states[count - 1 - i])
          await redo()
        }
        expect(onScreen()).toEqual(end)
      }),
    )
  })

  it('comes out the same when nobody waits for the answers', async () => {
    await fc.assert(
      fc.asyncProperty(anySteps, async (steps) => {
        await fresh()
        for (const [n, step] of steps.entries()) await take(step, n)
        const waited = onScreen()
        await fresh()
        await Promise.all(steps.map((step, n) => take(step, n)))
        expect(onScreen()).toEqual(waited)
      }),
    )
  })
})
