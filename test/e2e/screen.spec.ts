import type { Page } from '@playwright/test'
import { changed, pane, picture } from './images.ts'
import { smallScan } from './screened.ts'
import { findings, openFolder, openSample, SAMPLE, series } from './steps.ts'
import { expect, test } from './workstation.ts'

test.use({ spec: 'screen' })

const SMALL = /Procedural CT, seed 3/
const progress = (page: Page) => page.getByTestId('run-progress')
const screenButton = (page: Page) =>
  page.getByRole('contentinfo').getByRole('button', { name: /^Screen( \d|$)/ })

test('a run tells how far it is by tile, with the time left', async ({ page }) => {
  await openSample(page)
  await screenButton(page).click()
  await expect(progress(page)).toContainText(/tile \d+ of \d+ · (about \d+ (s|min)|a few seconds) left/)
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
  const list = page.getByRole('dialog', { name: 'Going on and waiting' })
  await list
    .getByRole('button', { name: /^Cancel the screening/ })
    .nth(1)
    .click()
  await expect(page.getByRole('button', { name: 'Queue: 1 screening' })).toBeVisible()
  await page.keyboard.press('Escape')
})

test('an engine that dies costs its run only: a sentence says so, and the next run works', async ({
  page,
  host,
}) => {
  await expect(progress(page)).toContainText(/tile \d+ of/)
  for (const pid of await host.children('inference/engine')) process.kill(pid, 'SIGKILL')
  await expect(page.getByText(/^The screening of “.*” failed$/)).toBeVisible()
  await expect(page.getByText(/The screening engine stopped unexpectedly/).first()).toBeVisible()
  await series(page, SMALL).click()
  await screenButton(page).click()
  await series(page, SMALL).dblclick()
  await expect(series(page, SMALL)).toContainText('Screened')
  await expect(page.getByRole('button', { name: /^Result of/ })).toBeVisible()
})

test('a failed run is told with its reason in the queue, and tried again to the end from there', async ({
  page,
}) => {
  await page.getByRole('button', { name: /^Queue: 0/ }).click()
  const list = page.getByRole('dialog', { name: 'Going on and waiting' })
  await expect(list.getByText(/The screening engine stopped unexpectedly/)).toBeVisible()
  await list
    .getByRole('button', { name: /^Try again to screen/ })
    .first()
    .click()
  await page.keyboard.press('Escape')
  await expect(progress(page)).toBeVisible()
  await openSampleAnew(page)
  await expect(progress(page)).toBeHidden({ timeout: 200_000 })
  await expect(findings(page).getByRole('option').first()).toBeVisible()
})

test('every finished run of a series can be opened again', async ({ page }) => {
  const history = page.getByRole('button', { name: /^Result of/ })
  await history.click()
  await expect(page.getByRole('menuitem').or(page.getByRole('menuitemradio'))).toHaveCount(2)
  await page.keyboard.press('Escape')
})

async function openSampleAnew(page: Page): Promise<void> {
  await series(page, SAMPLE).dblclick()
  await expect(page.getByTestId('series-title')).toContainText('seed 1')
}
