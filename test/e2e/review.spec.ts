import type { Page } from '@playwright/test'
import { coloured, pane, picture } from './images.ts'
import { countFindings, findings, openSample, SAMPLE, series } from './steps.ts'
import { expect, test } from './workstation.ts'

test.use({ spec: 'review' })
// What is said of the findings in one test is found again in the next.
test.describe.configure({ mode: 'serial' })

const selected = (page: Page) => findings(page).getByRole('option', { selected: true })
const count = (page: Page, reviewed: number, total: number) =>
  expect(page.getByText(`${reviewed} of ${total} reviewed`)).toBeVisible()

let total = 0

test('keys alone walk the findings: each state moves on to the next', async ({ page }) => {
  await openSample(page)
  total = await countFindings(page)
  const keys = ['y', 'f', 'u'] as const
  await page.keyboard.press('j')
  await expect(selected(page)).toContainText('#1')
  for (let i = 0; i < total - 1; i++) {
    await expect(selected(page)).toContainText(`#${i + 1}`)
    await page.keyboard.press(keys[i % 3]!)
    await count(page, i + 1, total)
  }
  await page.keyboard.press('y')
  await count(page, total, total)
})

test('j and k go to the neighbours, and the views with them', async ({ page }) => {
  await findings(page).focus()
  await page.keyboard.press('Home')
  await expect(selected(page)).toContainText('#1')
  const first = await picture(page, 'Axial')
  await page.keyboard.press('j')
  await expect(selected(page)).toContainText('#2')
  expect((await picture(page, 'Axial')).data.equals(first.data)).toBe(false)
  await page.keyboard.press('k')
  await expect(selected(page)).toContainText('#1')
  expect((await picture(page, 'Axial')).data.equals(first.data)).toBe(true)
})

test('states are shown in the list, and can be filtered and grouped', async ({ page }) => {
  await expect(selected(page)).toContainText('Confirmed')
  await page.getByRole('button', { name: 'Show states' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'False positive' }).click()
  await page.keyboard.press('Escape')
  await expect.poll(() => countFindings(page)).toBe(Math.floor(total / 3))
  for (const option of await findings(page).getByRole('option').all())
    await expect(option).toContainText('False positive')
  await page.getByRole('button', { name: 'Show states' }).click()
  await page.getByRole('menuitem', { name: 'All states' }).click()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Group by state' }).click()
  await expect(findings(page).getByText(/^Confirmed \(\d+\)$/)).toBeVisible()
  await page.getByRole('button', { name: 'Group by state' }).click()
})

test('undo and redo say by name what they do', async ({ page }) => {
  await findings(page).focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('0')
  await count(page, total - 1, total)
  await expect(page.getByRole('button', { name: 'Undo: Mark as unreviewed' })).toBeEnabled()
  await page.keyboard.press('Control+z')
  await count(page, total, total)
  await page.getByRole('button', { name: 'Redo: Mark as unreviewed' }).click()
  await count(page, total - 1, total)
  await page.getByRole('button', { name: 'Undo: Mark as unreviewed' }).click()
  await count(page, total, total)
})

test('a finding gets a label and a note by keyboard', async ({ page }) => {
  await findings(page).focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('t')
  await expect(page.getByRole('textbox', { name: 'Search labels' })).toBeFocused()
  await page.keyboard.type('cyst')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: /Label: .*cyst/i })).toBeVisible()
  await page.keyboard.press('n')
  await page.keyboard.type('Compare with the scan of last year')
  await page.keyboard.press('Control+Enter')
  await expect(page.getByRole('button', { name: 'Undo: Edit the note' })).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Note' })).toHaveValue('Compare with the scan of last year')
})

test('what is typed right after a key is in the field that the key opens', async ({ page }) => {
  await findings(page).focus()
  await page.keyboard.press('Home')
  await typeAtOnce(page, ['t', 'f', 'u', 'y'])
  await expect(page.getByRole('textbox', { name: 'Search labels' })).toHaveValue('fuy')
  await page.keyboard.press('Escape')
  await typeAtOnce(page, ['Control+k', 'f', 'u', 'y'])
  const palette = page.getByRole('textbox', { name: 'Commands, series, findings' })
  await expect(palette).toHaveValue('fuy')
  await page.keyboard.press('Escape')
  await expect(palette).toBeHidden()
  await findings(page).focus()
  await expect(selected(page), 'no letter was taken for a state').toContainText('Confirmed')
})

test('the reader draws a finding, erases of it, and interpolates between slices', async ({ page }) => {
  await page.keyboard.press('d')
  await expect(page.getByText('The next stroke draws a new finding.')).toBeVisible()
  await stroke(page, 0.4, 0.5)
  await expect(selected(page)).toContainText('Drawn')
  const volume = async () => Number(/([\d.]+) mL/.exec((await selected(page).textContent())!)![1])
  const drawn = await volume()
  await expect(page.getByRole('button', { name: 'Undo: Paint outline' })).toBeVisible()

  await pane(page, 'Axial').hover()
  await page.keyboard.press('PageDown')
  await stroke(page, 0.4, 0.5)
  await expect.poll(volume).toBeGreaterThan(drawn * 1.5)
  const twoSlices = await volume()
  await page.getByRole('button', { name: 'Interpolate', exact: true }).click()
  await expect.poll(volume).toBeGreaterThan(twoSlices * 2)
  const filled = await volume()

  await page.keyboard.press('x')
  await stroke(page, 0.38, 0.45)
  await expect.poll(volume).toBeLessThan(filled)
  await page.getByRole('button', { name: 'Undo last' }).click()
  await expect.poll(volume).toBe(filled)
  await page.getByRole('button', { name: 'Done', exact: true }).click()
  await page.keyboard.press('y')
  await count(page, total + 1, total + 1)
})

test('all of it is there after the window is loaded again', async ({ page }) => {
  const outlined = coloured(await picture(page, 'Axial'))
  expect(outlined).toBeGreaterThan(0)
  await page.reload()
  await openSample(page)
  await everything(page)
})

test('all of it is there after the program is started again', async ({ host }) => {
  await host.restart()
  const page = await host.page()
  await openSample(page)
  await everything(page)
})

test('the review is finished, and opened again', async ({ page }) => {
  await page.getByRole('button', { name: 'Finish review' }).click()
  await expect(page.getByText('Review finished')).toBeVisible()
  await expect(series(page, SAMPLE)).toContainText('Reviewed')
  await page.getByRole('button', { name: 'Reopen' }).click()
  await expect(series(page, SAMPLE)).toContainText('Screened')
})

/** What the tests before said and drew. */
async function everything(page: Page): Promise<void> {
  await count(page, total + 1, total + 1)
  await findings(page).focus()
  await page.keyboard.press('Home')
  await expect(selected(page)).toContainText('Confirmed')
  await expect(page.getByRole('button', { name: /Label: .*cyst/i })).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Note' })).toHaveValue('Compare with the scan of last year')
  await page.getByRole('textbox', { name: 'Filter by words' }).fill('drawn')
  await expect(findings(page).getByRole('option')).toHaveCount(1)
  await page.getByRole('button', { name: 'Clear the filter' }).click()
}

/** Faster than any reader: no frame is drawn between the keys. */
function typeAtOnce(page: Page, keys: readonly string[]): Promise<void> {
  return page.evaluate((all) => {
    for (const one of all) {
      const key = one.replace('Control+', '')
      const init = { key, ctrlKey: one !== key, bubbles: true, cancelable: true }
      ;(document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', init))
    }
  }, keys)
}

/** Along a line in the axial pane; parts of its width. */
async function stroke(page: Page, from: number, to: number): Promise<void> {
  const box = (await pane(page, 'Axial').boundingBox())!
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + from * box.width, y)
  await page.mouse.down()
  await page.mouse.move(box.x + to * box.width, y, { steps: 6 })
  await page.mouse.up()
}
