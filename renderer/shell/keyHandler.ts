import type { Command } from '../commands/registry.ts'
import { keyOf, placeOf } from '../commands/registry.ts'

export interface KeySurroundings {
  commands: () => ReadonlyMap<string, Command>
  /** Whether Mod is Cmd. */
  mac: boolean
  /** While a dialog is open its own keys are the only ones. */
  dialogOpen: () => boolean
  /** Hears what a command rejected with. */
  onError: (command: Command, thrown: unknown) => void
}

export interface KeyHandler {
  down(event: KeyboardEvent): void
  up(event: KeyboardEvent): void
  /** The window lost the keyboard: what was held is no longer. */
  blur(): void
}

/** Keys that step through something, so that holding them goes on stepping. */
const STEPPING = /(^|\+)(Arrow\w+|Page\w+|[+\-=[\],.<>])$/

/** Whether holding the key runs the command again and again. */
export function repeats(command: Command, key: string): boolean {
  return command.repeats ?? (!command.release && STEPPING.test(key))
}

/** Whether what has the focus takes texts. */
export function takesText(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null
  if (!element?.tagName) return false
  if (element.isContentEditable || element.tagName === 'TEXTAREA' || element.tagName === 'SELECT') return true
  if (element.tagName !== 'INPUT') return false
  const { type, readOnly } = element as HTMLInputElement
  // A choice from a list shows itself as a text that cannot be typed.
  return !readOnly && !/^(button|checkbox|radio|range|color|file|submit|reset)$/.test(type)
}

const PRESSED_BY = new Set(['Enter', 'Space'])
const MOVED_BY = /^(Shift\+)?(Arrow\w+|Page\w+|Home|End)$/
const SIDEWAYS = /Arrow(Left|Right)$/
const MOVING = new Set(['slider', 'separator', 'listbox', 'menu', 'menuitem', 'tab', 'radio', 'tree', 'grid'])

/** Whether the focused control itself does something with a key, as a button does with Enter. */
export function takesKey(target: EventTarget | null, key: string): boolean {
  const element = target as HTMLElement | null
  if (!element?.tagName) return false
  const role = element.getAttribute('role') ?? ''
  const type = element.tagName === 'INPUT' ? (element as HTMLInputElement).type : ''
  // A letter meant for a menu must not judge a finding behind it.
  if (key.length === 1 && element.closest?.('[role="menu"]')) return true
  const pressable = /^(BUTTON|A|SUMMARY|INPUT)$/.test(element.tagName) || role !== ''
  if (PRESSED_BY.has(key)) return pressable && role !== 'separator' && role !== 'application'
  if (role === 'listbox' && SIDEWAYS.test(key)) return false
  return MOVED_BY.test(key) && (MOVING.has(role) || type === 'range' || type === 'radio')
}

/** Runs commands by their keys; the caller listens on the window. */
export function keyHandler({ commands, mac, dialogOpen, onError }: KeySurroundings): KeyHandler {
  // By code, because the key that goes up has another name once Shift is up.
  const held = new Map<string, Command>()
  const letGo = (code: string) => {
    held.get(code)?.release?.()
    held.delete(code)
  }

  return {
    down(event) {
      if (event.defaultPrevented || event.isComposing) return
      const all = [...commands().values()]
      const byKey = (key: string | undefined) =>
        key === undefined ? undefined : all.find((one) => one.keys?.includes(key))
      const named = keyOf(event, mac)
      const command = byKey(named) ?? byKey(placeOf(event, mac))
      if (!command) return
      const key = command.keys?.includes(named) ? named : placeOf(event, mac)!
      if (dialogOpen() || (takesText(event.target) && !command.whileTyping)) return
      if (takesKey(event.target, key)) return
      // Else the browser would do something of its own with it, such as printing.
      event.preventDefault()
      if (event.repeat && !repeats(command, key)) return
      if (!(command.enabled?.() ?? true)) return
      if (command.release) held.set(event.code, command)
      try {
        Promise.resolve(command.run(event)).catch((thrown) => onError(command, thrown))
      } catch (thrown) {
        onError(command, thrown)
      }
    },
    up: (event) => letGo(event.code),
    blur: () => {
      for (const code of [...held.keys()]) letGo(code)
    },
  }
}
