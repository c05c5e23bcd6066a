import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  protocol,
  type Session,
  screen,
  session,
  shell,
} from 'electron'
import { WorkstationError } from '../errors.ts'
import { createWorkstation } from '../workstation/index.ts'
import type { Workstation } from '../workstation/types.ts'
import { isOwnUrl, isPermitted, mayLoad, SCHEME, WINDOW_URL } from './electron/address.ts'
import { ownArguments } from './electron/arguments.ts'
import { ipcHandlers } from './electron/ipc.ts'
import { menuTemplate } from './electron/menu.ts'
import { PICK } from './electron/pick.ts'
import { MIN_SIZE, openingState, storedState } from './electron/windowState.ts'
import { createHandler } from './handler.ts'
import { parseWindowOptions, type WindowOptions } from './windowOptions.ts'

/** The desktop: what Electron does for the workstation. Everything that can be decided without it is in electron/. */

const BACKGROUND = '#101214'

let window: BrowserWindow | undefined
/** Asked for by the system before there is a window. */
const waitingPaths: string[] = []
let openPaths = (paths: string[]): void => {
  waitingPaths.push(...paths)
}

protocol.registerSchemesAsPrivileged([
  { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
])
app.enableSandbox()
app.on('open-file', (event, path) => {
  event.preventDefault()
  openPaths([path])
})
app.on('window-all-closed', () => app.quit())

const options = readOptions()
if (options) {
  // Of its own for each library: the lock below is kept there, and one library has one window.
  const profile = join(options.dataFolder, 'window')
  mkdirSync(profile, { recursive: true })
  app.setPath('userData', profile)
  if (app.requestSingleInstanceLock({ paths: options.paths })) {
    app.on('second-instance', (_event, _argv, _folder, data) => {
      const { paths = [] } = data as { paths?: string[] }
      if (window?.isMinimized()) window.restore()
      window?.focus()
      if (paths.length > 0) openPaths(paths)
    })
    // Not awaited here: the app is not ready before this module is done.
    app
      .whenReady()
      .then(() => start(options))
      .catch(failToStart)
  } else app.quit()
}

function readOptions(): WindowOptions | undefined {
  try {
    const parsed = parseWindowOptions(ownArguments(process.argv, process.defaultApp === true))
    if (typeof parsed !== 'string') return parsed
    process.stdout.write(parsed)
  } catch (error) {
    if (!(error instanceof WorkstationError)) throw error
    console.error(error.message)
    process.exitCode = 2
  }
  app.exit(process.exitCode === 2 ? 2 : 0)
  return undefined
}

async function start({ dataFolder, paths }: WindowOptions): Promise<void> {
  const appFolder = app.getAppPath()
  const workstation = await createWorkstation({
    dataFolder,
    // Here the system's own dialogs choose; no folder is the window's to look through.
    roots: [],
    modelsFolder: join(app.isPackaged ? process.resourcesPath : appFolder, 'models'),
    abilities: {
      host: 'electron',
      picker: 'native',
      pick: async (purpose) => {
        const picked = window
          ? await dialog.showOpenDialog(window, PICK[purpose])
          : await dialog.showOpenDialog(PICK[purpose])
        return picked.canceled ? null : picked.filePaths
      },
      showInFolder: async (path) => shell.showItemInFolder(path),
    },
  })
  for (const { message } of workstation.notices) console.error(message)
  closeAtQuit(workstation)
  const handler = createHandler({
    workstation,
    windowFolder: join(appFolder, 'dist', 'renderer'),
    controlPlane: false,
  })
  const own = session.defaultSession
  own.protocol.handle(SCHEME, async (request) =>
    isOwnUrl(request.url) ? await handler.fetch(request) : new Response(null, { status: 404 }),
  )
  lockDown(own)
  for (const [channel, handle] of Object.entries(ipcHandlers(workstation, isWindow)))
    ipcMain.handle(channel, handle)
  const send = (name: string, payload: unknown) =>
    window?.webContents.send('workstation:event', name, payload)
  workstation.onAny(send)
  Menu.setApplicationMenu(
    Menu.buildFromTemplate(menuTemplate(process.platform === 'darwin', (id) => send('command.run', { id }))),
  )
  window = openWindow(join(appFolder, 'dist', 'preload', 'bridge.cjs'))
  await window.loadURL(WINDOW_URL)
  openPaths = (more) => workstation.openPaths(more)
  const first = [...paths, ...waitingPaths.splice(0)]
  if (first.length > 0) openPaths(first)
}

function isWindow(sender: unknown): boolean {
  return window !== undefined && !window.isDestroyed() && sender === window.webContents
}

function openWindow(preload: string): BrowserWindow {
  const file = join(app.getPath('userData'), 'window.json')
  const primary = screen.getPrimaryDisplay()
  const others = screen.getAllDisplays().filter((display) => display.id !== primary.id)
  const areas = [primary, ...others].map((display) => display.workArea)
  const { bounds, maximized } = openingState(readText(file), areas)
  const opened = new BrowserWindow({
    ...bounds,
    minWidth: MIN_SIZE.width,
    minHeight: MIN_SIZE.height,
    title: 'Screener Workstation',
    backgroundColor: BACKGROUND,
    show: false,
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      // It would fetch dictionaries.
      spellcheck: false,
      devTools: !app.isPackaged,
    },
  })
  if (maximized) opened.maximize()
  opened.once('ready-to-show', () => opened.show())
  opened.on('close', () => {
    const state = storedState({ bounds: opened.getNormalBounds(), maximized: opened.isMaximized() })
    try {
      writeFileSync(file, state)
    } catch {
      // A full disk: the window opens where it was before, which is no reason to keep it from closing.
    }
  })
  opened.on('closed', () => {
    // What runs still tells how it ends while the program quits, and a second start may come.
    window = undefined
  })
  const { webContents } = opened
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }))
  webContents.on('will-navigate', (event) => event.preventDefault())
  webContents.on('will-frame-navigate', (event) => event.preventDefault())
  webContents.on('will-redirect', (event) => event.preventDefault())
  webContents.on('will-attach-webview', (event) => event.preventDefault())
  webContents.on('render-process-gone', async (_event, { reason, exitCode }) => {
    if (reason === 'clean-exit') return
    const { response } = await dialog.showMessageBox(opened, {
      type: 'error',
      message: 'The window stopped working.',
      detail: `What you did before is saved. Screening goes on. (${reason}, ${exitCode})`,
      buttons: ['Open it again', 'Quit'],
    })
    if (response === 0) webContents.reload()
    else app.quit()
  })
  return opened
}

/** No permission of the web platform but one, no device, no download, and nothing from any network. */
function lockDown(own: Session): void {
  own.setPermissionRequestHandler((_contents, permission, answer) => answer(isPermitted(permission)))
  own.setPermissionCheckHandler((_contents, permission) => isPermitted(permission))
  own.setDevicePermissionHandler(() => false)
  own.on('will-download', (event) => event.preventDefault())
  own.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !mayLoad(url, !app.isPackaged) }))
}

function closeAtQuit(workstation: Workstation): void {
  let closed = false
  app.on('before-quit', (event) => {
    if (closed) return
    event.preventDefault()
    closed = true
    workstation.close().finally(() => app.quit())
  })
}

function failToStart(error: unknown): void {
  const known = error instanceof WorkstationError
  const detail = known ? error.detail : error instanceof Error ? error.stack : String(error)
  dialog.showErrorBox(known ? error.message : 'The workstation could not be started.', detail ?? '')
  app.exit(1)
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
