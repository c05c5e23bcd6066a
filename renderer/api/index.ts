import type { Bridge, CallInput, CallName, CallOutput } from '../../preload/contract.ts'
import { CallError } from './callError.ts'
import { HttpBridge } from './httpBridge.ts'

declare global {
  interface Window {
    /** Exposed by Electron's preload; absent in a browser. */
    readonly workstation?: Bridge
  }
}

/** The way to main, whichever host this window is in. */
export const bridge: Bridge = window.workstation ?? new HttpBridge()

/** @throws CallError with a sentence for the reader; `host/unreachable` where main did not hear the question. */
export async function call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
  const result = await bridge.call(name, input)
  if (!result.ok) throw new CallError(result.error)
  return result.value
}

export { asCallError, CallError, isCancellation } from './callError.ts'
export { filesOfDrop } from './droppedFiles.ts'
export { fetchData } from './fetchData.ts'
