import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { EventLog, LoggedEvent } from './eventLog.ts'

export interface EventStreamOptions {
  heartbeatMs?: number
  /** Ends every stream. */
  signal: AbortSignal
}

/** Longer than a computer sleeps between two ticks, shorter than any proxy waits. */
const HEARTBEAT_MS = 15_000
/** A window that takes nothing in is cut off; it comes back and asks for what it missed. */
const MAX_WAITING = 2000

/**
 * Server-sent events: `ready` at once, with the id to come back with; then every event of the contract by its name.
 * `?after=ID`, or the Last-Event-ID header, asks for what was missed.
 */
export function eventStream(
  c: Context,
  log: EventLog,
  { heartbeatMs, signal }: EventStreamOptions,
): Response {
  const after = c.req.query('after') ?? c.req.header('last-event-id') ?? ''
  return streamSSE(c, async (stream) => {
    const missed = log.after(after)
    // Those are waiting from the beginning, through no fault of the window.
    let waiting = -missed.length
    let end = () => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    const write = (writing: Promise<unknown>) => {
      if (++waiting > MAX_WAITING) end()
      writing.then(() => waiting--, end)
    }
    const send = ({ id, name, data }: LoggedEvent) => write(stream.writeSSE({ id, event: name, data }))
    const unsubscribe = log.subscribe(send)
    write(stream.writeSSE({ event: 'ready', data: '{}', id: missed.length > 0 ? after : log.latestId }))
    for (const event of missed) send(event)
    const heartbeat = setInterval(() => write(stream.write(': alive\n\n')), heartbeatMs ?? HEARTBEAT_MS)
    stream.onAbort(end)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
    await ended
    clearInterval(heartbeat)
    unsubscribe()
    signal.removeEventListener('abort', end)
  })
}
