import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { build, PART_NAMES } from '../../scripts/build.ts'
import { findChromium } from './chromium.ts'

/** `npm run e2e`: builds the window, then drives it. What is given after `--` goes to Playwright. */

const ROOT = resolve(import.meta.dirname, '../..')

if (process.env.SCREENER_E2E_HOST !== 'electron' && !findChromium()) {
  console.log(
    'No Chromium was found (CHROMIUM_PATH, the system, Playwright): the end-to-end specs are skipped.',
  )
} else {
  await build(PART_NAMES)
  const playwright = join(
    createRequire(import.meta.url).resolve('@playwright/test/package.json'),
    '../cli.js',
  )
  const { status } = spawnSync(process.execPath, [playwright, 'test', ...process.argv.slice(2)], {
    cwd: ROOT,
    stdio: 'inherit',
  })
  process.exitCode = status ?? 1
}
