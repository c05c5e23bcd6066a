import { barriers } from './barriers.ts'
import { pane } from './images.ts'
import { SAMPLE, series } from './steps.ts'
import { expect, test } from './workstation.ts'

test.use({ spec: 'open', library: 'empty' })
// One first start, from step to step.
test.describe.configure({ mode: 'serial' })

test('the first start shows a tour of four steps, and offers the sample', async ({ page }) => {
  for (const step of [1, 2, 3]) {
    const tour = page.getByRole('dialog', { name: `Tour, step ${step} of 4` })
    await expect(tour).toBeVisible()
    await tour.getByRole('button', { name: 'Next' }).click()
  }
  await page.getByRole('dialog', { name: 'Tour, step 4 of 4' }).getByRole('button', { name: 'Start' }).click()
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(page.getByRole('button', { name: 'Open the sample CT' })).toBeVisible()
})

test('nothing on the first screen keeps anybody out', async ({ page }) => {
  expect(await barriers(page)).toEqual([])
})

test('the sample opens by one button, in three planes', async ({ page }) => {
  await page.getByRole('button', { name: 'Open the sample CT' }).click()
  await expect(series(page, SAMPLE)).toContainText('160 slices')
  for (const plane of ['Axial', 'Coronal', 'Sagittal'] as const) await expect(pane(page, plane)).toBeVisible()
  await expect(page.getByTestId('series-title')).toContainText('Procedural CT, seed 1')
  await expect(page.getByText('This scan has not been screened yet.')).toBeVisible()
})

test('the tour is not shown a second time', async ({ page }) => {
  await page.reload()
  await expect(series(page, SAMPLE)).toBeVisible()
  await expect(page.getByRole('dialog')).toBeHidden()
})
