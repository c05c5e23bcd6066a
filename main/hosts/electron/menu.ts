/**
 * The native menu as a table. An item either asks the window for one of its commands (renderer/commands) or is one of
 * Electron's own roles. The window's commands have their keys there, for both hosts; the menu only shows them.
 */

interface CommandItem {
  label: string
  command: string
  accelerator?: string
}
type Role =
  | 'about'
  | 'close'
  | 'copy'
  | 'cut'
  | 'front'
  | 'hide'
  | 'hideOthers'
  | 'minimize'
  | 'paste'
  | 'quit'
  | 'resetZoom'
  | 'selectAll'
  | 'togglefullscreen'
  | 'unhide'
  | 'zoom'
  | 'zoomIn'
  | 'zoomOut'
interface RoleItem {
  role: Role
}
type Item = CommandItem | RoleItem | '-'
interface Submenu {
  label: string
  items: Item[]
}

/** What Electron's Menu.buildFromTemplate takes, as far as this menu needs it. */
export interface MenuTemplateItem {
  label?: string
  type?: 'separator'
  role?: Role
  accelerator?: string
  registerAccelerator?: boolean
  click?: () => void
  submenu?: MenuTemplateItem[]
}

const command = (label: string, id: string, accelerator?: string): CommandItem =>
  accelerator ? { label, command: id, accelerator } : { label, command: id }

const FILE: Item[] = [
  command('Open Folder…', 'file.openFolder', 'CmdOrCtrl+O'),
  command('Open Files…', 'file.openFiles', 'CmdOrCtrl+Shift+O'),
  command('Open the Sample', 'file.sample'),
  '-',
  command('Export…', 'file.export', 'CmdOrCtrl+E'),
  command('Close the Series', 'file.close'),
]
// Cut, copy and paste are for notes and labels; undo is the window's own, for every action of the reader.
const EDIT: Item[] = [
  command('Undo', 'edit.undo', 'CmdOrCtrl+Z'),
  command('Redo', 'edit.redo', 'CmdOrCtrl+Shift+Z'),
  '-',
  { role: 'cut' },
  { role: 'copy' },
  { role: 'paste' },
  { role: 'selectAll' },
]
const VIEW: Item[] = [
  command('Command Palette…', 'help.palette', 'CmdOrCtrl+K'),
  '-',
  command('Library', 'window.library'),
  command('Findings', 'window.findings'),
  command('Light or Dark', 'window.theme'),
  '-',
  { role: 'zoomIn' },
  { role: 'zoomOut' },
  { role: 'resetZoom' },
  '-',
  { role: 'togglefullscreen' },
]
const SCREENING: Item[] = [
  command('Screen This Series', 'run.start', 'CmdOrCtrl+Enter'),
  command('Cancel the Run', 'run.cancel'),
]
const HELP: Item[] = [
  command('Keys', 'help.keys', '?'),
  command('Tour', 'help.tour'),
  command('Preferences', 'help.preferences'),
  '-',
  command('About Screener Workstation', 'help.about'),
]

/** The commands that the menu asks for; each must be one of the window's. */
export const MENU_COMMANDS: readonly string[] = [FILE, EDIT, VIEW, SCREENING, HELP]
  .flat()
  .flatMap((item) => (item !== '-' && 'command' in item ? [item.command] : []))

export function menuTemplate(mac: boolean, run: (command: string) => void): MenuTemplateItem[] {
  const submenus: Submenu[] = [
    ...(mac
      ? [
          {
            label: 'Screener Workstation',
            items: [
              command('About Screener Workstation', 'help.about'),
              '-',
              { role: 'hide' },
              { role: 'hideOthers' },
              { role: 'unhide' },
              '-',
              { role: 'quit' },
            ] satisfies Item[],
          },
        ]
      : []),
    { label: 'File', items: [...FILE, '-', { role: mac ? 'close' : 'quit' }] },
    { label: 'Edit', items: EDIT },
    { label: 'View', items: VIEW },
    { label: 'Screening', items: SCREENING },
    ...(mac
      ? [
          {
            label: 'Window',
            items: [{ role: 'minimize' }, { role: 'zoom' }, '-', { role: 'front' }] satisfies Item[],
          },
        ]
      : []),
    { label: 'Help', items: HELP },
  ]
  return submenus.map(({ label, items }) => ({ label, submenu: items.map((item) => entry(item, mac, run)) }))
}

function entry(item: Item, mac: boolean, run: (command: string) => void): MenuTemplateItem {
  if (item === '-') return { type: 'separator' }
  if ('role' in item) return { role: item.role }
  const { label, accelerator } = item
  return {
    label,
    click: () => run(item.command),
    // Shown, not taken: the window hears its keys itself and knows where a text is being typed. macOS takes all it shows.
    ...(accelerator && !mac ? { accelerator, registerAccelerator: false } : {}),
  }
}
