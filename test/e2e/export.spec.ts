import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { parseDicom } from '../../main/imaging/dicom/parse.ts'
import { readNifti } from '../../main/imaging/nifti/read.ts'
import { dciodvfyErrors, hasDciodvfy } from '../unit/exporting/judges.ts'
import { framesOf, items, parse } from '../unit/exporting/segReader.ts'
import { countFindings, findings, goTo, openSample } from './steps.ts'
import { expect, test } from './workstation.ts'

test.use({ spec: 'export' })
// One export, and what each of its files holds.
test.describe.configure({ mode: 'serial' })

const FORMATS = [
  'Findings mask (NIfTI)',
  'Anomaly level (NIfTI)',
  'Anomaly score (NIfTI)',
  'Segmentation (DICOM SEG)',
  'Table of findings (CSV)',
  'Findings and record (JSON)',
  'Key images (PNG)',
]
const CONFIRMED = 2

let folder = ''
let volumesMl: number[] = []
const file = (name: string) => join(folder, name)

test('all formats go into a new folder of the reader', async ({ page, host }) => {
  await openSample(page)
  const total = await countFindings(page)
  await page.keyboard.press('j')
  for (let i = 0; i < CONFIRMED; i++) await page.keyboard.press('y')
  await page.keyboard.press('f')
  await expect(page.getByText(`${CONFIRMED + 1} of ${total} reviewed`)).toBeVisible()
  volumesMl = await firstVolumes(page)

  await page.keyboard.press('Control+e')
  const dialog = page.getByRole('dialog', { name: 'Export' })
  for (const format of FORMATS) await dialog.getByRole('checkbox', { name: format }).check()
  await dialog.getByRole('radio', { name: `All (${total})` }).check()
  await dialog.getByRole('radio', { name: `Confirmed only (${CONFIRMED})` }).check()
  await dialog.getByRole('button', { name: 'Choose folder' }).click()
  await makeFolder(page, host.dataFolder, 'for the study')
  await expect(dialog.getByText('Into for the study')).toBeVisible()
  await dialog.getByRole('button', { name: `Export ${CONFIRMED} findings` }).click()

  await expect(dialog.getByText(`${CONFIRMED} findings exported`)).toBeVisible()
  folder = await dialog.getByText(host.dataFolder).innerText()
  const shown = await dialog.getByRole('table', { name: 'Files that were written' }).getByRole('row').count()
  expect(files(folder)).toHaveLength(shown)
  await dialog.getByRole('button', { name: 'Done' }).click()
})

test('the mask holds the confirmed findings and nothing else', async () => {
  const { volume } = await readNifti(file('mask.nii.gz'))
  expect(volume.dims).toEqual([256, 256, 160])
  const voxelMl = volume.spacing.reduce((product, mm) => product * mm, 1) / 1000
  const counts = [0, 0, 0, 0]
  for (const value of volume.voxels) counts[value]++
  expect(counts[3]).toBe(0)
  for (const [i, ml] of volumesMl.entries()) expect(counts[i + 1] * voxelMl).toBeCloseTo(ml, 1)
})

test('the level of every voxel is a percentile, highest in the findings', async () => {
  const [level, mask] = await Promise.all([readNifti(file('level.nii.gz')), readNifti(file('mask.nii.gz'))])
  let highest = 0
  let lowestInside = 100
  level.volume.voxels.forEach((value, i) => {
    highest = Math.max(highest, value)
    if (mask.volume.voxels[i] > 0) lowestInside = Math.min(lowestInside, value)
  })
  expect(highest).toBe(100)
  // Read back as whole numbers; the threshold is 99.9.
  expect(lowestInside).toBe(100)
  expect(existsSync(file('score.nii.gz'))).toBe(true)
})

test('the segmentation has a segment for each finding, with its voxels', async () => {
  const seg = parse(file('seg.dcm'))
  expect(items(seg, 'x00620002')).toHaveLength(CONFIRMED)
  const { volume } = await readNifti(file('mask.nii.gz'))
  for (let segment = 1; segment <= CONFIRMED; segment++) {
    const voxels = framesOf(seg)
      .filter((frame) => frame.segment === segment)
      .reduce((sum, frame) => sum + frame.set.length, 0)
    expect(voxels).toBe(volume.voxels.reduce((sum, value) => sum + Number(value === segment), 0))
  }
})

test('the segmentation is one by the standard', () => {
  test.skip(!hasDciodvfy(), 'dciodvfy (dicom3tools) is not installed')
  expect(dciodvfyErrors(file('seg.dcm'))).toEqual([])
})

test('the workstation itself reads the segmentation', () => {
  const dataset = parseDicom(readFileSync(file('seg.dcm')))
  expect(dataset.string('00080060')).toBe('SEG')
  expect(dataset.string('00100010')).toBe('Phantom^Seed 1')
})

test('the table has a row for each finding, with its state', () => {
  const rows = readFileSync(file('findings.csv'), 'utf8').trim().split(/\r?\n/)
  expect(rows).toHaveLength(1 + CONFIRMED)
  expect(rows[0]).toContain(',state,')
  for (const [i, row] of rows.slice(1).entries()) {
    expect(row).toContain(',confirmed,')
    expect(row).toMatch(new RegExp(`^${i + 1},`))
    expect(Number(row.split(',')[1])).toBeCloseTo(volumesMl[i]!, 1)
  }
})

test('the record says how the findings came about', () => {
  const json = 'export.json'
  const record = JSON.parse(readFileSync(file(json), 'utf8'))
  expect(JSON.stringify(record)).toContain('Screener CT small')
  expect(record.findings).toMatchObject({ total: CONFIRMED, byState: { confirmed: CONFIRMED } })
})

test('each finding has a key image', () => {
  const images = files(folder).filter((name) => name.endsWith('.png'))
  expect(images).toHaveLength(CONFIRMED)
  const sizes = images.map((name) => readFileSync(file(name)))
  for (const png of sizes) expect(png.subarray(1, 4).toString()).toBe('PNG')
  expect(sizes[0]!.equals(sizes[1]!)).toBe(false)
})

test('a second export does not write over the first', async ({ page, host }) => {
  const before = readFileSync(file('findings.csv'), 'utf8')
  await page.keyboard.press('Control+e')
  const dialog = page.getByRole('dialog', { name: 'Export' })
  for (const format of FORMATS)
    await dialog.getByRole('checkbox', { name: format }).setChecked(format.includes('CSV'))
  await dialog.getByRole('button', { name: `Export ${CONFIRMED} findings` }).click()
  await expect(dialog.getByText(`${CONFIRMED} findings exported`)).toBeVisible()
  expect(await dialog.getByText(host.dataFolder).innerText()).not.toBe(folder)
  await dialog.getByRole('button', { name: 'Done' }).click()
  expect(readFileSync(file('findings.csv'), 'utf8')).toBe(before)
})

const files = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))

async function firstVolumes(page: Page): Promise<number[]> {
  const options = await findings(page).getByRole('option').all()
  const texts = await Promise.all(options.slice(0, CONFIRMED).map((option) => option.textContent()))
  return texts.map((text) => Number(/([\d.]+) mL/.exec(text!)![1]))
}

async function makeFolder(page: Page, parent: string, name: string): Promise<void> {
  const picker = page.getByRole('dialog', { name: 'Where to export to' })
  await goTo(picker, parent)
  await expect(picker.getByRole('button', { name: /^Use “screener-e2e/ })).toBeVisible()
  await picker.getByRole('button', { name: 'New folder' }).click()
  await picker.getByRole('textbox', { name: 'Name of the new folder' }).fill(name)
  await picker.getByRole('button', { name: 'Create' }).click()
  await picker.getByRole('button', { name: `Use “${name}”` }).click()
}
