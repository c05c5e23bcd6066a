import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { CallName } from '../../../../preload/contract.ts'

/** Answers of a main that are given when the test says. */
const main = vi.hoisted(() => {
  const waiting = new Map<string, (value: unknown) => void>()
  const call = (name: CallName, input: { seriesId?: string; runId?: string }) =>
    new Promise((resolve) => {
      waiting.set(`${name} ${input.seriesId ?? input.runId}`, (value) => resolve({ ok: true, value }))
    })
  Object.assign(globalThis, { window: { workstation: { call } } })
  return { waiting }
})

import { openRun, openSeries, useSession } from '../../../../renderer/state/session.ts'
import { useView } from '../../../../renderer/state/view.ts'

const GRID = {
  dims: [2, 2, 2],
  spacing: [1, 1, 1],
  origin: [0, 0, 0],
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
}
const opened = (id: string) => ({ series: { id, latestRunId: null }, grid: GRID, voxelsUrl: `voxels/${id}` })

async function answer(question: string, value: unknown): Promise<void> {
  await vi.waitFor(() => expect(main.waiting.has(question)).toBe(true))
  main.waiting.get(question)!(value)
}

beforeEach(() => {
  main.waiting.clear()
  vi.stubGlobal('fetch', async () => new Response(new Int16Array(8)))
})

describe('what is on screen', () => {
  it('is the series that was asked for last, whichever arrives first', async () => {
    const first = openSeries('a')
    const second = openSeries('b')
    await answer('series.open b', opened('b'))
    await second
    await answer('series.open a', opened('a'))
    await first
    expect(useSession.getState()).toMatchObject({
      seriesId: 'b',
      loading: null,
      scan: { series: { id: 'b' } },
    })
  })

  it('begins straight, and with nothing in hand that would draw on it', async () => {
    useView.setState({ tool: 'brush', rotation: [0, -1, 0, 1, 0, 0, 0, 0, 1], maximised: 'coronal' })
    const opening = openSeries('a')
    await answer('series.open a', opened('a'))
    await opening
    expect(useView.getState()).toMatchObject({
      tool: 'crosshair',
      rotation: [1, 0, 0, 0, 1, 0, 0, 0, 1],
      maximised: null,
    })
  })

  it('is no run of another series, and waits for none', async () => {
    const opening = openSeries('a')
    await answer('series.open a', opened('a'))
    await opening
    const run = openRun('r')
    await answer('runs.open r', { run: { id: 'r', seriesId: 'b' } })
    await answer('reviews.get r', [])
    await run
    expect(useSession.getState()).toMatchObject({ result: null, loading: null })
  })
})
