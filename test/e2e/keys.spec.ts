import type { Page } from '@playwright/test'
import { findings, openSample, SAMPLE, series } from './steps.ts'
import { expect, test } from './workstation.ts'

test.use({ spec: 'keys' })

/** Keys pressed faster than the window can give what they open the focus: as on a slow machine, it takes its time. */
const SLOW_MS = 100

test.beforeEach(async ({ page }) => {
  await openSample(page)
  await page.evaluate((delay) => {
    const { focus } = HTMLElement.prototype
    HTMLElement.prototype.focus = function slowly(options) {
      const opened = this.closest('[role="dialog"], [role="menu"], [data-takes-focus]')
      if (opened && !opened.contains(document.activeElement))
        setTimeout(() => focus.call(this, options), delay)
      else focus.call(this, options)
    }
  }, SLOW_MS)
})

test.afterEach(async ({ page }) => {
  await page.reload()
})

const press = async (page: Page, ...keys: string[]) => {
  for (const key of keys) await page.keyboard.press(key)
}

test('arrow keys and Enter choose a label, and what follows judges the finding', async ({ page }) => {
  await findings(page).focus()
  await press(page, 'Home', 't', 'ArrowDown', 'ArrowDown', 'Enter')
  const first = findings(page).getByRole('option').first()
  await expect(first).toContainText('Mass')
  await press(page, 't', ...'cyst', 'ArrowDown', 'Enter', 'y')
  await expect(first).toContainText('Cyst')
  await expect(page.getByText(/^1 of \d+ reviewed$/)).toBeVisible()
})

test('a command is found and run', async ({ page }) => {
  await press(page, 'Control+k', ...'close the series', 'Enter')
  await expect(page.getByText('Open a scan to see its findings.')).toBeVisible()
})

test('Enter answers a question with the answer that has the focus, not the list behind it', async ({
  page,
}) => {
  await series(page, SAMPLE).click()
  await press(page, 'Delete', 'Enter')
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(series(page, SAMPLE)).toBeVisible()
})

test('a menu is walked', async ({ page }) => {
  await page.getByRole('button', { name: 'Help' }).focus()
  await press(page, 'Enter', 'ArrowDown', 'Enter')
  await expect(page.getByRole('dialog', { name: 'All keys' })).toBeVisible()
})
