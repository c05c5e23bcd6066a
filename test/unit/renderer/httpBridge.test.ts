import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HttpBridge } from '../../../renderer/api/httpBridge.ts'

class FakeEventSource extends EventTarget {
  static made: FakeEventSource[] = []
  readonly url: string
  onerror: (() => void) | null = null
  closed = false

  constructor(url: string) {
    super()
    this.url = url
    FakeEventSource.made.push(this)
  }

  close(): void {
    this.closed = true
  }

  emit(name: string, data: unknown, lastEventId: string): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data), lastEventId }))
  }
}

const latest = () => FakeEventSource.made.at(-1) as FakeEventSource

beforeEach(() => {
  FakeEventSource.made = []
  vi.useFakeTimers()
  vi.stubGlobal('EventSource', FakeEventSource)
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('a call over HTTP', () => {
  it('is a POST of its input, and answers what main says', async () => {
    const fetch = vi.fn(async () => Response.json({ ok: true, value: [] }))
    vi.stubGlobal('fetch', fetch)
    expect(await new HttpBridge().call('labels.all', {})).toEqual({ ok: true, value: [] })
    expect(fetch).toHaveBeenCalledWith('api/call/labels.all', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
  })

  it.each([
    ['is not there', () => Promise.reject(new TypeError('Failed to fetch'))],
    ['answers with something else', async () => new Response('<p>no</p>')],
  ])('is a sentence, not an exception, where the host %s', async (_what, fetch) => {
    vi.stubGlobal('fetch', fetch)
    expect(await new HttpBridge().call('labels.all', {})).toMatchObject({
      ok: false,
      error: {
        code: 'host/unreachable',
        message: expect.stringMatching(/^The workstation cannot be reached/),
      },
    })
  })
})

describe('events over HTTP', () => {
  it('reach who listens, until they stop', () => {
    const bridge = new HttpBridge()
    const heard: string[] = []
    const stop = bridge.on('series.removed', ({ seriesId }) => heard.push(seriesId))
    latest().emit('series.removed', { seriesId: '1' }, 'a-1')
    latest().emit('run.changed', {}, 'a-2')
    stop()
    latest().emit('series.removed', { seriesId: '2' }, 'a-3')
    expect(heard).toEqual(['1'])
  })

  it('that were missed while the host was away are asked for', () => {
    const bridge = new HttpBridge()
    const states: boolean[] = []
    bridge.onConnection((connected) => states.push(connected))
    latest().emit('ready', {}, 'a-0')
    latest().emit('series.removed', { seriesId: '1' }, 'a-1')
    const lost = latest()
    lost.onerror?.()
    expect(lost.closed).toBe(true)
    vi.advanceTimersByTime(1000)
    expect(FakeEventSource.made).toHaveLength(2)
    expect(latest().url).toBe('api/events?after=a-1')
    latest().emit('ready', {}, 'a-1')
    expect(states).toEqual([true, false, true])
  })

  it('about files to open wait for the part of the window that opens them', () => {
    const bridge = new HttpBridge()
    latest().emit('files.opened', [{ handle: 'h', name: 'scan' }], 'a-1')
    const heard: unknown[] = []
    bridge.on('files.opened', (files) => heard.push(files))
    bridge.on('files.opened', (files) => heard.push(files))
    expect(heard).toEqual([[{ handle: 'h', name: 'scan' }]])
  })
})
