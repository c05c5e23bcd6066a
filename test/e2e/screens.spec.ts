import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { findings, openSample } from './steps.ts'
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

interface State {
  name: string
  show: (page: Page) => Promise<unknown>
  hide: (page: Page) => Promise<unknown>
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
      await page.keyboard.press('Control+k')
      // Not typed key by key: where frames take long, as they do here without a graphics card, keys get lost.
      const search = page.getByPlaceholder('Commands, series, findings')
      await search.fill('close the series')
      await page.getByRole('dialog').getByText('on screen').click()
      await expect(page.getByText('Open a scan to see its findings.')).toBeVisible()
    },
    hide: openSample,
  },
]

/** What is told of the run, of the machine and of where the data lie. */
const differing = (page: Page, dataFolder: string): Locator[] => [
  page.getByRole('button', { name: /^Result of/ }),
  page.getByText(dataFolder),
  page.getByText(/^\d+(\.\d+)? [KMG]B$/),
  page.getByText(/^(Node|Electron|Chrom\w+|ONNX.*) \d/),
]

for (const theme of ['dark', 'light'])
  for (const size of SIZES)
    test(`every state, ${theme}, ${size.width} × ${size.height}`, async ({ page, host }) => {
      test.skip(uiFont() !== FONT, `the baselines are written in ${FONT}, which is not this system's font`)
      await page.setViewportSize(size)
      await openSample(page)
      const html = page.locator('html')
      if ((await html.getAttribute('data-mantine-color-scheme')) !== theme)
        await page.keyboard.press('Control+Shift+l')
      await expect(html).toHaveAttribute('data-mantine-color-scheme', theme)
      for (const { name, show, hide } of STATES)
        await test.step(name, async () => {
          await show(page)
          await page.mouse.move(0, 0)
          if (size.width < 2000 || LARGE.includes(name))
            await expect.soft(page).toHaveScreenshot([`${theme}-${size.width}`, `${name}.png`], {
              mask: differing(page, host.dataFolder),
              maskColor: '#888',
              stylePath: join(import.meta.dirname, 'screens.css'),
              maxDiffPixelRatio: 0.02,
            })
          await hide(page)
        })
    })

/** What `system-ui` is here. */
function uiFont(): string {
  try {
    return execFileSync('fc-match', ['--format=%{family}', 'system-ui'], { encoding: 'utf8' })
  } catch {
    return ''
  }
}
