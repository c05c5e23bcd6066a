import type { Session } from './session.ts'

/** Where the printed address leads. */
export const DOOR = '/open'

type Fetch = (request: Request) => Promise<Response>

/**
 * Lets nobody through to the workstation but the window of the reader who started it:
 * - Host is this host by its own name and port, so that no other name can be made to point here (DNS rebinding);
 * - Origin, where the browser sends one, is this host's, and it must send one to change anything; so no other page,
 *   nor another program's page on this computer, can ask through the reader's browser;
 * - the cookie shows that the browser had the printed token.
 */
export function guarded(fetch: Fetch, session: Session, port: number): Fetch {
  const hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`])
  return async (request) => {
    const url = new URL(request.url)
    const host = request.headers.get('host') ?? ''
    if (!hosts.has(host) || url.host !== host)
      return page(421, 'This is not the address of this workstation.')
    const origin = request.headers.get('origin')
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (origin === null ? !isRead : origin !== `http://${host}`)
      return page(403, 'Another page tried to use the workstation. It was refused.')
    const site = request.headers.get('sec-fetch-site')
    const isPlane = url.pathname.startsWith('/api/') || url.pathname.startsWith('/data/')
    if (isPlane && site !== null && site !== 'same-origin')
      return page(403, 'Another page tried to use the workstation. It was refused.')
    const known = session.isOpenTo(request.headers.get('cookie'))
    if (url.pathname === DOOR && isRead) return open(session, url, known)
    if (!known) return page(403, 'Open the workstation with the address that it printed when it was started.')
    return fetch(request)
  }
}

function open(session: Session, url: URL, known: boolean): Response {
  const headers = new Headers({
    location: '/',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
  })
  // The address reloaded, or taken from the history, in the browser that has the cookie.
  if (known) return new Response(null, { status: 303, headers })
  const cookie = session.redeem(url.searchParams.get('token') ?? '')
  if (!cookie)
    return page(
      403,
      'This address was used before, or is not complete. Each address opens the workstation once: go back to the window that has it open, or press Enter where the workstation was started for a new address.',
    )
  headers.set('set-cookie', cookie)
  return new Response(null, { status: 303, headers })
}

/** A page of one sentence, which is never from outside. */
function page(status: number, sentence: string): Response {
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Screener Workstation</title><p>${sentence}</p></html>`
  return new Response(html, {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  })
}
