/** The window's own scheme: a standard, secure origin that no web page shares, served by main alone. */
export const SCHEME = 'workstation'
export const WINDOW_URL = `${SCHEME}://app/index.html`

/** Of the window itself or something that main serves for it. */
export function isOwnUrl(url: string): boolean {
  const parsed = URL.parse(url)
  return parsed !== null && parsed.protocol === `${SCHEME}:` && parsed.host === 'app'
}

/** What the window may load from: main, and what it made itself. There is no network for it. */
export function mayLoad(url: string, devTools: boolean): boolean {
  const own = isOwnUrl(url) || /^(blob:workstation:\/\/app\/|data:)/.test(url)
  return own || (devTools && url.startsWith('devtools://'))
}

/** Copying a bug report or a value; everything else that pages may ask for, a reader of CTs does not need. */
export function isPermitted(permission: string): boolean {
  return permission === 'clipboard-sanitized-write'
}
