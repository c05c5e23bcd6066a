import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import {
  test as base,
  type ElectronApplication,
  _electron as electron,
  expect,
  type Page,
} from '@playwright/test'

/** The host that the specs run against. */
export interface Host {
  /** Where studies, runs and reviews are kept. */
  dataFolder: string
  /** Ends the host and starts it again over the same data. */
  restart(): Promise<void>
  /** Ends it at once, as a power cut does, and leaves it so. */
  kill(): Promise<void>
  /** Starts it again after `kill`. */
  start(): Promise<void>
  /** Opens the window; a second call gives a second window of the web host. */
  open(): Promise<Page>
  /** Process ids of the host's children whose command line holds a word. */
  children(word: string): Promise<number[]>
}

const ROOT = resolve(import.meta.dirname, '../..')
/** Real scans, where they are. */
export const SHARED = resolve(ROOT, '../shared/data')

/** Waits for the line with the address. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let said = ''
    child.stderr?.on('data', (text) => {
      said += text
    })
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const address = /http:\/\/127\.0\.0\.1:\S+/.exec(line)?.[0]
      if (address) found(address)
    })
    child.once('exit', (code) => failed(new Error(`the host ended with ${code}: ${said}`)))
  })
}

async function childrenOf(pid: number, word: string): Promise<number[]> {
  const ps = spawn('ps', ['-e', '-o', 'pid=,ppid=,args='])
  let text = ''
  ps.stdout.on('data', (piece) => {
    text += piece
  })
  await once(ps, 'close')
  const rows = text
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, id, parent, command]) => ({ id: Number(id), parent: Number(parent), command }))
  const below = new Set([pid])
  // A child has a higher place in the table than its parent only mostly: go round until nothing is added.
  for (let size = 0; size !== below.size; ) {
    size = below.size
    for (const row of rows) if (below.has(row.parent)) below.add(row.id)
  }
  return rows.filter(({ id, command }) => below.has(id) && command.includes(word)).map(({ id }) => id)
}

class WebHost implements Host {
  readonly dataFolder: string
  readonly #newPage: () => Promise<Page>
  #child: ChildProcess | undefined
  #address = ''

  constructor(dataFolder: string, newPage: () => Promise<Page>) {
    this.dataFolder = dataFolder
    this.#newPage = newPage
  }

  async start(): Promise<void> {
    const roots = [existsSync(SHARED) ? SHARED : this.dataFolder, this.dataFolder, tmpdir()]
    const options = ['--no-open', '--data', this.dataFolder, ...roots.flatMap((root) => ['--root', root])]
    this.#child = spawn(process.execPath, [join(ROOT, 'main/hosts/web.ts'), ...options], { cwd: ROOT })
    this.#address = await addressOf(this.#child)
  }

  async open(): Promise<Page> {
    const page = await this.#newPage()
    await page.goto(this.#address)
    return page
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async restart(): Promise<void> {
    await this.#end('SIGTERM')
    await this.start()
  }

  children(word: string): Promise<number[]> {
    return childrenOf(this.#child!.pid!, word)
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }

  close(): Promise<void> {
    return this.#end('SIGTERM')
  }
}

class ElectronHost implements Host {
  readonly dataFolder: string
  #app: ElectronApplication | undefined

  constructor(dataFolder: string) {
    this.dataFolder = dataFolder
  }

  async start(): Promise<void> {
    this.#app = await electron.launch({ args: [ROOT, '--data', this.dataFolder], cwd: ROOT })
  }

  async open(): Promise<Page> {
    const page = await this.#app!.firstWindow()
    await page.setViewportSize({ width: 1366, height: 768 })
    return page
  }

  async restart(): Promise<void> {
    await this.close()
    await this.start()
  }

  async kill(): Promise<void> {
    const { pid } = this.#app!.process()
    process.kill(pid!, 'SIGKILL')
    this.#app = undefined
  }

  children(word: string): Promise<number[]> {
    return childrenOf(this.#app!.process().pid!, word)
  }

  async close(): Promise<void> {
    await this.#app?.close()
    this.#app = undefined
  }
}

/** One host for each spec file; its data folder goes when the file is done. */
export const test = base.extend<object, { host: Host; window: Page }>({
  host: [
    async ({ browser }, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'screener-e2e-'))
      const host =
        process.env.SCREENER_E2E_HOST === 'electron'
          ? new ElectronHost(folder)
          : new WebHost(folder, async () => {
              const context = await browser.newContext({
                viewport: { width: 1366, height: 768 },
                colorScheme: 'dark',
                locale: 'en-GB',
                timezoneId: 'UTC',
              })
              return context.newPage()
            })
      await host.start()
      await use(host)
      await host.close()
      await rm(folder, { recursive: true, force: true })
    },
    { scope: 'worker' },
  ],
  window: [async ({ host }, use) => use(await host.open()), { scope: 'worker' }],
})

export { expect }
