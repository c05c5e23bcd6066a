import { existsSync } from 'node:fs'
import { chromium } from '@playwright/test'

const INSTALLED = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** A Chromium to drive: that of CHROMIUM_PATH, of the system, or Playwright's own; undefined where there is none. */
export function findChromium(): string | undefined {
  return [process.env.CHROMIUM_PATH, ...INSTALLED, chromium.executablePath()].find(
    (path) => path && existsSync(path),
  )
}

/** How Chromium is started here. Its sandbox needs rights that containers do not give to root. */
export const CHROMIUM_ARGS = process.getuid?.() === 0 ? ['--no-sandbox'] : []

/** The window that specs and benchmark see, where they say nothing else. */
export const WINDOW = {
  viewport: { width: 1366, height: 768 },
  colorScheme: 'dark',
  locale: 'en-GB',
  timezoneId: 'UTC',
} as const
