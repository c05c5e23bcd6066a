import { expect, it } from 'vitest'
import { catchTyping } from '../../../../renderer/commands/catchTyping.ts'

type Told = Record<string, unknown> & { type: string }

/** As a window: those that capture hear first, and one that stops an event keeps it from the others. */
class FakeWindow {
  #listeners: { type: string; listener: (event: Event) => void; capture: boolean }[] = []

  addEventListener(type: string, listener: (event: Event) => void, capture = false) {
    this.#listeners.push({ type, listener, capture })
  }

  removeEventListener(type: string, listener: unknown) {
    this.#listeners = this.#listeners.filter((one) => one.type !== type || one.listener !== listener)
  }

  tell(told: Told) {
    let stopped = false
    const stop = () => {
      stopped = true
    }
    const event = { preventDefault() {}, stopImmediatePropagation: stop, ...told } as unknown as Event
    for (const capture of [true, false])
      for (const one of this.#listeners)
        if (!stopped && one.type === told.type && one.capture === capture) one.listener(event)
  }
}

/** The window of a field that was asked for and is not drawn yet; what reaches its commands. */
function asked() {
  const on = new FakeWindow()
  const field = {
    value: '',
    told: [] as string[],
    setRangeText(text: string) {
      this.value += text
    },
    dispatchEvent(event: Event) {
      this.told.push(`${event.type}: ${this.value}`)
      return true
    },
  }
  const bed = { isDrawn: false, isOpen: true, commands: [] as unknown[], field }
  catchTyping({
    field: () => (bed.isDrawn ? (field as unknown as HTMLInputElement) : null),
    isOpen: () => bed.isOpen,
    on: on as unknown as EventTarget,
  })
  on.addEventListener('keydown', (event) => bed.commands.push((event as KeyboardEvent).key))
  const press = (key: string, more = {}) => on.tell({ type: 'keydown', key, ...more })
  return { bed, press, focus: () => on.tell({ type: 'focusin', target: field }) }
}

it('what is typed before the field has the focus is in it then, and runs no command', () => {
  const { bed, press, focus } = asked()
  press('c')
  press('y')
  bed.isDrawn = true
  press('s')
  focus()
  expect(bed.field.told).toEqual(['input: cys'])
  expect(bed.commands).toEqual([])
  press('t')
  expect(bed.commands, 'the field has the focus: it takes its keys itself').toEqual(['t'])
})

it('shortcuts and Escape go where they went', () => {
  const { bed, press } = asked()
  press('Escape')
  press('z', { ctrlKey: true })
  expect(bed.commands).toEqual(['Escape', 'z'])
})

it('keys are commands again where the field was closed before it came', () => {
  const { bed, press } = asked()
  bed.isOpen = false
  press('y')
  press('j')
  expect(bed.commands).toEqual(['y', 'j'])
})
