import { basename } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { pane } from './images.ts'
import { expect } from './workstation.ts'

/** What readers do in many specs. */

export const SAMPLE = /Procedural CT, seed 1/

export const series = (page: Page, name: RegExp | string) =>
  page.getByRole('listbox', { name: 'Series' }).getByRole('option', { name })

export const findings = (page: Page) => page.getByRole('listbox', { name: 'Findings' })

/** Findings in the list; more than are drawn, for only those in sight are in the document. */
export async function countFindings(page: Page): Promise<number> {
  const first = findings(page).getByRole('option').first()
  return Number(await first.getAttribute('aria-setsize'))
}

/** The sample with its result on screen. */
export async function openSample(page: Page): Promise<void> {
  if (await findings(page).isVisible()) return
  await series(page, SAMPLE).dblclick()
  await expect(pane(page, 'Axial')).toBeVisible()
  await expect(findings(page).getByRole('option').first()).toBeVisible()
}

/** In the window's own picker, by typing where the folder lies. */
export async function goTo(picker: Locator, path: string): Promise<void> {
  await expect(picker.getByRole('status')).toContainText(/\d+ entr/)
  await picker.getByRole('textbox', { name: 'Path' }).fill(path)
  await picker.getByRole('button', { name: 'Go' }).click()
}

export async function openFolder(page: Page, path: string): Promise<void> {
  await page.keyboard.press('Control+o')
  const picker = page.getByRole('dialog', { name: 'Open a folder' })
  await goTo(picker, path)
  await picker.getByRole('button', { name: `Use “${basename(path)}”` }).click()
  await expect(picker).toBeHidden()
}

/** A slider is given a place by the mouse: `part` of its width from the left, 0 to 1. */
export async function dragTo(page: Page, label: string, from: number, to: number): Promise<void> {
  const box = (await page.getByRole('slider', { name: label }).boundingBox())!
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + from * box.width, y)
  await page.mouse.down()
  await page.mouse.move(box.x + to * box.width, y, { steps: 8 })
  await page.mouse.up()
}
