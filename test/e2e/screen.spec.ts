import type { Page } from '@playwright/test'
import { changed, pane, picture } from './images.ts'
import { smallScan } from './screened.ts'
import { openFolder, openSample, SAMPLE, series } from './steps.ts'
import { expect, test } from './workstation.ts'

test.use({ spec: 'screen' })
// One queue, from run to run.
test.describe.configure({ mode: 'serial' })

/** Loading the model takes its time on a busy machine. */
const FIRST_TILE = { timeout: 90_000 }
const SMALL = /Procedural CT, seed 3/
const queue = (page: Page) => page.getByRole('dialog', { name: /^Queue/ })
const progress = (page: Page) => page.getByTestId('run-progress')
const screenButton = (page: Page) =>
  page.getByRole('contentinfo').getByRole('button', { name: /^Screen( \d|$)/ })

test('a run tells how far it is by tile, with the time left', async ({ page }) => {
  await openSample(page)
  await screenButton(page).click()
  await expect(progress(page)).toContainText(
    /Tile \d+ of \d+ · (about \d+ (s|min)|a few seconds) left/,
    FIRST_TILE,
  )
  await expect(series(page, SAMPLE)).toContainText(/Screening \d+ %/)
})

test('reading goes on while it screens: another series opens and scrolls', async ({ page, host }) => {
  await openFolder(page, smallScan(host.dataFolder))
  await expect(page.getByTestId('series-title')).toContainText(SMALL)
  await expect(progress(page)).toContainText('seed 1')
  const before = await picture(page, 'Axial')
  await pane(page, 'Axial').hover()
  await page.mouse.wheel(0, 120)
  await changed(page, 'Axial', before)
})

test('cancel is said within a second, and keeps nothing', async ({ page }) => {
  await expect(progress(page)).toBeVisible()
  const start = Date.now()
  await page.getByRole('button', { name: /^Cancel the screening of Procedural CT, seed 1/ }).click()
  await expect(progress(page)).toBeHidden()
  expect(Date.now() - start).toBeLessThan(1000)
  await page.getByRole('button', { name: /^Queue: 0/ }).click()
  await expect(page.getByText('Cancelled. Nothing of it was kept.')).toBeVisible()
  await page.keyboard.press('Escape')
})

test('two series wait in a queue, and one that waits can be taken out', async ({ page }) => {
  await series(page, SAMPLE).click()
  await series(page, SMALL).click({ modifiers: ['Control'] })
  await page.getByRole('button', { name: 'Screen 2 series' }).click()
  await page.getByRole('button', { name: 'Queue: 2 screenings' }).click()
  await expect(page.getByText('Position 2 in the queue')).toBeVisible()
  const waiting = queue(page).getByRole('listitem').filter({ hasText: 'Position 2' })
  await waiting.getByRole('button', { name: /^Cancel the screening/ }).click()
  await expect(page.getByRole('button', { name: 'Queue: 1 screening' })).toBeVisible()
  await page.keyboard.press('Escape')
})

test('an engine that dies costs its run only, and a sentence says so', async ({ page, host }) => {
  await expect(progress(page)).toContainText(/Tile \d+ of/, FIRST_TILE)
  for (const pid of await host.children('inference/engine')) process.kill(pid, 'SIGKILL')
  await expect(page.getByText(/^The screening of “.*” failed$/)).toBeVisible()
  await expect(page.getByText(/The screening engine stopped unexpectedly/).first()).toBeVisible()
  await openSample(page)
})

test('a failed run is told with its reason in the queue; tried again from there it ends well', async ({
  page,
}) => {
  await page.getByRole('button', { name: /^Queue: 0/ }).click()
  const failed = queue(page)
    .getByRole('listitem')
    .filter({ hasText: 'The screening engine stopped unexpectedly' })
  await failed.getByRole('button', { name: /^Try again to screen/ }).click()
  await page.keyboard.press('Escape')
  await expect(progress(page)).toBeVisible()
  await expect(progress(page)).toBeHidden({ timeout: 200_000 })
  await expect(page.getByText(/“.*” is ready to be reviewed\./)).toBeVisible()
})

test('the finished runs of a series are listed, and the one on screen is marked', async ({ page }) => {
  await page.getByRole('button', { name: /^Result of/ }).click()
  await expect(page.getByRole('menuitemradio', { checked: true })).toContainText('Screener CT small')
  await page.keyboard.press('Escape')
})
