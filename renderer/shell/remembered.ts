import type { z } from 'zod'
import type { StoreApi } from 'zustand'
import { getSetting, setSetting } from './settings.ts'

/** So long after the last change a choice is stored: a slider that is dragged is one choice. */
const SETTLE_MS = 400

/**
 * Takes over what the reader last chose of a store's values, and stores what they choose from now on, until the
 * returned function is called. Call it once preferences are known.
 * @param schema of the values that are remembered; what another version stored in another form is passed by
 */
export function remember<State extends object, Kept extends z.ZodRawShape>(
  key: string,
  store: Pick<StoreApi<State>, 'getState' | 'setState' | 'subscribe'>,
  schema: z.ZodObject<Kept> & z.ZodType<Partial<State>>,
): () => void {
  const kept = (state: State) => schema.parse(state)
  const last = getSetting(key, schema.nullable(), null)
  if (last) store.setState(last as Partial<State>)
  let stored = JSON.stringify(kept(store.getState()))
  let timer: ReturnType<typeof setTimeout> | undefined
  const write = () => {
    timer = undefined
    const now = kept(store.getState())
    const text = JSON.stringify(now)
    if (text === stored) return
    stored = text
    setSetting(key, JSON.parse(text))
  }
  const off = store.subscribe(() => {
    clearTimeout(timer)
    timer = setTimeout(write, SETTLE_MS)
  })
  return () => {
    off()
    if (timer !== undefined) {
      clearTimeout(timer)
      write()
    }
  }
}
