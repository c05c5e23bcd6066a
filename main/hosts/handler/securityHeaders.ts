import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'

/**
 * Nothing from elsewhere, nothing inline, no eval. What is let through was measured against the window as built:
 * - `wasm-unsafe-eval`: WebAssembly modules (codecs) compile; JavaScript's eval stays shut.
 * - `worker-src blob:`: Cornerstone's web worker manager and vtk.js start workers from blobs of our own code.
 * - `style-src 'unsafe-inline'`: Mantine writes its theme variables, and annotation drawing its SVG, as inline styles.
 * - `img-src data: blob:`: thumbnails and key images drawn on a canvas.
 */
const CONTENT_SECURITY_POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
  workerSrc: ["'self'", 'blob:'],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:', 'blob:'],
  fontSrc: ["'self'"],
  connectSrc: ["'self'", 'blob:'],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
  objectSrc: ["'none'"],
}

/** On every answer. COOP and COEP isolate the window from other pages and allow SharedArrayBuffer. */
export const securityHeaders: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: CONTENT_SECURITY_POLICY,
  crossOriginOpenerPolicy: 'same-origin',
  crossOriginEmbedderPolicy: 'require-corp',
  crossOriginResourcePolicy: 'same-origin',
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
  xContentTypeOptions: 'nosniff',
  // Plain HTTP on the loopback interface, or Electron's own scheme: there is no HTTPS to insist on.
  strictTransportSecurity: false,
  permissionsPolicy: { camera: [], microphone: [], geolocation: [], usb: [], serial: [], hid: [] },
})
