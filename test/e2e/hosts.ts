import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { type ElectronApplication, _electron as electron, type Page } from '@playwright/test'
import { WINDOW } from './chromium.ts'

/** The host that the specs run against. */
export interface Host {
  /** Where studies, runs and reviews are kept. */
  readonly dataFolder: string
  start(): Promise<void>
  /** The window; the same one until it is closed or the host is started again. */
  page(): Promise<Page>
  /** Ends the host and starts it again over the same data, with a new window. */
  restart(): Promise<void>
  /** Ends it at once, as a power cut does, and leaves it so; the window stays open. */
  kill(): Promise<void>
  /** Process ids of the host's children whose command line holds a word. */
  children(word: string): Promise<number[]>
  close(): Promise<void>
}

export const ROOT = resolve(import.meta.dirname, '../..')
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

/** Until keys and buttons do something: before, the window asks the host for all it knows. */
export async function isReady(page: Page): Promise<void> {
  await page.getByRole('contentinfo').waitFor()
  await page.evaluate(() => new Promise((shown) => requestAnimationFrame(() => setTimeout(shown))))
}

export class WebHost implements Host {
  readonly dataFolder: string
  /** Where the window is; the first to open it gets the cookie. */
  address = ''
  readonly #newPage: () => Promise<Page>
  readonly #port: number
  #child: ChildProcess | undefined
  #page: Page | undefined

  /** @param port a fixed one, so that a window finds the host again after a restart; 0 for any */
  constructor(dataFolder: string, newPage: () => Promise<Page>, port = 0) {
    this.dataFolder = dataFolder
    this.#newPage = newPage
    this.#port = port
  }

  async start(): Promise<void> {
    const roots = [...(existsSync(SHARED) ? [SHARED] : []), this.dataFolder, tmpdir()]
    const options = ['--no-open', '--data', this.dataFolder, ...roots.flatMap((root) => ['--root', root])]
    if (this.#port) options.push('--port', `${this.#port}`)
    this.#child = spawn(process.execPath, [join(ROOT, 'main/hosts/web.ts'), ...options], { cwd: ROOT })
    this.address = await addressOf(this.#child)
  }

  /** The process; undefined while the host is not running. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  async page(): Promise<Page> {
    if (!this.#page || this.#page.isClosed()) {
      this.#page = await this.#newPage()
      await this.#page.goto(this.address)
      await isReady(this.#page)
    }
    return this.#page
  }

  async restart(): Promise<void> {
    await this.#page?.context().close()
    await this.#end('SIGTERM')
    await this.start()
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  children(word: string): Promise<number[]> {
    return childrenOf(this.#child!.pid!, word)
  }

  async close(): Promise<void> {
    await this.#page?.context().close()
    await this.#end('SIGTERM')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
}

export class ElectronHost implements Host {
  readonly dataFolder: string
  #app: ElectronApplication | undefined

  constructor(dataFolder: string) {
    this.dataFolder = dataFolder
  }

  async start(): Promise<void> {
    this.#app = await electron.launch({ args: [ROOT, '--data', this.dataFolder], cwd: ROOT })
  }

  async page(): Promise<Page> {
    const page = await this.#app!.firstWindow()
    await page.setViewportSize(WINDOW.viewport)
    await isReady(page)
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
