const FOCUSABLE =
  'button:not(:disabled), input:not(:disabled), select, textarea, a[href], [tabindex]:not([tabindex="-1"])'

/** Moves the focus to the next part of the window, or the one before, as F6 does in many programs. */
export function focusNextPart(by: 1 | -1): void {
  const parts = [...document.querySelectorAll<HTMLElement>('[data-part]')].filter(
    (part) => part.offsetWidth > 0,
  )
  const at = parts.findIndex((part) => part.contains(document.activeElement))
  const next = parts[(at + by + parts.length) % parts.length]
  const first = [...(next?.querySelectorAll<HTMLElement>(FOCUSABLE) ?? [])].find((one) => one.offsetWidth > 0)
  first?.focus()
}
