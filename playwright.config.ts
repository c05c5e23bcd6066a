import { existsSync } from 'node:fs'
import { defineConfig } from '@playwright/test'

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

/**
 * The specs drive the workstation as a reader does: the web host in a Chromium that is installed, or Electron where
 * its binary is (SCREENER_E2E_HOST=electron). Volumes are drawn by the processor where there is no graphics card, so
 * limits are wide; nothing here is a measurement.
 */
export default defineConfig({
  testDir: 'test/e2e',
  outputDir: 'test-results',
  snapshotPathTemplate: 'test/e2e/baselines/{arg}{ext}',
  workers: 1,
  fullyParallel: false,
  timeout: 180_000,
  expect: { timeout: 20_000 },
  reporter: process.env.CI ? [['list'], ['json', { outputFile: 'test-results/report.json' }]] : 'list',
  use: {
    actionTimeout: 20_000,
    viewport: { width: 1366, height: 768 },
    colorScheme: 'dark',
    locale: 'en-GB',
    timezoneId: 'UTC',
    trace: 'retain-on-failure',
    launchOptions: {
      ...(chromium ? { executablePath: chromium } : {}),
      // Chromium's sandbox needs rights that containers do not give to root.
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    },
  },
})
