import { create } from 'zustand'
import { INITIAL_LIST, type ListOptions } from './order.ts'

/** How the list is shown, and what of it is open. */
export interface FindingsUi extends ListOptions {
  /** Said to assistive technology; a new text each time. */
  announcement: string
  labelPickerOpen: boolean
  labelEditorOpen: boolean
  /** Asking whether to finish a review with findings that have no state. */
  askingToFinish: boolean
  /** Runs whose review was finished or reopened since the window is there; for others OpenedRun tells. */
  finished: ReadonlyMap<string, boolean>
}

export const useFindingsUi = create<FindingsUi>(() => ({
  ...INITIAL_LIST,
  announcement: '',
  labelPickerOpen: false,
  labelEditorOpen: false,
  askingToFinish: false,
  finished: new Map(),
}))

export const setFindingsUi = (change: Partial<FindingsUi>): void => useFindingsUi.setState(change)

export function markFinished(runId: string, finished: boolean): void {
  useFindingsUi.setState((state) => ({
    finished: new Map(state.finished).set(runId, finished),
    // The question is answered.
    askingToFinish: state.askingToFinish && !finished,
  }))
}

export function announce(text: string): void {
  // The same words twice are two announcements: a zero-width space makes them differ.
  const { announcement } = useFindingsUi.getState()
  useFindingsUi.setState({ announcement: announcement === text ? `${text}\u200b` : text })
}
