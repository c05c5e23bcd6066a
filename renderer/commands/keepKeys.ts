import { flushSync } from 'react-dom'
import { takesText } from '../shell/keyHandler.ts'

/** What takes the focus when it is drawn; a list that is no dialog says so by the attribute. */
const PLACES = '[role="dialog"], [role="menu"], [data-takes-focus]'

/** Keys that mean something to what will have the focus. The others, such as Escape and shortcuts, go where they went. */
const KEPT = /^(.|Enter|Backspace|Delete|Home|End|Arrow\w+|Page\w+)$/u

/** The focus comes by a timer of the first millisecond: after so many of ours, it never will. */
const MOST_WAITS = 250

interface Surroundings {
  /** Whether something was opened that will have the focus in a moment. */
  isAwaited: () => boolean
  /** What has the focus, or the body. */
  focused: () => HTMLElement
  /** Runs it when what was asked for before has run. */
  later: (work: () => void) => void
}

/**
 * Keeps the keys that a reader presses between the one that opens a dialog, a menu or a field and the moment that it has
 * the focus, and presses them then. Without it, letters would be taken for the keys that judge a finding, and Enter and
 * the arrow keys would be lost or go to what had the focus before.
 */
export class KeptKeys {
  readonly #around: Surroundings
  readonly #kept: KeyboardEvent[] = []
  #isPressing = false
  #waits = 0

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** Hears every key before all others. */
  down(event: KeyboardEvent): void {
    if (this.#isPressing || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return
    // Those that come while others are being pressed wait for their turn.
    if (!KEPT.test(event.key) || (this.#kept.length === 0 && !this.#around.isAwaited())) return
    event.preventDefault()
    event.stopImmediatePropagation()
    if (this.#kept.push(event) === 1) this.#next()
  }

  /** One at a time: what a key does may be drawn a moment after it, and the next one is meant for that. */
  #next(): void {
    this.#around.later(() => {
      if (this.#around.isAwaited() && ++this.#waits < MOST_WAITS) return this.#next()
      this.#waits = 0
      const event = this.#kept[0]!
      this.#isPressing = true
      press(event, this.#around.focused())
      this.#isPressing = false
      this.#kept.shift()
      if (this.#kept.length > 0) this.#next()
    })
  }
}

/** As if the key were pressed on it: a script's event does nothing of what the browser does by itself. */
function press(event: KeyboardEvent, target: HTMLElement): void {
  const { key } = event
  if (!target.dispatchEvent(new KeyboardEvent('keydown', event))) return
  const field = takesText(target) ? (target as HTMLInputElement | HTMLTextAreaElement) : undefined
  if (field && key.length === 1) write(field, field.selectionStart ?? 0, field.selectionEnd ?? 0, key)
  else if (field && key === 'Backspace') {
    const [start, end] = [field.selectionStart ?? 0, field.selectionEnd ?? 0]
    write(field, start === end ? Math.max(0, start - 1) : start, end, '')
  } else if (key === 'Enter' && field?.tagName === 'INPUT')
    field.form?.querySelector<HTMLElement>('[type="submit"]')?.click()
  else if ((key === 'Enter' || key === ' ') && /^(BUTTON|A|SUMMARY)$/.test(target.tagName)) target.click()
}

function write(
  field: HTMLInputElement | HTMLTextAreaElement,
  start: number,
  end: number,
  text: string,
): void {
  field.setRangeText(text, start, end, 'end')
  // React hears of it as of any typing.
  field.dispatchEvent(new Event('input', { bubbles: true }))
}

/** Keeps keys in this window until the returned function is called. */
export function keepKeys(): () => void {
  const arrived = new WeakSet<Element>()
  const isAwaited = () => {
    // What the last key opened is there by now, if it opens anything.
    flushSync(() => {})
    const place = [...document.querySelectorAll(PLACES)].at(-1)
    return place !== undefined && !arrived.has(place) && !place.contains(document.activeElement)
  }
  // One that had the focus and lost it, as with a button that is gone, is not waited for again.
  const onFocus = ({ target }: FocusEvent) => {
    for (const place of document.querySelectorAll(PLACES))
      if (place.contains(target as Node)) arrived.add(place)
  }
  const keys = new KeptKeys({
    isAwaited,
    focused: () => (document.activeElement ?? document.body) as HTMLElement,
    later: (work) => void setTimeout(work, 0),
  })
  const onKey = (event: KeyboardEvent) => keys.down(event)
  window.addEventListener('keydown', onKey, true)
  window.addEventListener('focusin', onFocus)
  return () => {
    window.removeEventListener('keydown', onKey, true)
    window.removeEventListener('focusin', onFocus)
  }
}
