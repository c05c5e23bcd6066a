import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import type { RunEntry } from '../../preload/records.ts'
import { type Host, ROOT } from './hosts.ts'
import { disconnect, endStage, reconnect, stage, stageEmptyLibrary, stageScreening } from './staged.ts'
import { findings, goTo, openSample, SAMPLE, series } from './steps.ts'
import { expect, test } from './workstation.ts'

test.use({ spec: 'screens' })

/** What every state of the screen looks like, but for the images: they differ with the graphics of the machine. */

const FONT = 'DejaVu Sans'
const SIZES = [
  { width: 1366, height: 768 },
  { width: 2560, height: 1440 },
]

/** States that are laid out in another way on a large screen; a dialog in the middle is the same there. */
const LARGE = ['findings', 'drawing', 'export', 'keys', 'nothing open']
/** States that another one follows on. */
const BEFORE_OTHERS = ['finding']

const leave = (page: Page) => page.keyboard.press('Escape')
const menu = async (page: Page, button: string, item: string) => {
  await page.getByRole('button', { name: button }).click()
  await page.getByRole('menuitem', { name: item }).click()
}
const select = async (page: Page) => {
  await findings(page).focus()
  await page.keyboard.press('Home')
  await expect(page.getByRole('region', { name: 'Selected finding' })).toBeVisible()
}

const MODEL_PICKER = 'Choose the folder or ZIP file of a model'
/** A folder to choose from, in which nothing differs from run to run. */
const pickable = ({ dataFolder }: Host) => join(dataFolder, 'pick')

function makePickable(host: Host): void {
  const folder = pickable(host)
  mkdirSync(join(host.dataFolder, 'exports'), { recursive: true })
  for (const name of ['CT thorax 2026-01-12', 'CT abdomen 2025-11-03'])
    mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'follow-up.nii.gz'), Buffer.alloc(81_920))
  cpSync(join(ROOT, 'test/golden/tinymodel'), join(folder, 'tinymodel'), { recursive: true })
  const day = new Date('2026-02-03T12:00:00Z')
  for (const name of ['CT thorax 2026-01-12', 'CT abdomen 2025-11-03', 'follow-up.nii.gz', 'tinymodel'])
    utimesSync(join(folder, name), day, day)
}

/** A call of the contract, as the window makes it. */
const ask = async <T>(page: Page, name: string, input: object): Promise<T> =>
  page.evaluate(
    async ([path, body]) => {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(path!, { method: 'POST', headers, body: body! })
      return (await response.json()).value
    },
    [`api/call/${name}`, JSON.stringify(input)],
  )

const palette = async (page: Page, words: string, choice: string) => {
  await page.keyboard.press('Control+k')
  // Not typed key by key: where frames take long, as they do here without a graphics card, keys get lost.
  await page.getByPlaceholder('Commands, series, findings').fill(words)
  await page.getByRole('dialog').getByText(choice).click()
}

interface State {
  name: string
  show: (page: Page, host: Host) => Promise<unknown>
  hide: (page: Page) => Promise<unknown>
  /** Pictured once, small and dark: made of what other states show in every look. */
  once?: true
  /** Main's part is played: a browser only. */
  staged?: true
}

const STATES: readonly State[] = [
  { name: 'tour', show: (page) => menu(page, 'Help', 'Tour in four steps'), hide: leave },
  { name: 'findings', show: async () => {}, hide: async () => {} },
  { name: 'finding', show: select, hide: async () => {} },
  {
    name: 'drawing',
    show: (page) => page.keyboard.press('Shift+B'),
    hide: (page) => page.keyboard.press('c'),
  },
  {
    name: 'four panes',
    show: (page) => page.keyboard.press('Alt+3'),
    hide: (page) => page.keyboard.press('Alt+2'),
  },
  {
    name: 'grouped',
    show: (page) => page.getByRole('button', { name: 'Group by state' }).click(),
    hide: (page) => page.getByRole('button', { name: 'Group by state' }).click(),
  },
  { name: 'labels', show: (page) => page.keyboard.press('t'), hide: leave },
  {
    name: 'look of the overlay',
    show: (page) => page.getByRole('button', { name: 'Look of the overlay' }).click(),
    hide: leave,
  },
  { name: 'export', show: (page) => page.keyboard.press('Control+e'), hide: leave },
  { name: 'keys', show: (page) => page.keyboard.press('?'), hide: leave },
  { name: 'palette', show: (page) => page.keyboard.press('Control+k'), hide: leave },
  {
    name: 'preferences',
    show: (page) => page.getByRole('button', { name: 'Preferences' }).click(),
    hide: leave,
  },
  { name: 'about', show: (page) => menu(page, 'Help', 'About'), hide: leave },
  { name: 'model', show: (page) => page.getByRole('button', { name: /^Model:/ }).click(), hide: leave },
  {
    name: 'nothing open',
    show: async (page) => {
      await palette(page, 'close the series', 'on screen')
      await expect(page.getByText('Open a scan to see its findings.')).toBeVisible()
    },
    hide: openSample,
  },
  {
    name: 'label editor',
    once: true,
    show: (page) => palette(page, 'edit the list of labels', 'Edit the list of labels'),
    hide: leave,
  },
  {
    name: 'remove',
    once: true,
    show: async (page) => {
      await series(page, SAMPLE).click()
      await page.keyboard.press('Delete')
      await expect(page.getByRole('dialog')).toBeVisible()
    },
    hide: leave,
  },
  {
    name: 'file picker',
    once: true,
    show: async (page, host) => {
      await page.keyboard.press('Control+o')
      const picker = page.getByRole('dialog', { name: 'Open a folder' })
      await goTo(picker, pickable(host))
      await picker.getByRole('option', { name: 'CT thorax' }).click()
    },
    hide: leave,
  },
  {
    name: 'model import',
    once: true,
    show: async (page, host) => {
      await page.getByRole('button', { name: /^Model:/ }).click()
      await page.getByRole('button', { name: 'Import a model …' }).click()
      const picker = page.getByRole('dialog', { name: MODEL_PICKER })
      await goTo(picker, pickable(host))
      await picker.getByRole('option', { name: 'tinymodel' }).click()
      await picker.getByRole('button', { name: 'Open what is chosen' }).click()
      await expect(page.getByRole('dialog', { name: 'Import a model' })).toContainText(
        'Nothing was copied yet',
      )
    },
    hide: leave,
  },
  {
    name: 'export result',
    once: true,
    staged: true,
    show: async (page) => {
      await page.keyboard.press('Control+e')
      const dialog = page.getByRole('dialog', { name: 'Export' })
      await dialog.getByRole('checkbox', { name: 'Key images (PNG)' }).uncheck()
      await dialog.getByRole('button', { name: /^Export( \d|$)/ }).click()
      await expect(dialog.getByText(/findings exported/)).toBeVisible()
    },
    hide: leave,
  },
  {
    name: 'screening',
    once: true,
    staged: true,
    show: async (page) => {
      const [done] = await ask<RunEntry[]>(page, 'runs.list', {})
      await stageScreening(page, done!)
      await expect(page.getByTestId('run-progress')).toContainText('Tile 12 of 96')
    },
    hide: async () => {},
  },
  {
    name: 'queue',
    once: true,
    staged: true,
    show: (page) => page.getByRole('button', { name: 'Queue: 2 screenings' }).click(),
    hide: leave,
  },
  {
    name: 'connection lost',
    once: true,
    staged: true,
    show: async (page) => {
      await disconnect(page)
      await expect(page.getByText(/^The connection to the program was lost/)).toBeVisible()
    },
    hide: reconnect,
  },
  {
    name: 'empty library',
    once: true,
    staged: true,
    show: async (page) => {
      await stageEmptyLibrary(page)
      await expect(page.getByText('Nothing here yet')).toBeVisible()
    },
    hide: endStage,
  },
]

/** What is told of the run, of the machine and of where the data lie. */
const differing = (page: Page, dataFolder: string): Locator[] => [
  page.getByRole('button', { name: /^Result of/ }),
  page.getByText(dataFolder),
  page.getByRole('textbox', { name: 'Path' }),
  page.getByRole('navigation', { name: 'Folders above' }),
  page.getByText(/^\d+(\.\d+)? [KMG]B$/),
  page.getByText(/^(Node|Electron|Chrom\w+|ONNX.*) \d/),
]

for (const theme of ['dark', 'light'])
  for (const size of SIZES)
    test(`every state, ${theme}, ${size.width} × ${size.height}`, async ({ page, host }) => {
      test.skip(uiFont() !== FONT, `the baselines are written in ${FONT}, which is not this system's font`)
      const inBrowser = 'address' in host
      makePickable(host)
      await ask(page, 'settings.set', { key: 'export.folder', value: join(host.dataFolder, 'exports') })
      await page.setViewportSize(size)
      await (inBrowser ? stage(page) : page.reload())
      await openSample(page)
      const html = page.locator('html')
      if ((await html.getAttribute('data-mantine-color-scheme')) !== theme)
        await page.keyboard.press('Control+Shift+l')
      await expect(html).toHaveAttribute('data-mantine-color-scheme', theme)
      const large = size.width > 2000
      for (const { name, show, hide, once, staged } of STATES) {
        if (staged && !inBrowser) continue
        const pictured = once ? !large && theme === 'dark' : !large || LARGE.includes(name)
        if (!pictured && !BEFORE_OTHERS.includes(name)) continue
        await test.step(name, async () => {
          await show(page, host)
          await page.mouse.move(0, 0)
          if (pictured)
            await expect.soft(page).toHaveScreenshot([`${theme}-${size.width}`, `${name}.png`], {
              mask: differing(page, host.dataFolder),
              maskColor: '#888',
              stylePath: join(import.meta.dirname, 'screens.css'),
              maxDiffPixelRatio: 0.02,
            })
          await hide(page)
        })
      }
    })

/** What `system-ui` is here. */
function uiFont(): string {
  try {
    return execFileSync('fc-match', ['--format=%{family}', 'system-ui'], { encoding: 'utf8' })
  } catch {
    return ''
  }
}
