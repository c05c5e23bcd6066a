import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/unit/**/*.test.ts'],
    // Reading and screening real scans takes seconds on two cores.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // Processes are killed and clocks are watched here: a busy machine may be slower than any limit now and then.
    retry: process.env.CI ? 2 : 0,
  },
})
