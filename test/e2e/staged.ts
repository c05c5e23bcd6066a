import type { Page } from '@playwright/test'
import type { ExportResult, RunEntry } from '../../preload/records.ts'

/**
 * What the window shows only for a moment, or at other times each time, held still: main's part is played by the spec.
 * In a browser only: under Electron the window does not hear main over HTTP.
 */

const AT = '2026-03-02T08:30:00.000Z'
const EVENTS = '**/api/events*'
const WRITTEN: ExportResult = {
  folder: { handle: 'staged-folder-00', name: 'exports' },
  path: '/home/reader/exports/Procedural CT, seed 1 2026-03-02',
  findings: 14,
  files: [
    { name: 'mask.nii.gz', sizeBytes: 48_122 },
    { name: 'segmentation.dcm', sizeBytes: 1_310_240 },
    { name: 'findings.csv', sizeBytes: 3_204 },
    { name: 'record.json', sizeBytes: 12_881 },
  ],
  warnings: [],
}

interface Staged extends Window {
  heard?: EventSource
}

/** Loads the window anew, so that it hears what is staged. */
export async function stage(page: Page): Promise<void> {
  await endStage(page)
  await page.addInitScript(() => {
    const Real = EventSource
    window.EventSource = class extends Real {
      constructor(url: string) {
        super(url)
        const staged: Staged = window
        staged.heard = this
      }
    }
  })
  await page.route('**/api/call/export.write', (route) =>
    route.fulfill({ json: { ok: true, value: WRITTEN } }),
  )
  // Whether there is a file manager differs with the machine.
  await page.route('**/api/call/app.info', async (route) => {
    const response = await route.fetch()
    const { ok, value } = await response.json()
    await route.fulfill({ response, json: { ok, value: { ...value, canShowInFolder: true } } })
  })
  await page.reload()
}

/** The window hears of a run. */
export async function tell(page: Page, run: RunEntry): Promise<void> {
  await page.evaluate((data) => {
    const staged: Staged = window
    staged.heard!.dispatchEvent(new MessageEvent('run.changed', { data }))
  }, JSON.stringify(run))
}

/** A run at its twelfth tile, another that waits, and one that failed before; the finished one of `done` gets a fixed time. */
export async function stageScreening(page: Page, done: RunEntry): Promise<void> {
  const run = { ...done, createdAt: AT, finishedAt: null, warnings: [] }
  const error = {
    code: 'engine/died',
    message: 'The screening engine stopped unexpectedly. Nothing of the run was kept.',
  }
  await tell(page, { ...done, createdAt: AT, finishedAt: AT })
  await tell(page, { ...run, id: 'staged-failed', status: 'failed', error, finishedAt: AT })
  await tell(page, { ...run, id: 'staged-waiting', status: 'queued', progress: null })
  const progress = { stage: 'inference', done: 12, total: 96, secondsLeft: 130 } as const
  await tell(page, { ...run, id: 'staged-running', status: 'running', progress })
}

/** The window loses the program, and does not find it again until `reconnect`. */
export async function disconnect(page: Page): Promise<void> {
  await page.route(EVENTS, (route) => route.abort())
  await page.evaluate(() => {
    const staged: Staged = window
    staged.heard!.dispatchEvent(new Event('error'))
  })
}

export async function reconnect(page: Page): Promise<void> {
  await page.unroute(EVENTS)
}

/** The window of somebody who has opened nothing yet. */
export async function stageEmptyLibrary(page: Page): Promise<void> {
  for (const name of ['library.list', 'runs.list'])
    await page.route(`**/api/call/${name}`, (route) => route.fulfill({ json: { ok: true, value: [] } }))
  await page.reload()
}

export async function endStage(page: Page): Promise<void> {
  await page.unrouteAll()
}
