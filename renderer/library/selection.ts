import { create } from 'zustand'

export interface SelectionState {
  /** The series chosen in the list, for what is done to several. */
  ids: ReadonlySet<string>
  /** Where the keyboard is. */
  activeId: string | null
  /** Where a range began. */
  anchorId: string | null
}

export const useSelection = create<SelectionState>(() => ({ ids: new Set(), activeId: null, anchorId: null }))

export type SelectMode = 'only' | 'toggle' | 'range'

/** The selection after a click or key on a series; `order` are the ids as listed. */
export function selectIn(
  { ids, anchorId }: SelectionState,
  order: readonly string[],
  id: string,
  mode: SelectMode,
): SelectionState {
  if (mode === 'toggle') {
    const next = new Set(ids)
    if (!next.delete(id)) next.add(id)
    return { ids: next, activeId: id, anchorId: id }
  }
  const from = anchorId === null ? -1 : order.indexOf(anchorId)
  if (mode === 'range' && from >= 0) {
    const to = order.indexOf(id)
    const range = order.slice(Math.min(from, to), Math.max(from, to) + 1)
    return { ids: new Set(range), activeId: id, anchorId }
  }
  return { ids: new Set([id]), activeId: id, anchorId: id }
}

export function select(order: readonly string[], id: string, mode: SelectMode): void {
  useSelection.setState((state) => selectIn(state, order, id, mode))
}

export function selectAll(order: readonly string[]): void {
  useSelection.setState({ ids: new Set(order), anchorId: order[0] ?? null })
}
