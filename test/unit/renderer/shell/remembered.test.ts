import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { create } from 'zustand'
import { remember } from '../../../../renderer/shell/remembered.ts'
import { useSettings } from '../../../../renderer/shell/settings.ts'

// The window's own way to main is chosen when its modules are loaded: before them.
const { call } = vi.hoisted(() => {
  const call = vi.fn(async (_name: string, _input: unknown) => ({ ok: true, value: {} }))
  Object.assign(globalThis, { window: { workstation: { call } } })
  return { call }
})

const Look = z.object({ opacity: z.number().max(1), style: z.enum(['fill', 'outline']) })
const setUp = () =>
  create<{ opacity: number; style: 'fill' | 'outline'; visible: boolean }>(() => ({
    opacity: 0.5,
    style: 'fill',
    visible: true,
  }))

beforeEach(() => {
  vi.useFakeTimers()
  call.mockClear()
  useSettings.setState({ values: {} })
})
afterEach(() => vi.useRealTimers())

describe('a choice of the reader', () => {
  it('is there again at the next start', () => {
    const first = setUp()
    const end = remember('look', first, Look)
    first.setState({ opacity: 0.3, style: 'outline' })
    vi.runAllTimers()
    end()
    const next = setUp()
    remember('look', next, Look)
    expect(next.getState()).toEqual({ opacity: 0.3, style: 'outline', visible: true })
  })

  it('is stored once it has come to rest, and only what is to be remembered', () => {
    const store = setUp()
    remember('look', store, Look)
    for (const opacity of [0.4, 0.3, 0.2]) store.setState({ opacity })
    store.setState({ visible: false })
    vi.runAllTimers()
    store.setState({ visible: true })
    vi.runAllTimers()
    expect(call.mock.calls).toEqual([
      ['settings.set', { key: 'look', value: { opacity: 0.2, style: 'fill' } }],
    ])
  })

  it('is stored at the end where it had not come to rest', () => {
    const store = setUp()
    const end = remember('look', store, Look)
    store.setState({ opacity: 0.1 })
    end()
    expect(useSettings.getState().values.look).toEqual({ opacity: 0.1, style: 'fill' })
  })

  it('is passed by where another version stored it in another form', () => {
    useSettings.setState({ values: { look: { opacity: 7, style: 'dots' } } })
    const store = setUp()
    remember('look', store, Look)
    expect(store.getState().opacity).toBe(0.5)
  })
})
