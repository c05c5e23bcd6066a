import { describe, expect, it, vi } from 'vitest'
import type { Command } from '../../../../renderer/commands/registry.ts'
import { keyCaps } from '../../../../renderer/help/keyWords.ts'
import { keyHandler } from '../../../../renderer/shell/keyHandler.ts'

/** As much of a focused element as the handler asks for. */
const element = (tagName: string, { type = '', role = null as string | null } = {}) =>
  ({ tagName, type, isContentEditable: false, getAttribute: () => role }) as unknown as EventTarget

const press = (key: string, change: Partial<KeyboardEvent> = {}) => ({
  key,
  code: `Key${key}`,
  preventDefault: vi.fn(),
  target: element('BODY'),
  ...change,
})
const asEvent = (event: ReturnType<typeof press>) => event as unknown as KeyboardEvent

const altGr = { getModifierState: (modifier: string) => modifier === 'AltGraph' }
const inMenu = Object.assign(element('BUTTON', { role: 'menuitem' }) as object, {
  closest: () => ({}),
}) as unknown as EventTarget

function setUp(command: Partial<Command>, { dialogOpen = false } = {}) {
  const run = vi.fn<() => void | Promise<void>>()
  const onError = vi.fn()
  const one: Command = { id: 'a.b', group: 'view', run, ...command }
  const handler = keyHandler({
    commands: () => new Map([[one.id, one]]),
    mac: false,
    dialogOpen: () => dialogOpen,
    onError,
  })
  return { run, onError, handler, down: (event: ReturnType<typeof press>) => handler.down(asEvent(event)) }
}

describe('a key', () => {
  it('runs its command, and nothing of the browser', () => {
    const { run, down } = setUp({ keys: ['Mod+p'] })
    const event = press('p', { ctrlKey: true })
    down(event)
    expect(run).toHaveBeenCalledOnce()
    expect(event.preventDefault).toHaveBeenCalled()
  })

  it('is left to a text that is typed, unless the command wants it even then', () => {
    const target = element('INPUT', { type: 'text' })
    const { run, down } = setUp({ keys: ['f'] })
    down(press('f', { target }))
    expect(run).not.toHaveBeenCalled()
    const palette = setUp({ keys: ['Mod+k'], whileTyping: true })
    palette.down(press('k', { ctrlKey: true, target }))
    expect(palette.run).toHaveBeenCalled()
  })

  it.each([
    ['Enter', 'Enter', element('BUTTON')],
    [' ', 'Space', element('BUTTON')],
    ['ArrowUp', 'ArrowUp', element('DIV', { role: 'slider' })],
    ['ArrowUp', 'ArrowUp', element('INPUT', { type: 'radio' })],
  ])('%j is left to the control that has the focus and takes it', (key, name, target) => {
    const { run, down } = setUp({ keys: [name] })
    down(press(key, { target }))
    expect(run).not.toHaveBeenCalled()
    down(press(key))
    expect(run).toHaveBeenCalledOnce()
  })

  it.each([
    [
      '[ typed with AltGr on Windows',
      '[',
      press('[', { code: 'Digit8', ctrlKey: true, altKey: true, ...altGr }),
    ],
    ['a Cyrillic letter where J is', 'j', press('о', { code: 'KeyJ' })],
    ['the key of 1 on a French keyboard', '1', press('&', { code: 'Digit1' })],
    ['Option and a letter on a Mac', 'Alt+h', press('˙', { code: 'KeyH', altKey: true })],
    ['a Latin letter that lies elsewhere', 'z', press('z', { code: 'KeyY' })],
  ])('is known by what it means on any keyboard: %s', (_what, key, event) => {
    const { run, down } = setUp({ keys: [key] })
    down(event)
    expect(run).toHaveBeenCalledOnce()
  })

  it.each([
    ['a character that AltGr types', 'q', press('@', { code: 'KeyQ', ...altGr })],
    ['a character that Shift types', '1', press('!', { code: 'Digit1', shiftKey: true })],
    ['another letter at its place', 'y', press('z', { code: 'KeyY' })],
    ['the key of the system', 'k', press('k', { metaKey: true })],
    ['a letter in a menu', 'f', press('f', { target: inMenu })],
  ])('is not taken for another: %s', (_what, key, event) => {
    const { run, down } = setUp({ keys: [key] })
    down(event)
    expect(run).not.toHaveBeenCalled()
  })

  it('that moves sideways is left to a slider, and not to a list', () => {
    const { run, down } = setUp({ keys: ['Shift+ArrowLeft'] })
    const on = (role: string) => press('ArrowLeft', { shiftKey: true, target: element('DIV', { role }) })
    down(on('slider'))
    expect(run).not.toHaveBeenCalled()
    down(on('listbox'))
    expect(run).toHaveBeenCalledOnce()
  })

  it('works on after a choice from a list, which shows itself as a text', () => {
    const { run, down } = setUp({ keys: ['j'] })
    const choice = element('INPUT', { type: 'text' }) as unknown as object
    down(press('j', { target: Object.assign(choice, { readOnly: true }) as unknown as EventTarget }))
    expect(run).toHaveBeenCalledOnce()
  })

  it('does nothing while a dialog is open, or where something took it already', () => {
    const behind = setUp({ keys: ['f'] }, { dialogOpen: true })
    behind.down(press('f'))
    expect(behind.run).not.toHaveBeenCalled()
    const taken = setUp({ keys: ['f'] })
    taken.down(press('f', { defaultPrevented: true }))
    expect(taken.run).not.toHaveBeenCalled()
  })

  it('does not run what makes no sense now', () => {
    const { run, down } = setUp({ keys: ['f'], enabled: () => false })
    down(press('f'))
    expect(run).not.toHaveBeenCalled()
  })

  it('that is held steps on, but judges only once', () => {
    const arrow = setUp({ keys: ['ArrowDown'] })
    const judge = setUp({ keys: ['y'] })
    for (const repeat of [false, true, true]) {
      arrow.down(press('ArrowDown', { repeat }))
      judge.down(press('y', { repeat }))
    }
    expect(arrow.run).toHaveBeenCalledTimes(3)
    expect(judge.run).toHaveBeenCalledTimes(1)
  })

  it('that is held is let go when it goes up, or the window loses the keyboard', () => {
    const release = vi.fn()
    const { handler, down } = setUp({ keys: ['h'], release })
    down(press('h'))
    // Shift went down meanwhile, so the key has another name.
    handler.up(asEvent(press('H', { code: 'Keyh' })))
    expect(release).toHaveBeenCalledTimes(1)
    down(press('h'))
    handler.blur()
    handler.blur()
    expect(release).toHaveBeenCalledTimes(2)
  })

  it('tells of a command that failed, at once or later', async () => {
    const later = setUp({ keys: ['f'], run: () => Promise.reject(new Error('no')) })
    later.down(press('f'))
    await vi.waitFor(() => expect(later.onError).toHaveBeenCalledOnce())
    const atOnce = setUp({
      keys: ['f'],
      run: () => {
        throw new Error('no')
      },
    })
    atOnce.down(press('f'))
    expect(atOnce.onError).toHaveBeenCalledOnce()
  })
})

describe('the caps of a key', () => {
  it.each([
    ['Mod+Shift+k', false, ['Ctrl', 'Shift', 'K']],
    ['Mod+Shift+k', true, ['⌘', '⇧', 'K']],
    ['+', false, ['+']],
    ['Mod++', false, ['Ctrl', '+']],
    ['ArrowUp', false, ['↑']],
  ])('of %s are shown, on a Mac: %j', (key, mac, caps) => expect(keyCaps(key, mac)).toEqual(caps))
})
