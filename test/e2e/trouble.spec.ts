import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { changed, pane, picture } from './images.ts'
import { smallScan } from './screened.ts'
import { findings, goTo, openFolder, openSample } from './steps.ts'
import { expect, test } from './workstation.ts'

// A port of its own: the window that lost the host looks for it where it was.
test.use({ spec: 'trouble', port: 38_417 })
test.describe.configure({ mode: 'serial' })

test('a folder without any scan: a sentence, and the app goes on', async ({ page, host }) => {
  const folder = join(host.dataFolder, 'no scans')
  mkdirSync(folder)
  writeFileSync(join(folder, 'letter.txt'), 'Dear colleague')
  await openFolder(page, folder)
  const report = page.getByRole('dialog', { name: 'Nothing was added' })
  await expect(report).toContainText(/There is no DICOM image among the 1 file of /)
  await page.keyboard.press('Escape')
  await openSample(page)
})

test('a damaged file: it is named with what is wrong, and the app goes on', async ({ page, host }) => {
  const folder = join(host.dataFolder, 'damaged')
  mkdirSync(folder)
  const source = smallScan(host.dataFolder)
  const whole = readFileSync(join(source, readdirSync(source)[0]!))
  writeFileSync(join(folder, 'cut.dcm'), whole.subarray(0, whole.length / 2))
  await openFolder(page, folder)
  const report = page.getByRole('dialog', { name: 'Nothing was added' })
  await expect(report.getByRole('listitem').first()).toContainText(/: The image cut\.dcm is incomplete/)
  await page.keyboard.press('Escape')
  await expect(findings(page)).toBeVisible()
})

test('a second window of the same workstation is turned away, with a sentence', async ({ browser, host }) => {
  test.skip(!('address' in host), 'Electron has one window')
  const other = await (await browser.newContext()).newPage()
  // The address is good for one browser only.
  await other.goto((host as unknown as { address: string }).address)
  await expect(other.locator('body')).toContainText(/\w+ \w+ \w+ \w+/)
  await expect(other.getByRole('listbox', { name: 'Series' })).toBeHidden()
  await other.context().close()
})

test('a second tab of the same browser shows the same library, and follows it', async ({ page, host }) => {
  test.skip(!('address' in host), 'Electron has one window')
  await openSample(page)
  const tab = await page.context().newPage()
  await tab.goto(new URL('/', (host as unknown as { address: string }).address).href)
  await openSample(tab)
  await findings(tab).focus()
  await tab.keyboard.press('Home')
  await tab.keyboard.press('y')
  await expect(tab.getByText(/^1 of \d+ reviewed$/)).toBeVisible()
  await page.bringToFront()
  await expect(page.getByText(/^1 of \d+ reviewed$/)).toBeVisible()

  // A note being written stays where the other tab changes it, and says so.
  const note = (window: Page) => window.getByRole('textbox', { name: 'Note' })
  for (const window of [tab, page]) {
    await window.bringToFront()
    await findings(window).focus()
    await window.keyboard.press('Home')
  }
  await page.keyboard.press('n')
  await page.keyboard.type('seen here')
  await note(tab).fill('seen there')
  await note(tab).blur()
  await expect(page.getByText(/^Changed in another window meanwhile: “seen there”/)).toBeVisible()
  await expect(page.getByText('#1 was changed there.')).toBeVisible()
  await expect(note(page)).toHaveValue('seen here')
  await note(page).press('Control+Enter')
  await expect(note(tab)).toHaveValue('seen here')

  // A list of labels being edited follows the other tab, and keeps what is being typed.
  const editor = page.getByRole('dialog', { name: 'Labels' })
  await page.keyboard.press('Control+k')
  await page.getByPlaceholder('Commands, series, findings').fill('edit the list of labels')
  await page.getByRole('dialog').getByText('Edit the list of labels').click()
  await editor.getByRole('textbox', { name: 'Label 1: Label' }).fill('Typed here')
  await findings(tab).focus()
  await tab.keyboard.press('t')
  await tab.keyboard.type('Added there')
  await tab.getByRole('option', { name: 'Add “Added there” to the list' }).click()
  await expect(editor.getByText(/^The list was changed in another window meanwhile/)).toBeVisible()
  await expect(editor.getByRole('textbox', { name: /^Label \d+: Label$/ }).last()).toHaveValue('Added there')
  await expect(editor.getByRole('textbox', { name: 'Label 1: Label' })).toHaveValue('Typed here')
  await page.keyboard.press('Escape')

  // A measurement, and the end of the review.
  await page.keyboard.press('Escape')
  const before = await picture(page, 'Axial')
  await tab.bringToFront()
  await tab.keyboard.press('q')
  const box = (await pane(tab, 'Axial').boundingBox())!
  await tab.mouse.move(box.x + 0.3 * box.width, box.y + 0.3 * box.height)
  await tab.mouse.down()
  await tab.mouse.move(box.x + 0.7 * box.width, box.y + 0.6 * box.height, { steps: 5 })
  await tab.mouse.up()
  await page.bringToFront()
  const measured = await changed(page, 'Axial', before, 0.0005)
  await tab.keyboard.press('Delete')
  await changed(page, 'Axial', measured, 0.0005)
  await tab.getByRole('button', { name: 'Finish review' }).click()
  await tab.getByRole('button', { name: 'Finish anyway' }).click()
  await expect(page.getByText('The review of this result was finished there.')).toBeVisible()
  await page.getByRole('button', { name: 'Reopen' }).click()
  await expect(tab.getByRole('button', { name: 'Finish review' })).toBeVisible()

  // A series that the other tab removes leaves the screen, with a sentence.
  await page.bringToFront()
  await openFolder(page, smallScan(host.dataFolder))
  const title = page.getByTestId('series-title')
  await expect(title).not.toContainText('Procedural CT, seed 1')
  await expect(title).not.toBeEmpty()
  await tab.bringToFront()
  const small = tab.getByRole('listbox', { name: 'Series' }).getByRole('option').first()
  await small.click()
  await tab.keyboard.press('Delete')
  await tab.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await expect(page.getByText(/was removed from the library there, and is closed here/)).toBeVisible()
  await expect(title).toBeHidden()
  await tab.close()
  await page.bringToFront()
})

test('a lost connection: a strip says so, and what is on screen can still be read', async ({
  page,
  host,
}) => {
  await openSample(page)
  await host.kill()
  await expect(page.getByText(/^The connection to the program was lost/)).toBeVisible()
  const before = await picture(page, 'Axial')
  await pane(page, 'Axial').hover()
  await page.mouse.wheel(0, 120)
  await changed(page, 'Axial', before)
  await findings(page).focus()
  await page.keyboard.press('End')
  await page.keyboard.press('y')
  await expect(page.getByText('The change was not stored')).toBeVisible()
})

test('started again, the program goes on in the same window after the new address was opened', async ({
  page,
  host,
}) => {
  await host.start()
  const { address } = host as unknown as { address: string }
  // Another tab of the browser brings the new cookie.
  const tab = await page.context().newPage()
  await tab.goto(address)
  await tab.close()
  await expect(page.getByText(/^The connection to the program was lost/)).toBeHidden()
  await findings(page).focus()
  await page.keyboard.press('End')
  await page.keyboard.press('u')
  await expect(page.getByText(/^2 of \d+ reviewed$/)).toBeVisible()
})

test('what was typed wrong in the picker is said there', async ({ page, host }) => {
  await page.keyboard.press('Control+o')
  const picker = page.getByRole('dialog', { name: 'Open a folder' })
  await goTo(picker, join(host.dataFolder, 'not there'))
  await expect(picker.getByRole('alert')).toContainText('There is no file or folder')
  await page.keyboard.press('Escape')
})

test('a library that is gone: what it left stays, and a sentence says how much and where', async ({
  host,
}) => {
  await host.close()
  for (const name of readdirSync(host.dataFolder))
    if (name.startsWith('library.sqlite')) rmSync(join(host.dataFolder, name))
  const results = join(host.dataFolder, 'runs')
  const before = readdirSync(results)
  await host.start()
  const page = await host.page()
  await expect(page.getByText(`1 screening result (in ${results}) belongs to no library`)).toBeVisible()
  expect(readdirSync(results)).toEqual(before)
})
