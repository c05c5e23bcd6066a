import { barriers } from './barriers.ts'
import { findings, openSample, SAMPLE, series } from './steps.ts'
import { expect, test } from './workstation.ts'

test.use({ spec: 'accessibility' })

const DIALOGS = [
  ['All keys', '?'],
  ['Export', 'Control+e'],
  ['Open a folder', 'Control+o'],
] as const

test('the library with a scan', async ({ page }) => {
  await expect(series(page, SAMPLE)).toBeVisible()
  await series(page, SAMPLE).click()
  expect(await barriers(page)).toEqual([])
})

test('the findings after screening', async ({ page }) => {
  await openSample(page)
  await findings(page).focus()
  await page.keyboard.press('Home')
  await expect(page.getByRole('region', { name: 'Selected finding' })).toBeVisible()
  expect(await barriers(page)).toEqual([])
})

for (const [name, key] of DIALOGS)
  test(`the dialog “${name}”`, async ({ page }) => {
    await openSample(page)
    await page.keyboard.press(key)
    await expect(page.getByRole('dialog', { name })).toBeVisible()
    await expect(page.getByRole('dialog', { name })).toHaveCSS('opacity', '1')
    expect(await barriers(page)).toEqual([])
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toBeHidden()
  })

for (const [name, item] of [
  ['About', 'About'],
  ['Tour, step 1 of 4', 'Tour in four steps'],
] as const)
  test(`the dialog “${name}”`, async ({ page }) => {
    await page.getByRole('button', { name: 'Help' }).click()
    await page.getByRole('menuitem', { name: item }).click()
    await expect(page.getByRole('dialog', { name })).toHaveCSS('opacity', '1')
    expect(await barriers(page)).toEqual([])
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toBeHidden()
  })

test('the preferences', async ({ page }) => {
  await page.getByRole('button', { name: 'Preferences' }).click()
  await expect(page.getByRole('dialog', { name: 'Preferences' })).toHaveCSS('opacity', '1')
  expect(await barriers(page)).toEqual([])
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
})

test('the command palette', async ({ page }) => {
  await page.keyboard.press('Control+k')
  const search = page.getByRole('textbox', { name: 'Commands, series, findings' })
  await expect(search).toBeFocused()
  expect(await barriers(page)).toEqual([])
  await page.keyboard.press('Escape')
  await expect(search).toBeHidden()
})

test('the drawing tools and the list of labels', async ({ page }) => {
  await openSample(page)
  await findings(page).focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('b')
  await expect(page.getByRole('region', { name: 'Outline' })).toBeVisible()
  await page.keyboard.press('t')
  await expect(page.getByRole('textbox', { name: 'Search labels' })).toBeFocused()
  expect(await barriers(page)).toEqual([])
  await page.keyboard.press('Escape')
})

test('the light theme', async ({ page }) => {
  await openSample(page)
  await findings(page).focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('Control+Shift+l')
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'light')
  expect(await barriers(page)).toEqual([])
  await page.keyboard.press('Control+Shift+l')
})

test('every part of the window is reached with F6 alone', async ({ page }) => {
  await openSample(page)
  const reached = new Set<string>()
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press('F6')
    const part = page.locator('[data-part]:focus-within')
    reached.add(await part.evaluate((element) => element.ariaLabel ?? element.tagName))
  }
  expect([...reached].sort()).toEqual(['FOOTER', 'Findings', 'Images', 'Library'])
})
