import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { packZip } from '../unit/imaging/zipWriter.ts'
import { ROOT } from './hosts.ts'
import { goTo } from './steps.ts'
import { expect, test } from './workstation.ts'

test.use({ spec: 'models' })
// A model that one test brings, the next uses.
test.describe.configure({ mode: 'serial' })

/** A network of a few weights with its check tile, so that the proof takes no time. */
const TINY = join(ROOT, 'test/golden/tinymodel')
const TITLE = 'Hand-set network for tests'
const BUILT_IN = 'Screener CT small'

const importDialog = (page: Page) => page.getByRole('dialog', { name: 'Import a model' })
const choice = (page: Page, title: string) => page.getByRole('radio', { name: new RegExp(`^${title}`) })
const openMenu = (page: Page) => page.getByRole('button', { name: /^Model:/ }).click()

/** In the window's own picker: the package `name` of a folder. */
async function choosePackage(page: Page, folder: string, name: string): Promise<void> {
  await openMenu(page)
  await page.getByRole('button', { name: 'Import a model …' }).click()
  const picker = page.getByRole('dialog', { name: 'Choose the folder or ZIP file of a model' })
  await goTo(picker, folder)
  await picker.getByRole('option', { name }).click()
  await picker.getByRole('button', { name: 'Open what is chosen' }).click()
  await expect(picker).toBeHidden()
}

test.beforeAll(async ({ host }) => {
  const folder = join(host.dataFolder, 'packages')
  await mkdir(folder)
  await cp(TINY, join(folder, 'folder'), { recursive: true })
  const names = await readdir(TINY)
  const entries = await Promise.all(
    names.map(async (name) => ({ name, data: await readFile(join(TINY, name)) })),
  )
  await writeFile(join(folder, 'package.zip'), packZip(entries))
  // One byte of the network is another than its author's.
  const damaged = entries.map(({ name, data }) => {
    const bytes = Buffer.from(data)
    if (name === 'network.onnx') bytes[bytes.length - 1]! ^= 1
    return { name, data: bytes }
  })
  await writeFile(join(folder, 'damaged.zip'), packZip(damaged))
})

test('a package is shown with its licence and use before anything of it is kept', async ({ page, host }) => {
  await choosePackage(page, join(host.dataFolder, 'packages'), 'package.zip')
  const dialog = importDialog(page)
  await expect(dialog).toContainText('Nothing was copied yet')
  await expect(dialog).toContainText('Tests of the workstation only. It knows nothing of anatomy.')
  await expect(dialog).toContainText('MIT')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await openMenu(page)
  await expect(choice(page, BUILT_IN)).toBeVisible()
  await expect(choice(page, TITLE)).toBeHidden()
  await page.keyboard.press('Escape')
})

test('imported from a ZIP it proves itself, is listed, and a second import of it is refused', async ({
  page,
  host,
}) => {
  const folder = join(host.dataFolder, 'packages')
  await choosePackage(page, folder, 'package.zip')
  const dialog = importDialog(page)
  await dialog.getByRole('button', { name: 'Import', exact: true }).click()
  await expect(dialog).toContainText(`${TITLE} 1.0.0 is installed.`, { timeout: 60_000 })
  await dialog.getByRole('button', { name: 'Done' }).click()
  await choosePackage(page, folder, 'folder')
  await expect(dialog).toContainText('Version 1.0.0 of it is installed already.')
  await expect(dialog.getByRole('button', { name: 'Import', exact: true })).toBeHidden()
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await openMenu(page)
  await expect(choice(page, TITLE)).not.toBeChecked()
  await page.keyboard.press('Escape')
})

test('made the default it is the model that screens, now and after a restart', async ({ host }) => {
  let page = await host.page()
  await openMenu(page)
  await page.getByRole('button', { name: `Make ${TITLE} the default` }).click()
  await expect(choice(page, TITLE)).toBeChecked()
  await page.keyboard.press('Escape')
  await host.restart()
  page = await host.page()
  await expect(page.getByRole('button', { name: `Model: ${TITLE}` })).toBeVisible()
})

test('removed it is gone, and the model that comes with the program screens again', async ({ page }) => {
  await openMenu(page)
  await page.getByRole('button', { name: `Remove ${TITLE}` }).click()
  const question = page.getByRole('dialog', { name: 'Remove this model?' })
  await expect(question).toContainText(`${TITLE} 1.0.0 is deleted from this computer.`)
  await question.getByRole('button', { name: 'Remove the model' }).click()
  await expect(question).toBeHidden()
  await expect(page.getByRole('button', { name: `Model: ${BUILT_IN}` })).toBeVisible()
  await openMenu(page)
  await expect(choice(page, TITLE)).toBeHidden()
  await page.keyboard.press('Escape')
})

test('a package whose network was changed is refused with a sentence, and nothing of it is kept', async ({
  page,
  host,
}) => {
  await choosePackage(page, join(host.dataFolder, 'packages'), 'damaged.zip')
  const dialog = importDialog(page)
  await dialog.getByRole('button', { name: 'Import', exact: true }).click()
  await expect(dialog.getByRole('alert')).toContainText(/network\.onnx.*\.$/)
  await expect(dialog).toContainText('Nothing of it was kept.')
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await openMenu(page)
  await expect(choice(page, BUILT_IN)).toBeChecked()
  await expect(choice(page, TITLE)).toBeHidden()
  await page.keyboard.press('Escape')
})

test('a folder that is no model package is refused with a sentence', async ({ page, host }) => {
  const folder = join(host.dataFolder, 'packages', 'holiday')
  await mkdir(folder)
  await writeFile(join(folder, 'letter.txt'), 'Dear colleague')
  await choosePackage(page, join(host.dataFolder, 'packages'), 'holiday')
  await expect(importDialog(page).getByRole('alert')).toContainText(/model\.json|not a model package/)
  await page.keyboard.press('Escape')
  await rm(folder, { recursive: true })
})
