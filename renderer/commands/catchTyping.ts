/** A text field, as far as it is needed here. */
type Field = Pick<HTMLInputElement, 'value' | 'setRangeText' | 'dispatchEvent'>

interface Typing {
  /** The field that will have the focus; null while it is not drawn yet. */
  field: () => Field | null
  /** Whether it is still wanted. */
  isOpen: () => boolean
  /** Where keys and focus are heard; the window where absent. */
  on?: EventTarget
}

/**
 * Keeps what a reader types between the key that opens a field and the moment that the field has the focus, and puts it
 * in then. Without it, the letters of a search would be lost, or taken for the keys that judge a finding.
 */
export function catchTyping({ field, isOpen, on = window }: Typing): void {
  let typed = ''
  const end = () => {
    on.removeEventListener('keydown', onKey, true)
    on.removeEventListener('focusin', onFocus)
  }
  const onKey = (event: Event) => {
    if (!isOpen()) return end()
    const { key, isComposing, ctrlKey, altKey, metaKey } = event as KeyboardEvent
    if (isComposing || ctrlKey || altKey || metaKey || key.length !== 1) return
    event.preventDefault()
    event.stopImmediatePropagation()
    typed += key
  }
  const onFocus = ({ target }: Event) => {
    const there = field()
    if (!there || target !== (there as unknown)) return
    end()
    if (typed === '') return
    there.setRangeText(typed, there.value.length, there.value.length, 'end')
    // React hears of it as of any typing.
    there.dispatchEvent(new Event('input', { bubbles: true }))
  }
  // Before all others: it stands in for a field that has the focus.
  on.addEventListener('keydown', onKey, true)
  on.addEventListener('focusin', onFocus)
}
