import { describe, expect, it } from 'vitest'
import {
  countWords,
  endedRuns,
  percentOf,
  queueOf,
  timeLeftWords,
} from '../../../../renderer/runs/runWords.ts'
import { screenTarget } from '../../../../renderer/runs/target.ts'
import { runEntry, seriesEntry } from './entries.ts'

describe('the time left', () => {
  it.each([
    [null, undefined],
    [-1, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [4, { key: 'time.seconds', values: {} }],
    [31, { key: 'time.aboutSeconds', values: { count: 40 } }],
    [55, { key: 'time.aboutMinutes', values: { count: 1 } }],
    [149, { key: 'time.aboutMinutes', values: { count: 2 } }],
    [3900, { key: 'time.aboutHours', values: { hours: 1, minutes: 5 } }],
  ])('of %j s is said no finer than it is known', (seconds, words) =>
    expect(timeLeftWords(seconds)).toEqual(words),
  )
})

describe('progress', () => {
  const at = (done: number, total: number) => ({
    stage: 'inference' as const,
    done,
    total,
    secondsLeft: null,
  })

  it('is a part of the stage, or unknown', () => {
    expect(percentOf({ progress: at(1, 3) })).toBe(33)
    expect(percentOf({ progress: at(4, 3) })).toBe(100)
    expect(percentOf({ progress: at(0, 0) })).toBeNull()
    expect(percentOf({ progress: null })).toBeNull()
  })

  it('of the network is counted in tiles', () => {
    expect(countWords(at(12, 96))).toEqual({ key: 'run.count.tiles', values: { done: 12, total: 96 } })
    expect(countWords(at(0, 0))).toBeUndefined()
  })
})

describe('runs', () => {
  const runs = [
    runEntry({ id: 'late', createdAt: '2026-01-01T03:00:00.000Z' }),
    runEntry({ id: 'done', status: 'done', finishedAt: '2026-01-01T05:00:00.000Z' }),
    runEntry({ id: 'soon', createdAt: '2026-01-01T01:00:00.000Z' }),
    runEntry({ id: 'failed', status: 'failed', finishedAt: '2026-01-01T06:00:00.000Z' }),
    runEntry({ id: 'now', status: 'running', createdAt: '2026-01-01T02:00:00.000Z' }),
  ]

  it('that go on come first, then those that wait, in their order', () => {
    expect(queueOf(runs).map(({ id }) => id)).toEqual(['now', 'soon', 'late'])
  })

  it('that ended are listed from the last', () => {
    expect(endedRuns(runs).map(({ id }) => id)).toEqual(['failed', 'done'])
  })
})

describe('what Screen screens', () => {
  const all = ['a', 'b', 'c'].map((id) => seriesEntry({ id }))
  const target = (chosen: string[], open: string | null, runs = [] as Parameters<typeof screenTarget>[3]) => {
    const { series, obstacle } = screenTarget(all, new Set(chosen), open, runs)
    return { ids: series.map(({ id }) => id), obstacle }
  }

  it('is several that are chosen, else the one on screen, else the one that is chosen', () => {
    expect(target(['a', 'b'], 'c').ids).toEqual(['a', 'b'])
    expect(target(['a'], 'c').ids).toEqual(['c'])
    expect(target(['a'], null).ids).toEqual(['a'])
    expect(target([], null).obstacle).toEqual({ key: 'run.obstacle.nothing' })
  })

  it('is not what waits or is screened already', () => {
    const runs = [runEntry({ id: '1', seriesId: 'a', status: 'running' })]
    expect(target(['a', 'b'], null, runs).ids).toEqual(['b'])
    expect(target([], 'a', runs).obstacle).toEqual({ key: 'run.obstacle.already' })
  })

  it('says why a series cannot be screened', () => {
    const reason = { code: 'x', message: 'The slices are too far apart.' }
    const one = seriesEntry({ id: 'a', canScreen: false, reason })
    expect(screenTarget([one], new Set(), 'a', []).obstacle).toEqual({ text: reason.message })
  })
})
