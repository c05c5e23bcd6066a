import { defineConfig } from '@playwright/test'
import { CHROMIUM_ARGS, findChromium, WINDOW } from './test/e2e/chromium.ts'

const executablePath = findChromium()

/**
 * The specs drive the workstation as a reader does: the web host in a Chromium that is installed, or Electron where
 * its binary is (SCREENER_E2E_HOST=electron). Volumes are drawn by the processor where there is no graphics card, so
 * limits are wide; nothing here is a measurement.
 */
export default defineConfig({
  testDir: 'test/e2e',
  globalSetup: './test/e2e/screened.ts',
  outputDir: 'test-results',
  snapshotPathTemplate: 'test/e2e/baselines/{arg}{ext}',
  workers: 1,
  fullyParallel: false,
  // A busy machine may be slower than any limit now and then.
  retries: process.env.CI ? 2 : 0,
  timeout: 240_000,
  expect: { timeout: 20_000 },
  reporter: process.env.CI ? [['list'], ['json', { outputFile: 'test-results/report.json' }]] : 'list',
  use: {
    ...WINDOW,
    actionTimeout: 20_000,
    screenshot: 'only-on-failure',
    launchOptions: { ...(executablePath ? { executablePath } : {}), args: CHROMIUM_ARGS },
  },
})
