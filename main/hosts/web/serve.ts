import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { WorkstationError } from '../../errors.ts'
import type { Handler } from '../handler.ts'
import { DOOR, guarded } from './guard.ts'
import { Session } from './session.ts'

export interface WebServer {
  /** To open the workstation with, once; the one given before is not valid any more. */
  newAddress(): string
  port: number
  close(): Promise<void>
}

/** How long answers on their way may take when the host ends. */
const GRACE_MS = 1000

/**
 * Serves the handler on the loopback interface only. Port 0 takes a free one.
 *
 * @throws WorkstationError `usage/port` where the port cannot be had
 */
export async function serveWeb(handler: Handler, { port = 0 }: { port?: number } = {}): Promise<WebServer> {
  let fetch: (request: Request) => Promise<Response> = async () => new Response(null, { status: 503 })
  const server = createAdaptorServer({ fetch: (request) => fetch(request) }) as Server
  // A study is sent file by file, and a file may take as long as it takes.
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new WorkstationError('usage/port', `Port ${port} cannot be used; name another with --port.`, error),
      ),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
  const bound = (server.address() as AddressInfo).port
  const session = new Session(bound)
  fetch = guarded(handler.fetch, session, bound)
  return {
    newAddress: () => `http://127.0.0.1:${bound}${DOOR}?token=${session.newToken()}`,
    port: bound,
    close: () => {
      handler.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), GRACE_MS).unref()
      return closed
    },
  }
}
