import { randomBytes, timingSafeEqual } from 'node:crypto'

const same = (a: string, b: string) => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/**
 * Who may use the web host: the browser that opened a printed address first. The token in it is good for one use and
 * becomes a cookie, which lasts until the browser or the host ends; neither is ever stored.
 */
export class Session {
  readonly #cookieName: string
  readonly #secret = randomBytes(32).toString('base64url')
  #token: string | undefined

  /** Cookies do not tell ports apart, so that of every running host has its own name. */
  constructor(port: number) {
    this.#cookieName = `screener-${port}`
  }

  /** For an address to print; one that was not used until now is not valid any more. */
  newToken(): string {
    this.#token = randomBytes(32).toString('base64url')
    return this.#token
  }

  /** Takes the token, once; the cookie to set, or undefined. */
  redeem(token: string): string | undefined {
    if (this.#token === undefined || !same(token, this.#token)) return undefined
    this.#token = undefined
    return `${this.#cookieName}=${this.#secret}; HttpOnly; SameSite=Strict; Path=/`
  }

  /** Whether a Cookie header holds this session's. */
  isOpenTo(cookies: string | null): boolean {
    return (cookies ?? '').split(/;\s*/).some((cookie) => {
      const at = cookie.indexOf('=')
      return cookie.slice(0, at) === this.#cookieName && same(cookie.slice(at + 1), this.#secret)
    })
  }
}
