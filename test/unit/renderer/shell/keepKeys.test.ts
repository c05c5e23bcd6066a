import { describe, expect, it } from 'vitest'
import { KeptKeys } from '../../../../renderer/commands/keepKeys.ts'

class FakeKey extends Event {
  readonly key: string
  constructor(type: string, { key, bubbles = true, cancelable = true }: KeyboardEventInit) {
    super(type, { bubbles, cancelable })
    this.key = key ?? ''
  }
}
Object.assign(globalThis, { KeyboardEvent: FakeKey })

/** Something that can have the focus; writes down the keys that it hears. */
class FakeElement extends EventTarget {
  readonly tagName: string
  readonly heard: string[] = []
  type = 'text'
  value = ''
  clicks = 0
  form: { querySelector: () => FakeElement } | null = null
  constructor(tagName: string) {
    super()
    this.tagName = tagName
    this.addEventListener('keydown', (event) => this.heard.push((event as KeyboardEvent).key))
    this.addEventListener('input', () => this.heard.push(`= ${this.value}`))
  }
  get selectionStart() {
    return this.value.length
  }
  get selectionEnd() {
    return this.value.length
  }
  setRangeText(text: string, start: number, end: number) {
    this.value = this.value.slice(0, start) + text + this.value.slice(end)
  }
  click() {
    this.clicks++
  }
}

/** A window in which something was opened that does not have the focus yet. */
function opened(tagName = 'INPUT') {
  const field = new FakeElement(tagName)
  const bed = {
    field,
    isAwaited: true,
    focused: field,
    timers: [] as (() => void)[],
    commands: [] as string[],
  }
  const keys = new KeptKeys({
    isAwaited: () => bed.isAwaited,
    focused: () => bed.focused as unknown as HTMLElement,
    later: (work) => bed.timers.push(work),
  })
  const press = (key: string, more = {}) => {
    const event = Object.assign(new FakeKey('keydown', { key }), more)
    keys.down(event as unknown as KeyboardEvent)
    if (!event.defaultPrevented) bed.commands.push(key)
  }
  const settle = () => {
    for (let i = 0; i < 1000 && bed.timers.length > 0; i++) bed.timers.shift()!()
  }
  /** The focus comes, and all that was waiting for it. */
  const focus = () => {
    bed.isAwaited = false
    settle()
  }
  return { bed, press, focus, settle }
}

describe('keys pressed before what was opened has the focus', () => {
  it('are pressed on it then, in their order: letters, arrow keys, Enter', () => {
    const { bed, press, focus } = opened()
    for (const key of ['c', 'y', 'z', 'Backspace', 'ArrowDown', 'Enter']) press(key)
    expect([bed.field.heard, bed.commands]).toEqual([[], []])
    focus()
    expect(bed.field.value).toBe('cy')
    expect(bed.field.heard.filter((one) => !one.startsWith('='))).toEqual([
      ...['c', 'y', 'z', 'Backspace', 'ArrowDown', 'Enter'],
    ])
    expect(bed.commands).toEqual([])
    press('t')
    expect(bed.commands, 'it has the focus: it takes its keys itself').toEqual(['t'])
  })

  it('press a button that they find, or send the form of a field', () => {
    const button = opened('BUTTON')
    button.press('Enter')
    button.focus()
    expect(button.bed.field.clicks).toBe(1)
    const field = opened()
    const submit = new FakeElement('BUTTON')
    field.bed.field.form = { querySelector: () => submit }
    field.press('Enter')
    field.focus()
    expect(submit.clicks).toBe(1)
  })

  it('do nothing of their own where what has the focus took them', () => {
    const { bed, press, focus } = opened('BUTTON')
    bed.field.addEventListener('keydown', (event) => event.preventDefault())
    press('Enter')
    focus()
    expect(bed.field.clicks).toBe(0)
  })

  it('go on to what the one before them opened or left', () => {
    const { bed, press, focus } = opened()
    const list = new FakeElement('DIV')
    bed.field.addEventListener('keydown', (event) => {
      if ((event as KeyboardEvent).key === 'Enter') bed.focused = list
    })
    press('Enter')
    press('y')
    focus()
    expect([bed.field.heard, list.heard]).toEqual([['Enter'], ['y']])
  })

  it('wait behind those that came before', () => {
    const { bed, press, focus } = opened()
    press('a')
    bed.isAwaited = false
    press('b')
    focus()
    expect(bed.field.value).toBe('ab')
  })

  it('are let go where the focus never comes', () => {
    const { bed, press, settle } = opened()
    bed.focused = new FakeElement('BODY')
    press('y')
    settle()
    expect(bed.focused.heard).toEqual(['y'])
  })

  it('go where they went if they are shortcuts or Escape', () => {
    const { bed, press } = opened()
    press('Escape')
    press('z', { ctrlKey: true })
    expect(bed.commands).toEqual(['Escape', 'z'])
  })
})
