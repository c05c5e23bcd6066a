import type { Page } from '@playwright/test'
import { coloured, pane, picture } from './images.ts'
import { countFindings, dragTo, findings, openSample } from './steps.ts'
import { expect, test } from './workstation.ts'

test.use({ spec: 'threshold' })

const SLIDER = 'Threshold: rarity among normal voxels'
const HISTOGRAM = 'Threshold on the histogram of anomaly levels'

const slider = (page: Page) => page.getByRole('slider', { name: SLIDER })
const valueText = (page: Page) => slider(page).getAttribute('aria-valuetext')
const heat = async (page: Page) => coloured(await picture(page, 'Axial'))
const reset = (page: Page) => page.getByRole('button', { name: /^Reset to 1 in 1,000/ }).click()

test.beforeEach(async ({ page }) => {
  await openSample(page)
  await page.keyboard.press('Escape')
  // In the slice of the first finding, with nothing coloured but the heat map and the outline.
  const texts = page.getByRole('button', { name: 'Texts on the images' })
  if ((await texts.getAttribute('aria-pressed')) === 'true') {
    await texts.click()
    await page.keyboard.press('Shift+C')
  }
  await findings(page).getByRole('option', { name: /^#1\b/ }).click()
  await reset(page)
  await expect(slider(page)).toHaveAttribute('aria-valuetext', /^1 in 1,000/)
})

test('keys move the threshold: pixels, list and words follow', async ({ page }) => {
  const [heatBefore, countBefore] = [await heat(page), await countFindings(page)]
  await page.keyboard.press('{')
  await expect(slider(page)).not.toHaveAttribute('aria-valuetext', /^1 in 1,000/)
  await expect.poll(() => countFindings(page)).toBeGreaterThan(countBefore)
  expect(await heat(page)).toBeGreaterThan(heatBefore)
  await page.keyboard.press('}')
  await expect.poll(() => countFindings(page)).toBe(countBefore)
  await expect.poll(() => heat(page)).toBe(heatBefore)
})

test('one step of a key is one step of the threshold', async ({ page }) => {
  const step = async () => Number(await slider(page).getAttribute('aria-valuenow'))
  const before = await step()
  await page.keyboard.press(']')
  expect(await step()).toBe(before + 1)
  await page.keyboard.press('[')
  await page.keyboard.press('[')
  expect(await step()).toBe(before - 1)
})

test('dragging on the histogram moves the threshold: pixels and list follow', async ({ page }) => {
  const [heatBefore, countBefore] = [await heat(page), await countFindings(page)]
  await dragTo(page, HISTOGRAM, 0.4, 0.7)
  await expect.poll(() => countFindings(page)).toBeLessThan(countBefore)
  const [heatHigh, valueHigh] = [await heat(page), await valueText(page)]
  expect(heatHigh).toBeLessThan(heatBefore)
  await dragTo(page, HISTOGRAM, 0.7, 0.25)
  await expect.poll(() => countFindings(page)).toBeGreaterThan(countBefore)
  expect(await heat(page)).toBeGreaterThan(heatBefore)
  expect(await valueText(page)).not.toBe(valueHigh)
})

test('dragging the slider moves the threshold: pixels and list follow', async ({ page }) => {
  const [heatBefore, countBefore] = [await heat(page), await countFindings(page)]
  const thumb = (await slider(page).boundingBox())!
  await page.mouse.move(thumb.x + thumb.width / 2, thumb.y + thumb.height / 2)
  await page.mouse.down()
  await page.mouse.move(thumb.x - 60, thumb.y + thumb.height / 2, { steps: 8 })
  await page.mouse.up()
  await expect.poll(() => countFindings(page)).toBeGreaterThan(countBefore)
  expect(await heat(page)).toBeGreaterThan(heatBefore)
})

test('the smallest finding that is listed can be raised', async ({ page }) => {
  const before = await countFindings(page)
  const smallest = page.getByRole('textbox', { name: 'Smallest finding' })
  await smallest.fill('2')
  await smallest.press('Enter')
  await expect.poll(() => countFindings(page)).toBeLessThan(before)
  for (const option of await findings(page).getByRole('option').all())
    expect(Number(/([\d.]+) mL/.exec((await option.textContent())!)![1])).toBeGreaterThanOrEqual(2)
  await smallest.fill('0.1')
  await smallest.press('Enter')
  await expect.poll(() => countFindings(page)).toBe(before)
})

test('holding H hides the heat map for as long, and the eye for longer', async ({ page }) => {
  const shown = await heat(page)
  await page.keyboard.down('h')
  const held = await heat(page)
  expect(held).toBeLessThan(shown)
  await page.keyboard.up('h')
  await expect.poll(() => heat(page)).toBe(shown)
  const eye = page.getByRole('button', { name: 'Show overlay' })
  await eye.click()
  await expect(eye).toHaveAttribute('aria-pressed', 'false')
  await expect.poll(() => heat(page)).toBe(held)
  await eye.click()
})

test('opacity, colour map and outline change how it is drawn', async ({ page }) => {
  const filled = await heat(page)
  await page.getByRole('button', { name: 'Look of the overlay' }).click()
  const look = page.getByRole('dialog', { name: 'Look of the overlay' })
  await look.getByRole('slider', { name: 'Opacity' }).press('Home')
  const clear = await heat(page)
  expect(clear).toBeLessThan(filled)
  await look.getByRole('slider', { name: 'Opacity' }).press('End')
  expect(await heat(page)).toBeGreaterThan(clear)
  const inferno = await picture(page, 'Axial')
  await look.getByRole('button', { name: /^Colour map/ }).click()
  await page.getByRole('option', { name: 'Viridis' }).click()
  expect((await picture(page, 'Axial')).data.equals(inferno.data)).toBe(false)
  const full = await heat(page)
  await look.getByText('Outline').click()
  expect(await heat(page)).toBeLessThan(full)
  await page.keyboard.press('Escape')
  await expect(look).toBeHidden()
  await pane(page, 'Axial').focus()
  await page.keyboard.press('o')
  await expect.poll(() => heat(page)).toBe(full)
})
