import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, type Mock, vi } from 'vitest'
import { WINDOW_URL } from '../../../main/hosts/electron/address.ts'
import { type FakeWorkstation, fakeWorkstation } from './fakeWorkstation.ts'

/**
 * The desktop host as it starts, with Electron's modules replaced by ones that write down what is asked of them: its
 * program is not everywhere that the tests are.
 */

type Listener = (...args: never[]) => unknown

const electron = vi.hoisted(() => {
  /** What the host set up once, before the first test; Vitest forgets the calls of its own mocks between tests. */
  const recorder = () => {
    // biome-ignore lint/suspicious/noExplicitAny: Electron's handlers, called with what a test makes up
    const calls: any[][] = []
    return Object.assign((...args: unknown[]) => void calls.push(args), { calls })
  }
  const emitter = () => {
    const listeners = new Map<string, Listener[]>()
    const on = (name: string, listener: Listener) => {
      listeners.set(name, [...(listeners.get(name) ?? []), listener])
    }
    return {
      on,
      once: on,
      emit: (name: string, ...args: unknown[]) => {
        for (const listener of listeners.get(name) ?? []) listener(...(args as never[]))
      },
      count: (name: string) => listeners.get(name)?.length ?? 0,
    }
  }
  const sent: unknown[][] = []
  const locks: unknown[] = []
  const windows: { options: Record<string, unknown>; loaded: string[] }[] = []
  const contents = {
    ...emitter(),
    send: (...args: unknown[]) => sent.push(args),
    setWindowOpenHandler: recorder(),
    reload: vi.fn(),
  }
  class BrowserWindow {
    readonly webContents = contents
    readonly loaded: string[] = []
    readonly options: Record<string, unknown>
    readonly events = emitter()
    on = this.events.on
    once = this.events.on
    maximize = vi.fn()
    show = vi.fn()
    focus = vi.fn()
    restore = vi.fn()
    constructor(options: Record<string, unknown>) {
      this.options = options
      windows.push(this)
    }
    isDestroyed = () => false
    isMinimized = () => false
    isMaximized = () => true
    getNormalBounds = () => ({ x: 1, y: 2, width: 1200, height: 800 })
    async loadURL(url: string) {
      this.loaded.push(url)
    }
  }
  const ipc = new Map<string, Listener>()
  const session = {
    ...emitter(),
    protocol: { handle: recorder() },
    webRequest: { onBeforeRequest: recorder() },
    setPermissionRequestHandler: recorder(),
    setPermissionCheckHandler: recorder(),
    setDevicePermissionHandler: recorder(),
  }
  const paths: Record<string, string> = {}
  const app = {
    ...emitter(),
    isPackaged: true,
    enableSandbox: recorder(),
    requestSingleInstanceLock: (data: unknown) => locks.push(data) > 0,
    whenReady: async () => {},
    quit: vi.fn(),
    exit: vi.fn(),
    getAppPath: () => '/app',
    setPath: (name: string, path: string) => {
      // As Electron does.
      if (!existsSync(path)) throw new Error(`${path} does not exist`)
      paths[name] = path
    },
    getPath: (name: string) => paths[name],
  }
  return {
    app,
    sent,
    locks,
    windows,
    contents,
    ipc,
    session,
    BrowserWindow,
    protocol: { registerSchemesAsPrivileged: recorder() },
    dialog: {
      showMessageBox: vi.fn(async () => ({ response: 0 })),
      showOpenDialog: vi.fn(async () => ({ canceled: false, filePaths: ['/picked'] })),
      showErrorBox: vi.fn(),
    },
    menu: { template: [] as unknown[] },
  }
})

vi.mock('electron', () => ({
  app: electron.app,
  BrowserWindow: electron.BrowserWindow,
  dialog: electron.dialog,
  ipcMain: { handle: (channel: string, listener: Listener) => electron.ipc.set(channel, listener) },
  Menu: {
    buildFromTemplate: (template: unknown[]) => {
      electron.menu.template = template
    },
    setApplicationMenu: () => {},
  },
  protocol: electron.protocol,
  screen: {
    getPrimaryDisplay: () => ({ id: 1, workArea: { x: 0, y: 0, width: 1920, height: 1080 } }),
    getAllDisplays: () => [],
  },
  session: { defaultSession: electron.session },
  shell: { showItemInFolder: vi.fn() },
}))

const made = vi.hoisted(() => ({ options: undefined as unknown, workstation: undefined as unknown }))
vi.mock('../../../main/workstation/index.ts', () => ({
  createWorkstation: async (options: unknown) => {
    made.options = options
    return made.workstation
  },
}))

let folder: string
let workstation: FakeWorkstation
const opened: string[][] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'screener-electron-'))
  workstation = fakeWorkstation(folder, { 'labels.all': () => [] })
  workstation.openPaths = (paths) => opened.push(paths)
  workstation.close = vi.fn(async () => {})
  made.workstation = workstation
  const { argv } = process
  process.argv = ['screener', '--no-sandbox', '--data', folder, '/scans/first']
  // Where a packaged app keeps its models; undefined outside Electron.
  Object.assign(process, { resourcesPath: '/resources' })
  await import('../../../main/hosts/electron.ts')
  await vi.waitFor(() => expect(opened).toHaveLength(1))
  process.argv = argv
})

afterAll(() => rm(folder, { recursive: true }))

describe('the desktop host', () => {
  it('serves the window by its own scheme, as a secure origin', () => {
    expect(electron.protocol.registerSchemesAsPrivileged.calls[0][0]).toEqual([
      {
        scheme: 'workstation',
        privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true },
      },
    ])
    expect(electron.windows).toHaveLength(1)
    expect(electron.windows[0].loaded).toEqual([WINDOW_URL])
  })

  it('answers the scheme from the handler, and nothing for other hosts', async () => {
    const [[scheme, handle]] = electron.session.protocol.handle.calls
    expect(scheme).toBe('workstation')
    const voxels: Response = await handle(new Request('workstation://app/data/voxels'))
    expect(new Uint8Array(await voxels.arrayBuffer())).toEqual(new Uint8Array([1, 2, 3]))
    expect(voxels.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect((await handle(new Request('workstation://other/data/voxels'))).status).toBe(404)
    const call = new Request('workstation://app/api/call/labels.all', { method: 'POST', body: '{}' })
    expect((await handle(call)).status).toBe(404)
  })

  it('gives the window a sandbox, no Node, and one bridge', () => {
    expect(electron.app.enableSandbox.calls).toHaveLength(1)
    expect(electron.windows[0].options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
      devTools: false,
      preload: join('/app', 'dist', 'preload', 'bridge.cjs'),
    })
  })

  it('denies permissions, devices, downloads and every network', () => {
    const answer = vi.fn()
    electron.session.setPermissionRequestHandler.calls[0][0]({}, 'media', answer)
    expect(answer).toHaveBeenCalledWith(false)
    expect(electron.session.setPermissionCheckHandler.calls[0][0]({}, 'media')).toBe(false)
    expect(electron.session.setDevicePermissionHandler.calls[0][0]()).toBe(false)
    const download = { preventDefault: vi.fn() }
    electron.session.emit('will-download', download)
    expect(download.preventDefault).toHaveBeenCalled()
    const [[filter]] = electron.session.webRequest.onBeforeRequest.calls
    for (const [url, cancel] of [
      ['https://example.org/', true],
      ['file:///etc/passwd', true],
      [WINDOW_URL, false],
    ]) {
      filter({ url }, answer)
      expect(answer).toHaveBeenLastCalledWith({ cancel })
    }
  })

  it.each(['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview'])(
    'stays where it is: %s',
    (name) => {
      const event = { preventDefault: vi.fn() }
      electron.contents.emit(name, event)
      expect(event.preventDefault).toHaveBeenCalled()
    },
  )

  it('opens no other window', () => {
    const [[handler]] = electron.contents.setWindowOpenHandler.calls
    expect(handler({ url: 'https://example.org' })).toEqual({ action: 'deny' })
  })

  it('answers calls from its own window only', async () => {
    const call = electron.ipc.get('workstation:call') as (...args: unknown[]) => Promise<unknown>
    const senderFrame = { url: WINDOW_URL, parent: null }
    const own = { sender: electron.contents, senderFrame }
    expect(await call(own, 'labels.all', {})).toEqual({ ok: true, value: [] })
    await expect(call({ sender: {}, senderFrame }, 'labels.all', {})).rejects.toThrow('Refused')
    expect([...electron.ipc.keys()].sort()).toEqual(['workstation:call', 'workstation:drop'])
  })

  it('passes on every event and the commands of the menu', () => {
    workstation.emit('series.removed', { seriesId: '1' })
    expect(electron.sent.at(-1)).toEqual(['workstation:event', 'series.removed', { seriesId: '1' }])
    const file = electron.menu.template.find((item) => (item as { label: string }).label === 'File')
    ;(file as { submenu: { click: () => void }[] }).submenu[0].click()
    expect(electron.sent.at(-1)).toMatchObject([
      'workstation:event',
      'command.run',
      { id: expect.any(String) },
    ])
  })

  it('keeps the library where it was told to, takes the models that came with it, and lets the window look through no folder', () => {
    expect(made.options).toMatchObject({
      dataFolder: folder,
      roots: [],
      modelsFolder: join('/resources', 'models'),
      abilities: { host: 'electron', picker: 'native' },
    })
    expect(electron.app.getPath('userData')).toBe(join(folder, 'window'))
  })

  it('opens what it was started with, what the system hands over, and what a second start brings', () => {
    expect(opened).toEqual([['/scans/first']])
    const event = { preventDefault: vi.fn() }
    electron.app.emit('open-file', event, '/scans/file')
    electron.app.emit('second-instance', {}, [], '/', { paths: ['/scans/second'] })
    expect(opened.slice(1)).toEqual([['/scans/file'], ['/scans/second']])
    expect(electron.locks).toEqual([{ paths: ['/scans/first'] }])
  })

  it('has the system ask for files, and knows where the reader cancelled', async () => {
    const { pick } = (made.options as { abilities: { pick: (purpose: string) => Promise<unknown> } })
      .abilities
    expect(await pick('open-folder')).toEqual(['/picked'])
    electron.dialog.showOpenDialog.mockResolvedValueOnce({ canceled: true, filePaths: [] })
    expect(await pick('export-folder')).toBeNull()
  })

  it('says so when the window crashes, and opens it again', async () => {
    electron.contents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 11 })
    await vi.waitFor(() => expect(electron.contents.reload).toHaveBeenCalled())
    const [[, box]] = electron.dialog.showMessageBox.mock.calls as unknown as [[unknown, { message: string }]]
    expect(box.message).toBe('The window stopped working.')
  })

  it('remembers where the window was', async () => {
    const [window] = electron.windows as unknown as [{ events: { emit(name: string): void } }]
    window.events.emit('close')
    const stored = JSON.parse(await readFile(join(folder, 'window', 'window.json'), 'utf8'))
    expect(stored).toEqual({ bounds: { x: 1, y: 2, width: 1200, height: 800 }, maximized: true })
  })

  it('closes its window also where the disk cannot take where that was', async () => {
    const [window] = electron.windows as unknown as [{ events: { emit(name: string): void } }]
    await rm(join(folder, 'window', 'window.json'))
    await mkdir(join(folder, 'window', 'window.json'))
    expect(() => window.events.emit('close')).not.toThrow()
  })

  it('leaves a window that was closed alone, while it quits', () => {
    const [window] = electron.windows as unknown as [{ events: { emit(name: string): void }; focus: Mock }]
    window.events.emit('closed')
    window.focus.mockClear()
    const sent = electron.sent.length
    workstation.emit('series.removed', { seriesId: '1' })
    electron.app.emit('second-instance', {}, [], '/', { paths: [] })
    expect(electron.sent).toHaveLength(sent)
    expect(window.focus).not.toHaveBeenCalled()
  })

  it('closes the workstation before it quits', async () => {
    electron.app.quit.mockClear()
    const event = { preventDefault: vi.fn() }
    electron.app.emit('before-quit', event)
    expect(event.preventDefault).toHaveBeenCalledTimes(1)
    await vi.waitFor(() => expect(electron.app.quit).toHaveBeenCalled())
    expect(workstation.close).toHaveBeenCalledTimes(1)
    electron.app.emit('before-quit', event)
    expect(event.preventDefault).toHaveBeenCalledTimes(1)
  })
})
