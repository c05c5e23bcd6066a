import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHandler } from '../../../main/hosts/handler.ts'
import { serveWeb, type WebServer } from '../../../main/hosts/web/serve.ts'
import { fakeWorkstation } from './fakeWorkstation.ts'

let folder: string
let server: WebServer
let address: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'screener-web-'))
  await mkdir(join(folder, 'window'))
  await writeFile(join(folder, 'window', 'index.html'), 'the window')
  server = await serveWeb(
    createHandler({ workstation: fakeWorkstation(folder), windowFolder: join(folder, 'window') }),
  )
  address = server.newAddress()
})

afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

interface Answer {
  status: number
  text: string
  location: string | undefined
  cookie: string | undefined
}

/** Not fetch, which sets Host itself and follows redirects. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET', body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port: server.port, path, method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => {
        const { location, 'set-cookie': cookies } = response.headers
        resolve({ status: response.statusCode ?? 0, text, location, cookie: cookies?.[0] })
      })
    })
    outgoing.on('error', reject).end(body)
  })
}

const door = () => new URL(address).pathname + new URL(address).search
const signIn = async () => ((await ask(door())).cookie ?? '').split(';')[0]
const origin = () => `http://127.0.0.1:${server.port}`
const json = { 'content-type': 'application/json' }

describe('the printed address', () => {
  it('is of this computer only', () => {
    expect(new URL(address).hostname).toBe('127.0.0.1')
  })

  it('becomes a cookie that no script reads and no other page sends, and disappears', async () => {
    const answer = await ask(door())
    expect(answer.status).toBe(303)
    expect(answer.location).toBe('/')
    expect(answer.cookie).toMatch(/^screener-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/)
    expect(answer.cookie).not.toContain(new URL(address).searchParams.get('token'))
    const window = await ask('/', { cookie: (answer.cookie ?? '').split(';')[0] })
    expect(window.text).toBe('the window')
  })

  it('opens the workstation once; then a page says why not', async () => {
    await signIn()
    const again = await ask(door())
    expect(again.status).toBe(403)
    expect(again.cookie).toBeUndefined()
    expect(again.text).toContain('This address was used before')
  })

  it('leads the browser that has the cookie to the window, as often as it likes', async () => {
    const cookie = await signIn()
    expect((await ask(door(), { cookie })).status).toBe(303)
  })

  it('is followed by another one on request, for another browser; the first has stayed in', async () => {
    const cookie = await signIn()
    address = server.newAddress()
    const other = await signIn()
    for (const each of [cookie, other]) expect((await ask('/', { cookie: each })).status).toBe(200)
    const unused = server.newAddress()
    server.newAddress()
    address = unused
    expect((await ask(door())).status).toBe(403)
  })

  it('is of no use with another token', async () => {
    expect((await ask('/open?token=guess')).status).toBe(403)
    expect((await ask('/open')).status).toBe(403)
    expect((await ask(door())).status).toBe(303)
  })
})

describe('nobody else gets in', () => {
  it.each(['/', '/data/voxels', '/api/events', '/index.html'])('without the cookie: %s', async (path) => {
    expect((await ask(path)).status).toBe(403)
    expect((await ask(path, { cookie: `screener-${server.port}=guess` })).status).toBe(403)
  })

  it.each([
    'evil.example',
    'evil.example:PORT',
    '127.0.0.1',
    '127.0.0.1:1',
    '127.0.0.1.evil.example:PORT',
    'a b',
  ])('by another name: Host %s', async (name) => {
    const cookie = await signIn()
    const answer = await ask('/', { cookie, host: name.replace('PORT', String(server.port)) })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.text).not.toContain('the window')
  })

  it('nor may the door be opened by another name, which would use up the token', async () => {
    expect((await ask(door(), { host: `evil.example:${server.port}` })).status).toBe(421)
    expect((await ask(door())).status).toBe(303)
  })

  it.each([
    'http://evil.example',
    'http://127.0.0.1:1',
    'http://localhost:PORT',
    'null',
    'https://127.0.0.1:PORT',
  ])('from another page: Origin %s', async (name) => {
    const cookie = await signIn()
    const headers = { cookie, origin: name.replace('PORT', String(server.port)), ...json }
    expect((await ask('/api/call/labels.all', headers, 'POST', '{}')).status).toBe(403)
    expect((await ask('/data/voxels', headers)).status).toBe(403)
  })

  it('may change anything without saying from where', async () => {
    const cookie = await signIn()
    expect((await ask('/api/call/labels.all', { cookie, ...json }, 'POST', '{}')).status).toBe(403)
    const own = { cookie, origin: origin(), ...json }
    expect((await ask('/api/call/labels.all', own, 'POST', '{}')).status).toBe(200)
  })

  it('may embed its data in another page', async () => {
    const cookie = await signIn()
    expect((await ask('/data/voxels', { cookie, 'sec-fetch-site': 'same-site' })).status).toBe(403)
    expect((await ask('/data/voxels', { cookie, 'sec-fetch-site': 'same-origin' })).status).toBe(200)
  })
})

it('says which port it could not have', async () => {
  const handler = createHandler({ workstation: fakeWorkstation(folder), windowFolder: folder })
  await expect(serveWeb(handler, { port: server.port })).rejects.toMatchObject({ code: 'usage/port' })
})

it('ends while a window listens', async () => {
  const cookie = await signIn()
  const listening = ask('/api/events', { cookie })
  await new Promise((resolve) => setTimeout(resolve, 50))
  await server.close()
  expect((await listening).text).toContain('event: ready')
})
