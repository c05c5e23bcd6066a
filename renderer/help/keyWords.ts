import type { Command } from '../commands/registry.ts'
import { useCommands } from '../commands/registry.ts'
import { IS_MAC } from '../shell/platform.ts'

const NAMES: Readonly<Record<string, string>> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
  Escape: 'Esc',
  Delete: 'Del',
}

const MAC: Readonly<Record<string, string>> = { Mod: '⌘', Alt: '⌥', Shift: '⇧' }

/** What is written on the keys: `Mod+Shift+k` → `['Ctrl', 'Shift', 'K']`. */
export function keyCaps(key: string, mac: boolean): string[] {
  // `Mod++` is the plus key.
  const parts = key.endsWith('++')
    ? [...key.slice(0, -2).split('+'), '+']
    : key === '+'
      ? ['+']
      : key.split('+')
  return parts.map((part) => {
    if (mac && MAC[part]) return MAC[part]
    if (part === 'Mod') return 'Ctrl'
    return NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part)
  })
}

/** `Ctrl+Shift+K`, as menus and tooltips say it. */
export function keyText(key: string, mac: boolean): string {
  return keyCaps(key, mac).join(mac ? '' : '+')
}

/** The first key of a command, in words; undefined where it has none. */
export function keysOfCommand(id: string): string | undefined {
  const key = useCommands.getState().commands.get(id)?.keys?.[0]
  return key === undefined ? undefined : keyText(key, IS_MAC)
}

/** Groups in the order in which a reading goes. */
export const GROUPS = [
  'file',
  'run',
  'view',
  'overlay',
  'findings',
  'measure',
  'edit',
  'window',
  'help',
] as const satisfies readonly Command['group'][]
