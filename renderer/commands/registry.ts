import { create } from 'zustand'

/** Where a command is listed in the palette and under `?`. */
export type CommandGroup =
  | 'file'
  | 'view'
  | 'window'
  | 'overlay'
  | 'findings'
  | 'measure'
  | 'edit'
  | 'run'
  | 'help'

/** Something a reader can do from anywhere: by key, from the palette, from a native menu. */
export interface Command {
  /** Stable, such as `view.layout.grid`; the catalogue has its name under `command.<id>`. */
  id: string
  group: CommandGroup
  /**
   * Keys, each as `Mod+Shift+K`: Mod is Ctrl, or Cmd on macOS; single keys as KeyboardEvent.key has them, letters
   * in lower case (`f`, `?`, `ArrowUp`, `[`).
   */
  keys?: readonly string[]
  /**
   * Whether holding the key runs it again and again; where absent, only keys that step (arrows, page keys, + - [ ] , .)
   * do: a key held a moment too long must not judge the next finding too.
   */
  repeats?: boolean
  /** Works also while a text is being typed, as Mod+K does. */
  whileTyping?: boolean
  /** Whether it makes sense now; always where absent. */
  enabled?: () => boolean
  run: (event?: KeyboardEvent) => void | Promise<void>
  /** When the key goes up again, for what lasts only while it is held. */
  release?: () => void
}

interface RegistryState {
  commands: ReadonlyMap<string, Command>
}

export const useCommands = create<RegistryState>(() => ({ commands: new Map() }))

/**
 * Adds commands until the returned function is called; for useEffect. Two commands with one key, or one id, are a
 * mistake in the program and throw.
 */
export function registerCommands(added: readonly Command[]): () => void {
  const { commands } = useCommands.getState()
  const next = new Map(commands)
  const keys = new Map([...commands.values()].flatMap((c) => (c.keys ?? []).map((key) => [key, c.id])))
  for (const command of added) {
    if (next.has(command.id)) throw new Error(`two commands ${command.id}`)
    for (const key of command.keys ?? []) {
      if (keys.has(key)) throw new Error(`${command.id} and ${keys.get(key)} both have the key ${key}`)
      keys.set(key, command.id)
    }
    next.set(command.id, command)
  }
  useCommands.setState({ commands: next })
  return () => {
    const left = new Map(useCommands.getState().commands)
    for (const { id } of added) left.delete(id)
    useCommands.setState({ commands: left })
  }
}

/** Runs a command by its id, if there is one and it is enabled. */
export function runCommand(id: string): void {
  const command = useCommands.getState().commands.get(id)
  if (command && (command.enabled?.() ?? true)) void command.run()
}

/** `Mod+Shift+K` of a key press. */
export function keyOf(event: KeyboardEvent, mac: boolean): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  // A character that needs Shift to be typed at all (`?`) has it in its name already.
  const shift = event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key))
  return withModifiers(event, mac, shift, key === ' ' ? 'Space' : key)
}

/**
 * The same by where the key lies (on a US keyboard), for layouts that write something else on it: Cyrillic letters,
 * the digits of a French keyboard, what Option makes of a letter on a Mac. Undefined where the key says it itself.
 */
export function placeOf(event: KeyboardEvent, mac: boolean): string | undefined {
  const [, letter, digit] = /^(?:Key([A-Z])|Digit(\d))$/.exec(event.code) ?? []
  const says = /^[a-z0-9]$/i.test(event.key) || (event.key.length > 1 && event.key !== 'Dead')
  if (says || typesByAltGr(event) || (digit && event.shiftKey)) return undefined
  const key = letter?.toLowerCase() ?? digit
  return key && withModifiers(event, mac, event.shiftKey, key)
}

function withModifiers(event: KeyboardEvent, mac: boolean, shift: boolean, key: string): string {
  const own = typesByAltGr(event)
  const mod = !own && (mac ? event.metaKey : event.ctrlKey)
  const other = !own && (mac ? event.ctrlKey && 'Ctrl' : event.metaKey && 'Meta')
  return [other, mod && 'Mod', !own && event.altKey && 'Alt', shift && 'Shift', key].filter(Boolean).join('+')
}

/** AltGr types characters, such as brackets on a German keyboard; Windows tells it as Ctrl and Alt. */
function typesByAltGr(event: KeyboardEvent): boolean {
  return event.key.length === 1 && (event.getModifierState?.('AltGraph') ?? false)
}
