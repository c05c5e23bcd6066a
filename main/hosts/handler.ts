import { serveStatic } from '@hono/node-server/serve-static'
import { type Context, Hono } from 'hono'
import { WorkstationError } from '../errors.ts'
import type { Workstation } from '../workstation/types.ts'
import { answerCall, errorRecord, isCallName } from './handler/answerCall.ts'
import { EventLog } from './handler/eventLog.ts'
import { eventStream } from './handler/eventStream.ts'
import { readCallBody } from './handler/requestBody.ts'
import { securityHeaders } from './handler/securityHeaders.ts'
import { type UploadLimits, Uploads } from './handler/uploads.ts'

export interface HandlerOptions {
  workstation: Workstation
  /** The window as built: index.html and its assets. */
  windowFolder: string
  /** Calls, events and uploads over HTTP; false where the host has another wire for them. True where absent. */
  controlPlane?: boolean
  heartbeatMs?: number
  uploadLimits?: Partial<UploadLimits>
}

export interface Handler {
  fetch(request: Request): Promise<Response>
  /** Ends the event streams. */
  close(): void
}

/**
 * One handler, from Request to Response, for both hosts:
 *
 * | | |
 * |---|---|
 * | `GET /data/…` | bytes of the data plane |
 * | `POST /api/call/NAME` | a call of the contract: JSON in, `{ok, value}` or `{ok, error}` out |
 * | `GET /api/events` | server-sent events |
 * | `POST /api/upload` | begins an upload: `{upload}` |
 * | `PUT /api/upload/ID?path=…` | one file of it |
 * | `POST /api/upload/ID/done`, `DELETE /api/upload/ID` | its FileHandle; gives it up |
 * | `GET /…` | the window |
 *
 * Who may ask is for the host to decide.
 */
export function createHandler(options: HandlerOptions): Handler {
  const { workstation, windowFolder, controlPlane = true } = options
  const ending = new AbortController()
  const app = new Hono()
  app.use(securityHeaders)
  app.use('/api/*', noStore)
  app.use('/data/*', noStore)
  app.get('/data/*', (c) => workstation.data(c.req.raw))
  const log = controlPlane ? addControlPlane(app, options, ending.signal) : undefined
  app.get('*', cacheWindow, serveStatic({ root: windowFolder }))
  app.notFound((c) =>
    fail(c, new WorkstationError('usage/not-found', 'The workstation has nothing at this address.')),
  )
  app.onError((error, c) => fail(c, error))
  return {
    fetch: async (request) => app.fetch(request),
    close: () => {
      ending.abort()
      log?.close()
    },
  }
}

function addControlPlane(app: Hono, options: HandlerOptions, signal: AbortSignal): EventLog {
  const { workstation, heartbeatMs, uploadLimits } = options
  const log = new EventLog(workstation)
  const uploads = new Uploads(workstation, uploadLimits)
  app.post('/api/call/:name', async (c) => {
    const name = c.req.param('name')
    if (!isCallName(name)) return c.json(await answerCall(workstation, name, undefined), 404)
    if (!/^application\/json(;|$)/.test(c.req.header('content-type') ?? ''))
      throw new WorkstationError('usage/malformed', 'The window sent something that is not readable.')
    const result = await answerCall(workstation, name, await readCallBody(name, c.req.raw))
    return c.json(result, result.ok ? 200 : httpStatus(result.error.code))
  })
  app.get('/api/events', (c) => {
    // It would count as a window that heard everything.
    if (c.req.method === 'HEAD') return c.body(null, 405, { Allow: 'GET' })
    return eventStream(c, log, { signal, ...(heartbeatMs === undefined ? {} : { heartbeatMs }) })
  })
  app.post('/api/upload', async (c) => c.json({ ok: true, value: { upload: await uploads.start() } }))
  app.put('/api/upload/:id', async (c) => {
    const sizeBytes = Number(c.req.header('content-length') ?? Number.NaN)
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0)
      throw new WorkstationError('usage/upload', 'A dropped file came without its size.')
    const body = c.req.raw.body ?? new Blob([]).stream()
    await uploads.put(c.req.param('id'), c.req.query('path') ?? '', sizeBytes, body)
    return c.json({ ok: true, value: {} })
  })
  app.post('/api/upload/:id/done', async (c) =>
    c.json({ ok: true, value: await uploads.finish(c.req.param('id')) }),
  )
  app.delete('/api/upload/:id', async (c) => {
    await uploads.cancel(c.req.param('id'))
    return c.json({ ok: true, value: {} })
  })
  return log
}

async function cacheWindow(c: Context, next: () => Promise<void>): Promise<void> {
  await next()
  // Vite names assets by their content.
  const forever = c.res.ok && c.req.path.startsWith('/assets/')
  c.res.headers.set('cache-control', forever ? 'public, max-age=31536000, immutable' : 'no-cache')
}

async function noStore(c: Context, next: () => Promise<void>): Promise<void> {
  await next()
  // The workstation may know better: what a run wrote never changes.
  if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store')
}

function fail(c: Context, error: Error): Response {
  const record = errorRecord(error)
  return c.json({ ok: false, error: record }, httpStatus(record.code))
}

/** What a sentence of the workstation cannot say to HTTP tools; the window reads the record. */
const STATUS = {
  'usage/unknown-call': 404,
  'usage/not-found': 404,
  'usage/too-large': 413,
  'input/too-large': 413,
  'output/disk-full': 507,
  'program/unexpected': 500,
} as const

function httpStatus(code: string): 200 | 400 | (typeof STATUS)[keyof typeof STATUS] {
  if (code in STATUS) return STATUS[code as keyof typeof STATUS]
  // An answer of the workstation, such as a folder without a CT, is no failure of the wire.
  return code.startsWith('usage/') ? 400 : 200
}
