import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isOwnUrl, isPermitted, mayLoad, WINDOW_URL } from '../../../main/hosts/electron/address.ts'
import { ownArguments } from '../../../main/hosts/electron/arguments.ts'
import { type IpcEvent, ipcHandlers, isTrusted } from '../../../main/hosts/electron/ipc.ts'
import { MENU_COMMANDS, type MenuTemplateItem, menuTemplate } from '../../../main/hosts/electron/menu.ts'
import { openingState, storedState } from '../../../main/hosts/electron/windowState.ts'
import { fakeWorkstation } from './fakeWorkstation.ts'

describe('addresses', () => {
  it.each([WINDOW_URL, 'workstation://app/', 'workstation://app/data/series/1?x'])('%s is our own', (url) => {
    expect(isOwnUrl(url)).toBe(true)
    expect(mayLoad(url, false)).toBe(true)
  })

  it.each([
    'workstation://other/index.html',
    'workstation://app.evil.example/',
    'workstation:app/index.html',
    'https://app/index.html',
    'https://workstation.example/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'not a url',
    '',
  ])('%s is not', (url) => {
    expect(isOwnUrl(url)).toBe(false)
    expect(mayLoad(url, false)).toBe(false)
  })

  it('are of the window’s own blobs too, and of the developer tools only where there are any', () => {
    expect(mayLoad('blob:workstation://app/5b1c', false)).toBe(true)
    expect(mayLoad('blob:https://evil.example/5b1c', false)).toBe(false)
    expect(mayLoad('devtools://devtools/x.js', true)).toBe(true)
    expect(mayLoad('devtools://devtools/x.js', false)).toBe(false)
  })
})

it.each([
  ['clipboard-sanitized-write', true],
  ['clipboard-read', false],
  ['media', false],
  ['geolocation', false],
  ['notifications', false],
  ['hid', false],
  ['unknown', false],
])('permission %s: %s', (permission, granted) => {
  expect(isPermitted(permission)).toBe(granted)
})

describe('who may ask main', () => {
  const page = {}
  const isWindow = (sender: unknown) => sender === page
  const frame = { url: WINDOW_URL, parent: null }
  const trusted: IpcEvent = { sender: page, senderFrame: frame }
  const strangers: [string, IpcEvent][] = [
    ['another window', { sender: {}, senderFrame: frame }],
    ['a frame in the window', { sender: page, senderFrame: { url: WINDOW_URL, parent: frame } }],
    ['a page it was led to', { sender: page, senderFrame: { url: 'https://evil.example/', parent: null } }],
    ['a frame that is gone', { sender: page, senderFrame: null }],
  ]

  it('is the window’s own page', () => {
    expect(isTrusted(trusted, isWindow)).toBe(true)
  })

  it.each(strangers)('is not %s', async (_who, event) => {
    const workstation = fakeWorkstation('/nowhere')
    const handlers = ipcHandlers(workstation, isWindow)
    await expect(handlers['workstation:call'](event, 'labels.all', {})).rejects.toThrow('Refused')
    await expect(handlers['workstation:drop'](event, ['/etc'])).rejects.toThrow('Refused')
    expect(workstation.asked).toEqual([])
    expect(workstation.granted).toEqual([])
  })

  it('gets the answers that the web host gives, and the same refusals', async () => {
    const workstation = fakeWorkstation('/nowhere', { 'labels.all': () => [] })
    const call = ipcHandlers(workstation, isWindow)['workstation:call']
    expect(await call(trusted, 'labels.all', {})).toEqual({ ok: true, value: [] })
    expect(await call(trusted, 'constructor', {})).toMatchObject({ error: { code: 'usage/unknown-call' } })
    expect(await call(trusted, { name: 'labels.all' }, {})).toMatchObject({ ok: false })
    expect(await call(trusted, 'series.open', { seriesId: '' })).toMatchObject({
      ok: false,
      error: { code: 'usage/invalid-input', detail: expect.stringContaining('seriesId') },
    })
    expect(workstation.asked).toEqual([{ name: 'labels.all', input: {} }])
  })

  it('gets handles for what was dropped, by absolute paths only', async () => {
    const workstation = fakeWorkstation('/nowhere')
    const drop = ipcHandlers(workstation, isWindow)['workstation:drop']
    expect(await drop(trusted, ['/scans/1', '/scans/2'])).toHaveLength(2)
    expect(workstation.granted).toEqual(['/scans/1', '/scans/2'])
    await expect(drop(trusted, ['scans/3'])).rejects.toThrow()
    await expect(drop(trusted, 'x')).rejects.toThrow()
    expect(workstation.granted).toHaveLength(2)
  })
})

describe('the arguments meant for the workstation', () => {
  it('are what follows the program, without Chromium’s own', () => {
    const argv = [
      'screener',
      '--no-sandbox',
      '--ozone-platform=x11',
      '/scans/1',
      '--data',
      '/d',
      '--root=/r',
      '/scans/2',
    ]
    expect(ownArguments(argv, false)).toEqual(['/scans/1', '--data', '/d', '--root=/r', '/scans/2'])
  })

  it('are what follows the app’s folder where Electron runs it from there', () => {
    expect(ownArguments(['electron', '--inspect', '/work', '--web', '/scans'], true)).toEqual([
      '--web',
      '/scans',
    ])
  })

  it('may be names that look like options, after --', () => {
    expect(ownArguments(['electron', '/work', '--', '--odd', 'x'], true)).toEqual(['--', '--odd', 'x'])
  })
})

describe('the window opens', () => {
  const first = { x: 0, y: 25, width: 1920, height: 1055 }
  const second = { x: 1920, y: 0, width: 2560, height: 1440 }
  const state = (x: number, y: number) => ({ bounds: { x, y, width: 1200, height: 800 }, maximized: false })

  it('maximised on the first screen at the first start, and never larger than it', () => {
    expect(openingState(undefined, [first, second])).toEqual({
      bounds: { x: 160, y: 52, width: 1600, height: 1000 },
      maximized: true,
    })
    const small = { x: 0, y: 0, width: 1366, height: 728 }
    expect(openingState(undefined, [small]).bounds).toEqual(small)
  })

  it.each([
    ['on the first screen', 100, 100],
    ['on the second screen', 2200, 300],
    ['over the edge of a screen', -800, 100],
  ])('where it was left: %s', (_where, x, y) => {
    expect(openingState(storedState(state(x, y)), [first, second])).toEqual(state(x, y))
  })

  it.each([
    ['on a screen that is gone', 5000, 100],
    ['almost beside the screen', -1100, 100],
    ['with its title bar above the screen', 100, 0],
    ['with its title bar below the screen', 100, 1070],
  ])('in the middle if it was left %s', (_where, x, y) => {
    expect(openingState(storedState(state(x, y)), [first]).maximized).toBe(true)
  })

  it.each([
    '',
    'null',
    '{',
    '{"bounds":{"x":"0"}}',
    '{"bounds":{"x":0,"y":0,"width":-5,"height":5},"maximized":false}',
  ])('in the middle if what was stored is %j', (stored) => {
    expect(openingState(stored, [first]).maximized).toBe(true)
  })
})

describe('the native menu', () => {
  const items = (template: MenuTemplateItem[]): MenuTemplateItem[] =>
    template.flatMap((item) => [item, ...items(item.submenu ?? [])])

  it.each([true, false])('asks the window for its commands (mac: %s)', (mac) => {
    const asked: string[] = []
    const template = menuTemplate(mac, (id) => asked.push(id))
    for (const item of items(template)) item.click?.()
    expect(new Set(asked)).toEqual(new Set(MENU_COMMANDS))
  })

  it('asks for nothing that the window does not have', () => {
    const root = join(import.meta.dirname, '../../..')
    const sources = globSync('renderer/**/*.{ts,tsx}', { cwd: root })
    const ids = sources.flatMap((path) =>
      [...readFileSync(join(root, path), 'utf8').matchAll(/\bid: '([a-z]+\.\w+)'/g)].map(([, id]) => id),
    )
    expect(MENU_COMMANDS.filter((id) => !ids.includes(id))).toEqual([])
  })

  it('takes no key from the window, which hears them itself', () => {
    const withKeys = items(menuTemplate(false, () => {})).filter((item) => item.accelerator)
    expect(withKeys.length).toBeGreaterThan(0)
    expect(withKeys.every((item) => item.registerAccelerator === false)).toBe(true)
    // macOS takes every key that a menu shows.
    expect(items(menuTemplate(true, () => {})).filter((item) => item.accelerator)).toEqual([])
  })

  it('can always quit', () => {
    for (const mac of [true, false])
      expect(items(menuTemplate(mac, () => {})).some((item) => item.role === 'quit')).toBe(true)
  })
})
