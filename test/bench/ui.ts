import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { chromium, type Page } from '@playwright/test'
import { build } from '../../scripts/build.ts'
import { CHROMIUM_ARGS, findChromium, WINDOW } from '../e2e/chromium.ts'
import { WebHost } from '../e2e/hosts.ts'
import makeScreened, { screenedFolder } from '../e2e/screened.ts'
import { installProbe } from './uiProbe.ts'
import { type Measured, printTable } from './uiTable.ts'

/**
 * `npm run bench:ui`: how quick the window is under the hands. The sample, or the series of a folder, is opened,
 * screened and read in a Chromium without a window.
 *
 *   npm run bench:ui -- [--series FOLDER] [--cycles 20] [--json FILE]
 */

const { values: flags } = parseArgs({
  options: {
    series: { type: 'string' },
    cycles: { type: 'string', default: '20' },
    json: { type: 'string' },
  },
})

const PLANES = ['axial', 'coronal', 'sagittal']
const MOVES = 60
const MB = 2 ** 20

const executablePath = findChromium()
if (!executablePath) {
  console.error('No Chromium was found (CHROMIUM_PATH, the system, Playwright): nothing can be measured.')
  process.exit(3)
}
await build(['renderer'])
const removeScreened = await makeScreened()
const dataFolder = await mkdtemp(join(tmpdir(), 'screener-bench-ui-'))
await cp(screenedFolder(), dataFolder, { recursive: true })
const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS })
const host = new WebHost(dataFolder, async () => {
  const page = await (await browser.newContext(WINDOW)).newPage()
  await page.addInitScript(installProbe)
  return page
})
try {
  await host.start()
  const page = await host.page()
  const graphics = await page.evaluate(() => {
    const gl = document.createElement('canvas').getContext('webgl2')
    const names = gl?.getExtension('WEBGL_debug_renderer_info')
    return gl && names ? String(gl.getParameter(names.UNMASKED_RENDERER_WEBGL)) : 'no WebGL 2'
  })
  const rows = await measureAll(page)
  const machine = {
    graphics,
    cpu: cpus()[0]?.model,
    logicalCpus: cpus().length,
    loadOneMinute: loadavg()[0],
    node: process.version,
    browser: browser.version(),
  }
  console.log(
    `${machine.cpu}, ${machine.logicalCpus} logical CPUs, load ${machine.loadOneMinute?.toFixed(1)}`,
  )
  console.log(
    `Graphics: ${graphics}${/swiftshader|llvmpipe|software/i.test(graphics) ? ' (software: no GPU)' : ''}`,
  )
  printTable(rows)
  if (flags.json) await writeFile(flags.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`)
} finally {
  await host.close()
  await browser.close()
  await rm(dataFolder, { recursive: true, force: true })
  await removeScreened()
}

async function measureAll(page: Page): Promise<Measured[]> {
  const rows: Measured[] = []
  const name = flags.series ? await addSeries(page, flags.series) : 'Procedural CT, seed 1'
  rows.push(...(await opening(page, name)))
  if (flags.series) {
    await page.getByRole('contentinfo').getByRole('button', { name: 'Screen', exact: true }).click()
    await page.getByRole('button', { name: /^Result of/ }).waitFor({ timeout: 1_800_000 })
  }
  await page.getByRole('slider', { name: 'Threshold: rarity among normal voxels' }).waitFor()
  rows.push(...(await during(page, 'scroll', () => scroll(page))))
  rows.push(...(await during(page, 'threshold drag', () => dragThreshold(page))))
  rows.push(...(await findingsKeys(page)))
  rows.push(...(await during(page, 'brush', () => brush(page))))
  await page.getByRole('contentinfo').getByRole('button', { name: 'Screen', exact: true }).click()
  await page
    .getByTestId('run-progress')
    .getByText(/Tile \d/)
    .waitFor({ timeout: 120_000 })
  rows.push(...(await during(page, 'scroll while screening', () => scroll(page))))
  await page.getByRole('button', { name: /^Cancel the screening/ }).click()
  rows.push(...(await memory(page, name, Number(flags.cycles))))
  return rows
}

/** Copies the series to where the host may read, and adds it; gives its name in the library. */
async function addSeries(page: Page, source: string): Promise<string> {
  const folder = join(dataFolder, basename(source))
  await cp(source, folder, { recursive: true })
  await page.keyboard.press('Control+o')
  const picker = page.getByRole('dialog', { name: 'Open a folder' })
  await picker.getByRole('status').getByText(/entr/).waitFor()
  await picker.getByRole('textbox', { name: 'Path' }).fill(folder)
  await picker.getByRole('button', { name: 'Go' }).click()
  await picker.getByRole('button', { name: `Use “${basename(source)}”` }).click()
  await page.evaluate((panes) => window.probe.painted(panes, 0), PLANES)
  const open = page.getByRole('listbox', { name: 'Series' }).locator('[data-open]')
  const text = (await open.innerText()).split('\n')[0]!
  await closeSeries(page)
  return text
}

async function opening(page: Page, name: string): Promise<Measured[]> {
  const since = await page.evaluate(() => performance.now())
  await option(page, name).dblclick()
  const [first, all] = await page.evaluate(
    async ([panes, start]) => {
      const axial = await window.probe.painted([panes[0]!], start)
      return [axial, await window.probe.painted(panes, start)] as const
    },
    [PLANES, since] as const,
  )
  return [
    { what: 'time to first slice', values: [first], unit: 'ms' },
    { what: 'time to three planes', values: [all], unit: 'ms' },
  ]
}

async function during(page: Page, what: string, act: () => Promise<void>): Promise<Measured[]> {
  await page.evaluate(() => window.probe.begin())
  await act()
  const { frames, longTasks } = await page.evaluate(() => window.probe.end())
  const own = longTasks.map(({ ms, waitedMs }) => ms - waitedMs)
  return [
    { what: `${what}: frame time`, values: frames, unit: 'ms' },
    { what: `${what}: tasks over 50 ms`, values: [longTasks.length], unit: 'tasks' },
    { what: `${what}: such a task`, values: longTasks.map(({ ms }) => ms), unit: 'ms' },
    { what: `${what}: such a task, without waiting for the GPU process`, values: own, unit: 'ms' },
    {
      what: `${what}: tasks over 50 ms without it`,
      values: [own.filter((ms) => ms > 50).length],
      unit: 'tasks',
    },
  ]
}

async function scroll(page: Page): Promise<void> {
  await page.getByRole('application', { name: 'Axial' }).hover()
  for (let i = 0; i < MOVES; i++) await page.mouse.wheel(0, i < MOVES / 2 ? 120 : -120)
}

async function dragThreshold(page: Page): Promise<void> {
  const box = (await page.getByRole('slider', { name: /^Threshold on the histogram/ }).boundingBox())!
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + 0.4 * box.width, y)
  await page.mouse.down()
  await page.mouse.move(box.x + 0.2 * box.width, y, { steps: MOVES / 2 })
  await page.mouse.move(box.x + 0.6 * box.width, y, { steps: MOVES / 2 })
  await page.mouse.move(box.x + 0.4 * box.width, y, { steps: 4 })
  await page.mouse.up()
}

async function brush(page: Page): Promise<void> {
  await page.getByRole('application', { name: 'Axial' }).focus()
  await page.keyboard.press('d')
  const box = (await page.getByRole('application', { name: 'Axial' }).boundingBox())!
  await page.mouse.move(box.x + 0.4 * box.width, box.y + 0.5 * box.height)
  await page.mouse.down()
  await page.mouse.move(box.x + 0.6 * box.width, box.y + 0.55 * box.height, { steps: MOVES })
  await page.mouse.up()
  await page.keyboard.press('c')
}

async function findingsKeys(page: Page): Promise<Measured[]> {
  await page.getByRole('listbox', { name: 'Findings' }).focus()
  const jumps: number[] = []
  for (let i = 0; i < 10; i++) jumps.push(await page.evaluate(() => window.probe.press('j')))
  const lists: number[] = []
  for (let i = 0; i < 10; i++) {
    const ms = await page.evaluate((key) => window.probe.pressForList(key), i % 2 ? '}' : '{')
    if (ms !== null) lists.push(ms)
  }
  return [
    { what: 'jump to a finding', values: jumps, unit: 'ms' },
    { what: 'list after a threshold step', values: lists, unit: 'ms' },
  ]
}

async function memory(page: Page, name: string, cycles: number): Promise<Measured[]> {
  const heap: number[] = []
  const resident: number[] = []
  const session = await page.context().newCDPSession(page)
  for (let i = 0; i <= cycles; i++) {
    if (i > 0) {
      await option(page, name).dblclick()
      await page.evaluate((panes) => window.probe.painted(panes, 0), PLANES)
    }
    await closeSeries(page)
    await session.send('HeapProfiler.collectGarbage')
    const { usedSize } = await session.send('Runtime.getHeapUsage')
    heap.push(usedSize / MB)
    resident.push((await residentBytes()) / MB)
  }
  return [
    { what: 'JS heap, closed, first', values: [heap[0]!], unit: 'MB' },
    { what: `JS heap, closed, after ${cycles} cycles`, values: [heap.at(-1)!], unit: 'MB' },
    { what: 'all processes (RSS), closed, first', values: [resident[0]!], unit: 'MB' },
    { what: `all processes (RSS), closed, after ${cycles} cycles`, values: [resident.at(-1)!], unit: 'MB' },
  ]
}

function option(page: Page, name: string) {
  return page.getByRole('listbox', { name: 'Series' }).getByRole('option', { name })
}

async function closeSeries(page: Page): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.getByRole('textbox', { name: 'Commands, series, findings' }).fill('Close the series')
  await page.keyboard.press('Enter')
  await page.getByText('Open a scan to see its findings.').waitFor()
}

/** Of the host, its children, and the browser: all that this process started. */
async function residentBytes(): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-e', '-o', 'pid=,ppid=,rss='])
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const below = new Set([process.pid])
  for (let size = 0; size !== below.size; ) {
    size = below.size
    for (const [pid, parent] of rows) if (below.has(parent!)) below.add(pid!)
  }
  below.delete(process.pid)
  return rows.reduce((sum, [pid, , kb]) => sum + (below.has(pid!) ? kb! * 1024 : 0), 0)
}
