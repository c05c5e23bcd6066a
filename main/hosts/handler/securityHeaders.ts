import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'

/**
 * Nothing from elsewhere, no inline script, no eval, not even WebAssembly: voxels are decoded in main. What is let
 * through was found by running the window (Mantine, Cornerstone with its tools and worker) under `'self'` alone:
 * - `style-src 'unsafe-inline'`: Mantine writes its theme variables as a style element, Cornerstone style attributes.
 * - `img-src blob: data:`: Cornerstone's cursors are SVG blobs; thumbnails are drawn on a canvas.
 */
const CONTENT_SECURITY_POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  workerSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:', 'blob:'],
  fontSrc: ["'self'"],
  connectSrc: ["'self'"],
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
