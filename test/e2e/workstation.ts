import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, expect } from '@playwright/test'
import { WINDOW } from './chromium.ts'
import { ElectronHost, type Host, WebHost } from './hosts.ts'
import { screenedFolder } from './screened.ts'

interface OfTheFile {
  /** Another name in each spec file: each has a host of its own, which stays for all its tests. */
  spec: string
  /** What the library holds: nothing, as on the first start, or the sample with a finished run. */
  library: 'empty' | 'screened'
  /** Of the web host; 0 for any. */
  port: number
  host: Host
}

/** The workstation: `host` runs it, `page` is its window. Both stay over the tests of a file. */
export const test = base.extend<object, OfTheFile>({
  spec: ['', { option: true, scope: 'worker' }],
  library: ['screened', { option: true, scope: 'worker' }],
  port: [0, { option: true, scope: 'worker' }],
  host: [
    async ({ browser, library, spec, port }, use) => {
      const folder = await mkdtemp(join(tmpdir(), `screener-e2e-${spec}-`))
      if (library === 'screened') await cp(screenedFolder(), folder, { recursive: true })
      const host =
        process.env.SCREENER_E2E_HOST === 'electron'
          ? new ElectronHost(folder)
          : new WebHost(folder, async () => (await browser.newContext(WINDOW)).newPage(), port)
      await host.start()
      await use(host)
      await host.close()
      await rm(folder, { recursive: true, force: true })
    },
    { scope: 'worker' },
  ],
  page: async ({ host }, use) => use(await host.page()),
})

export { expect }
