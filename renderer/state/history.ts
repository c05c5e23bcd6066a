import { create } from 'zustand'

/** One thing that a reader did and can take back. `name` is a key of the catalogue, with its values. */
export interface Undoable {
  name: string
  values?: Readonly<Record<string, string | number>>
  /** What it was done to, such as a finding's key: actions on different subjects do not depend on each other. */
  subject?: string
  /** Also redoes. Rejects where it could not be done (or stored): nothing has changed then. */
  apply(): Promise<void> | void
  revert(): Promise<void> | void
}

interface HistoryState {
  done: readonly Undoable[]
  undone: readonly Undoable[]
  /** True while an action is being stored: the next waits for it. */
  busy: boolean
}

/** The longest way back; drawn outlines make an entry a few megabytes at most. */
const MOST_ENTRIES = 500

/**
 * The one stack of everything that can be undone: states, labels, notes, drawn and corrected outlines, measurements.
 * Moving the view or the threshold is not on it.
 */
export const useHistory = create<HistoryState>(() => ({ done: [], undone: [], busy: false }))

let turn: Promise<unknown> = Promise.resolve()

/** Grows when the stack is forgotten: what was still being stored then does not come onto the next one. */
let stack = 0

/** One after the other, in the order asked for. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const result = turn.then(async () => {
    useHistory.setState({ busy: true })
    try {
      return await work()
    } finally {
      useHistory.setState({ busy: false })
    }
  })
  turn = result.catch(() => undefined)
  return result
}

/** Does it, and puts it on the stack once it is done; what was undone before is forgotten. Rejects as `apply` does. */
export function perform(action: Undoable): Promise<void> {
  const own = stack
  return inTurn(async () => {
    await action.apply()
    if (own === stack) push(action)
  })
}

function push(action: Undoable): void {
  const { done } = useHistory.getState()
  useHistory.setState({ done: [...done, action].slice(-MOST_ENTRIES), undone: [] })
}

/** Puts on the stack what is done already, such as a measurement that was dragged into place. */
export function record(action: Undoable): void {
  const own = stack
  void inTurn(async () => {
    if (own === stack) push(action)
  })
}

/** The action that was taken back; undefined where there is none. */
export function undo(): Promise<Undoable | undefined> {
  return inTurn(async () => {
    const own = stack
    const { done, undone } = useHistory.getState()
    const action = done.at(-1)
    if (!action) return undefined
    await action.revert()
    if (own === stack) useHistory.setState({ done: done.slice(0, -1), undone: [...undone, action] })
    return action
  })
}

/** Takes back the last action on one subject, whatever was done to others since; undefined where there is none. */
export function undoOf(subject: string): Promise<Undoable | undefined> {
  return inTurn(async () => {
    const own = stack
    const { done, undone } = useHistory.getState()
    const at = done.findLastIndex((action) => action.subject === subject)
    if (at < 0) return undefined
    const action = done[at]
    await action.revert()
    if (own === stack) useHistory.setState({ done: done.toSpliced(at, 1), undone: [...undone, action] })
    return action
  })
}

export function redo(): Promise<Undoable | undefined> {
  return inTurn(async () => {
    const own = stack
    const { done, undone } = useHistory.getState()
    const action = undone.at(-1)
    if (!action) return undefined
    await action.apply()
    if (own === stack) useHistory.setState({ done: [...done, action], undone: undone.slice(0, -1) })
    return action
  })
}

/** Another scan or run is on screen: what was done to the last one is stored, and no longer undone from here. */
export function forgetHistory(): void {
  stack++
  useHistory.setState({ done: [], undone: [] })
}

/** What was done to one subject is no longer undone from here: it was changed elsewhere since. */
export function forgetSubject(subject: string): void {
  const others = (action: Undoable) => action.subject !== subject
  useHistory.setState(({ done, undone }) => ({ done: done.filter(others), undone: undone.filter(others) }))
}

/** When all that was asked for until now is stored, or was refused. */
export function whenStored(): Promise<void> {
  return inTurn(async () => undefined)
}
