import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WorkstationError } from '../../../main/errors.ts'
import { answerCall } from '../../../main/hosts/handler/answerCall.ts'
import { createHandler, type Handler, type HandlerOptions } from '../../../main/hosts/handler.ts'
import type { CallName } from '../../../preload/contract.ts'
import { type FakeWorkstation, fakeWorkstation } from './fakeWorkstation.ts'

let folder: string
let workstation: FakeWorkstation
let handler: Handler

async function start(
  answers: Partial<Record<CallName, () => unknown>> = {},
  options: Partial<HandlerOptions> = {},
): Promise<void> {
  workstation = fakeWorkstation(folder, answers)
  handler = createHandler({ workstation, windowFolder: join(folder, 'window'), ...options })
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'screener-handler-'))
  await mkdir(join(folder, 'window', 'assets'), { recursive: true })
  await writeFile(join(folder, 'window', 'index.html'), '<!doctype html>')
  await writeFile(join(folder, 'window', 'assets', 'app-1.js'), 'export {}')
  await writeFile(join(folder, 'window', 'assets', 'codec-1.wasm'), '')
  await writeFile(join(folder, 'secret.txt'), 'secret')
  await start()
})

afterEach(async () => {
  handler.close()
  await rm(folder, { recursive: true })
})

const ask = (path: string, init?: RequestInit) => handler.fetch(new Request(`http://host${path}`, init))
// biome-ignore lint/suspicious/noExplicitAny: what the wire carries is what is tested
const json = (response: Response): Promise<any> => response.json()
const callWith = (
  name: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers = { 'content-type': 'application/json' },
) => ask(`/api/call/${name}`, { method: 'POST', body, headers })

describe('the window', () => {
  it.each([
    ['/', 'text/html; charset=utf-8', 'no-cache'],
    ['/assets/app-1.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
    ['/assets/codec-1.wasm', 'application/wasm', 'public, max-age=31536000, immutable'],
  ])('is served: %s as %s', async (path, type, caching) => {
    const response = await ask(path)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe(type)
    expect(response.headers.get('cache-control')).toBe(caching)
    await response.arrayBuffer()
  })

  it.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/assets/%252e%252e/%252e%252e/secret.txt',
    '//secret.txt',
    '/%00',
    '/%ff',
    '/nothing.js',
  ])('has nothing at %s', async (path) => {
    const response = await ask(path)
    expect(response.status).toBe(404)
    expect(await response.text()).not.toContain('secret')
  })
})

it.each(['/', '/data/voxels', '/nothing', '/api/call/nothing'])(
  'forbids scripts from elsewhere, sniffing and framing at %s',
  async (path) => {
    const { headers } = await ask(path)
    const policy = headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  },
)

describe('the data plane', () => {
  it('is answered by the workstation, and not kept by caches', async () => {
    const response = await ask('/data/voxels')
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(new Uint8Array([1, 2, 3]))
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('says 404 for what is not there', async () => {
    expect((await ask('/data/nothing')).status).toBe(404)
  })

  it('takes nothing', async () => {
    expect((await ask('/data/voxels', { method: 'POST', body: 'x' })).status).toBe(404)
  })
})

describe('a call', () => {
  it('is checked, asked and answered', async () => {
    await start({ 'labels.all': () => [{ text: 'Nodule', code: null }] })
    const response = await callWith('labels.all', '{}')
    expect(response.status).toBe(200)
    expect(await json(response)).toEqual({ ok: true, value: [{ text: 'Nodule', code: null }] })
    expect(workstation.asked).toEqual([{ name: 'labels.all', input: {} }])
  })

  it('carries the sentence of a WorkstationError, with its detail', async () => {
    await start({
      'series.open': () => {
        throw new WorkstationError('input/missing', 'The folder is gone.', 'ENOENT')
      },
    })
    const response = await callWith('series.open', '{"seriesId":"1"}')
    expect(response.status).toBe(200)
    expect(await json(response)).toEqual({
      ok: false,
      error: { code: 'input/missing', message: 'The folder is gone.', detail: 'ENOENT' },
    })
  })

  it('says that the program is at fault where it is', async () => {
    await start({
      'series.open': () => {
        throw new TypeError('x is not a function')
      },
    })
    const response = await callWith('series.open', '{"seriesId":"1"}')
    expect(response.status).toBe(500)
    const { error } = await json(response)
    expect(error.code).toBe('program/unexpected')
    expect(error.message).not.toContain('x is not a function')
    expect(error.detail).toContain('x is not a function')
  })

  it.each([
    ['an unknown name', 'toString', '{}', 404, 'usage/unknown-call'],
    ['no JSON', 'series.open', '{"seriesId"', 400, 'usage/malformed'],
    ['no UTF-8', 'series.open', new Uint8Array([0x22, 0xff, 0x22]), 400, 'usage/malformed'],
    ['a wrong type', 'series.open', '{"seriesId":7}', 400, 'usage/invalid-input'],
    ['a missing field', 'series.open', '{}', 400, 'usage/invalid-input'],
    ['a path in place of a handle', 'files.list', '{"folder":"/etc"}', 400, 'usage/invalid-input'],
    ['more than a call may be', 'settings.set', ' '.repeat(4 * 1024 * 1024 + 1), 413, 'usage/too-large'],
  ])('is refused for %s', async (_why, name, body, status, code) => {
    const response = await callWith(name, body)
    expect(response.status).toBe(status)
    const answer = await json(response)
    expect(answer).toMatchObject({
      ok: false,
      error: { code, message: expect.stringMatching(/^[A-Z].*\.$/) },
    })
    expect(workstation.asked).toEqual([])
  })

  it('is read no further than it may be long, whatever length it announces', async () => {
    let pulled = 0
    const body = new ReadableStream({
      pull: (controller) => {
        pulled++
        controller.enqueue(new Uint8Array(1024 * 1024))
      },
    })
    const request = { method: 'POST', body, duplex: 'half', headers: { 'content-type': 'application/json' } }
    const response = await ask('/api/call/settings.set', request as RequestInit)
    expect(response.status).toBe(413)
    expect(pulled).toBeLessThan(10)
  })

  it('is refused where it is nested deeper than any setting is, as a fault of the program', async () => {
    const value = '['.repeat(100_000) + ']'.repeat(100_000)
    const answer = await answerCall(workstation, 'settings.set', { key: 'a', value: JSON.parse(value) })
    expect(answer).toMatchObject({ ok: false, error: { code: 'program/unexpected' } })
    expect(workstation.asked).toEqual([])
  })

  it('is refused as a form, which other pages could send', async () => {
    const response = await callWith('labels.all', '{}', { 'content-type': 'text/plain' })
    expect(response.status).toBe(400)
    expect(workstation.asked).toEqual([])
  })

  it('has no way over the scheme of a host with another wire', async () => {
    await start({}, { controlPlane: false })
    expect((await callWith('labels.all', '{}')).status).toBe(404)
    expect((await ask('/api/events')).status).toBe(404)
    expect((await ask('/data/voxels')).status).toBe(200)
  })
})

describe('events', () => {
  /** The stream's blocks, as they come. */
  async function* blocks(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const response = await ask(path, { signal })
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        yield text.slice(0, end)
        text = text.slice(end + 2)
      }
    }
  }
  const fields = (block: string) =>
    Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]))
  const next = async (stream: AsyncGenerator<string>) => fields((await stream.next()).value)
  const removed = (seriesId: string) => workstation.emit('series.removed', { seriesId })

  it('reach every window, by name and number', async () => {
    const end = new AbortController()
    const windows = [1, 2].map(() => blocks('/api/events', end.signal))
    for (const window of windows) expect((await next(window)).event).toBe('ready')
    removed('7')
    for (const window of windows) {
      const event = await next(window)
      expect(event.event).toBe('series.removed')
      expect(JSON.parse(event.data)).toEqual({ seriesId: '7' })
      expect(event.id).toMatch(/-1$/)
    }
    end.abort()
  })

  it('that a window missed come when it is back, once', async () => {
    const first = new AbortController()
    const before = blocks('/api/events', first.signal)
    const { id } = await next(before)
    first.abort()
    removed('1')
    removed('2')
    const back = blocks(`/api/events?after=${id}`, new AbortController().signal)
    await next(back)
    expect((await next(back)).data).toContain('"1"')
    const last = await next(back)
    expect(last.data).toContain('"2"')
    const again = blocks(`/api/events?after=${last.id}`, new AbortController().signal)
    await next(again)
    removed('3')
    expect((await next(again)).data).toContain('"3"')
  })

  it('from before the first window reach it: the host may have been told what to open', async () => {
    workstation.emit('files.opened', [])
    const window = blocks('/api/events', new AbortController().signal)
    await next(window)
    expect((await next(window)).event).toBe('files.opened')
  })

  it('from before the first window reach it however many they are', async () => {
    workstation.emit('files.opened', [])
    for (let n = 1; n < 2000; n++) removed(String(n))
    const window = blocks('/api/events', new AbortController().signal)
    await next(window)
    expect((await next(window)).event).toBe('files.opened')
    for (let n = 1; n < 2000; n++) await next(window)
    removed('last')
    expect((await next(window)).data).toContain('"last"')
  })

  it('are heard by windows only: who asks for the headers alone takes none away', async () => {
    workstation.emit('files.opened', [])
    expect((await ask('/api/events', { method: 'HEAD' })).status).toBe(405)
    const window = blocks('/api/events', new AbortController().signal)
    await next(window)
    expect((await next(window)).event).toBe('files.opened')
  })

  it('show that the line is open where nothing happens', async () => {
    await start({}, { heartbeatMs: 5 })
    const window = blocks('/api/events', new AbortController().signal)
    await next(window)
    expect((await window.next()).value).toBe(': alive')
  })

  it('end with the host', async () => {
    const window = blocks('/api/events', new AbortController().signal)
    await next(window)
    handler.close()
    expect((await window.next()).done).toBe(true)
  })
})
