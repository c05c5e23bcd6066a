import { join } from 'node:path'
import type { Page } from '@playwright/test'
import type { RunEntry } from '../../preload/records.ts'
import { endStage, stage, tell } from './staged.ts'
import { openSample } from './steps.ts'
import { expect, test } from './workstation.ts'

test.use({ spec: 'run-bar' })

const LONG_MODEL = 'Screener CT, abdomen and pelvis, contrast phases, second generation (validation)'
const LONG_DEVICE = 'The NVIDIA graphics card (TensorRT)'

/** What a run says while it waits, begins, and goes on; the time left where it is longest. */
const STATES: Record<string, [Partial<RunEntry>, RegExp]> = {
  queued: [{ status: 'queued', progress: null }, /^Waiting$/],
  starting: [{ status: 'running', progress: null }, /^Starting$/],
  reading: [
    {
      status: 'running',
      progress: { stage: 'scanning', done: 1234, total: 5000, secondsLeft: 4300 },
    },
    /^Looking through the files · file 1234 of 5000 · about 1 h 12 min left$/,
  ],
  running: [
    { status: 'running', progress: { stage: 'inference', done: 12, total: 196, secondsLeft: 1330 } },
    /^Tile 12 of 196 · about 22 min left$/,
  ],
}

/** Model and device with long names; what the bar shows of the one finished run. */
async function withLongNames(page: Page): Promise<RunEntry> {
  await stage(page)
  await page.route('**/api/call/models.list', async (route) => {
    const response = await route.fetch()
    const { value } = await response.json()
    await route.fulfill({
      response,
      json: { ok: true, value: value.map((model: object) => ({ ...model, title: LONG_MODEL })) },
    })
  })
  await page.route('**/api/call/devices.list', async (route) => {
    const response = await route.fetch()
    const { value } = await response.json()
    const named = value.map((device: object) => ({ ...device, label: LONG_DEVICE }))
    await route.fulfill({ response, json: { ok: true, value: named } })
  })
  await page.reload()
  await openSample(page)
  return page.evaluate(async () => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch('api/call/runs.list', { method: 'POST', headers, body: '{}' })
    return (await response.json()).value[0]
  })
}

for (const [width, height] of [
  [1366, 768],
  [2560, 1440],
] as const)
  test(`tile and time left are read whole at ${width} × ${height}`, async ({ page, host }) => {
    test.skip(!('address' in host), 'main’s part is played by the spec')
    await page.setViewportSize({ width, height })
    const done = await withLongNames(page)
    const words = page.getByTestId('run-words')
    const bar = page.getByRole('contentinfo')
    for (const [name, [change, told]] of Object.entries(STATES))
      await test.step(name, async () => {
        await tell(page, { ...done, id: 'staged', finishedAt: null, ...change })
        await tell(page, { ...done, id: 'waiting', finishedAt: null, status: 'queued', progress: null })
        await expect(words).toHaveText(told)
        const cut = await words.evaluate((span) => {
          const { left, right } = span.getBoundingClientRect()
          const beside = [...document.querySelectorAll('footer button, footer strong')]
          const covered = beside.some((one) => {
            const box = one.getBoundingClientRect()
            return box.left < right - 0.5 && box.right > left + 0.5
          })
          return { hidden: span.scrollWidth - span.clientWidth, covered, out: right > window.innerWidth }
        })
        expect(cut).toEqual({ hidden: 0, covered: false, out: false })
        if (process.env.PICTURES)
          await bar.screenshot({ path: join(process.env.PICTURES, `${width}-${name}.png`) })
        await expect(bar.getByText('Research use only — not for diagnosis')).toBeInViewport({ ratio: 1 })
        await expect(bar.getByRole('button', { name: 'Queue: 2 screenings' })).toBeInViewport({ ratio: 1 })
      })
    await endStage(page)
  })
