import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { SHARED } from './hosts.ts'
import { pane } from './images.ts'
import { goTo, openFolder, openSample, SAMPLE, series } from './steps.ts'
import { expect, test } from './workstation.ts'

test.use({ spec: 'library' })

const CHEST = join(SHARED, 'dicom/chest_lungdx_a0002')
const LIVER = join(SHARED, 'dicom/abdomen_crlm_1004')
const REPORT = join(SHARED, 'dicom/edge/sr_tid1500_dcmqi')
const NO_SCANS = 'the real scans of ../shared/data are not here'

const title = (page: Page) => page.getByTestId('series-title')

test('a real series opens by the folder picker', async ({ page }) => {
  test.skip(!existsSync(LIVER), NO_SCANS)
  await openFolder(page, LIVER)
  await expect(title(page)).not.toContainText('Procedural')
  await expect(series(page, /13 slices/).first()).toHaveAttribute('data-open')
  await expect(pane(page, 'Axial')).toBeVisible()
})

test('the folder picker is walked by keyboard', async ({ page }) => {
  test.skip(!existsSync(SHARED), NO_SCANS)
  await page.keyboard.press('Control+o')
  const picker = page.getByRole('dialog', { name: 'Open a folder' })
  await goTo(picker, SHARED)
  const entries = picker.getByRole('listbox', { name: 'Contents of the folder' })
  await expect(entries.getByRole('option', { name: 'dicom' })).toBeVisible()
  await entries.focus()
  await page.keyboard.type('d')
  await page.keyboard.press('Enter')
  await expect(entries.getByRole('option', { name: 'chest_lungdx_a0002' })).toBeVisible()
  await page.keyboard.press('Backspace')
  await expect(entries.getByRole('option', { name: 'dicom' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(picker).toBeHidden()
})

test('a folder outside the allowed ones is refused with a sentence', async ({ page }) => {
  await page.keyboard.press('Control+o')
  const picker = page.getByRole('dialog', { name: 'Open a folder' })
  await goTo(picker, '/etc')
  await expect(picker.getByRole('alert')).toContainText(/\w+ \w+/)
  await page.keyboard.press('Escape')
})

test('real files dropped on the window are handed over and open', async ({ page }) => {
  test.skip(!existsSync(CHEST), NO_SCANS)
  await openSample(page)
  await drop(page, CHEST)
  await expect(title(page)).not.toContainText(SAMPLE)
  await expect(pane(page, 'Axial')).toBeVisible()
})

test('the library is searched, and says so where nothing matches', async ({ page }) => {
  const search = page.getByRole('searchbox', { name: 'Search patient, study, date' })
  await page.keyboard.press('Control+f')
  await expect(search).toBeFocused()
  await page.keyboard.type('phantom')
  await expect(series(page, /./)).toHaveCount(1)
  await search.fill('nobody of this name')
  await expect(page.getByText('Nothing in the library matches “nobody of this name”.')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(series(page, SAMPLE)).toBeVisible()
})

test('the library is sorted by patient name and by what was added last', async ({ page }) => {
  test.skip(!existsSync(LIVER), NO_SCANS)
  const sortBy = async (name: string) => {
    await page.getByRole('button', { name: /^Sorted by/ }).click()
    await page.getByRole('menuitemradio', { name }).click()
  }
  const order = () =>
    series(page, /./).evaluateAll((options) =>
      [...options].sort((a, b) => a.ariaPosInSet!.localeCompare(b.ariaPosInSet!)).map((o) => o.textContent),
    )
  await sortBy('last added')
  const added = await order()
  await sortBy('patient name')
  expect(await order()).not.toEqual(added)
  await sortBy('last added')
  expect(await order()).toEqual(added)
})

test('what is no CT is not added, and the reason is said', async ({ page }) => {
  test.skip(!existsSync(REPORT), NO_SCANS)
  await openFolder(page, REPORT)
  const report = page.getByRole('dialog', { name: 'Nothing was added' })
  await expect(report.getByRole('listitem').first()).toContainText(/: \w+ .*\.$/)
  await page.keyboard.press('Escape')
  await expect(report).toBeHidden()
})

/** As from a file manager. */
async function drop(page: Page, folder: string): Promise<void> {
  const files = readdirSync(folder).map((name) => ({
    name,
    base64: readFileSync(join(folder, name)).toString('base64'),
  }))
  const transfer = await page.evaluateHandle(async (given) => {
    const made = new DataTransfer()
    for (const { name, base64 } of given)
      made.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name))
    return made
  }, files)
  const body = page.locator('body')
  await body.dispatchEvent('dragenter', { dataTransfer: transfer })
  await expect(page.getByText('Drop to open')).toBeVisible()
  await body.dispatchEvent('dragover', { dataTransfer: transfer })
  await body.dispatchEvent('drop', { dataTransfer: transfer })
  await expect(page.getByText('Drop to open')).toBeHidden()
}
