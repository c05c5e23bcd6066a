import { contextBridge, ipcRenderer, webUtils } from 'electron'
import type { Bridge, CallInput, CallName, CallResult, EventName, EventPayload } from './contract.ts'
import type { FileHandle } from './records.ts'

/** Electron's side of the contract: all that the window can reach of it. Main checks whatever comes through. */

type Listener = (payload: unknown) => void

const listeners = new Map<EventName, Set<Listener>>()
/** What the system asked to open before the window was ready to. */
const unheard: unknown[] = []

ipcRenderer.on('workstation:event', (_event, name: EventName, payload: unknown) => {
  const listening = listeners.get(name)
  if (name === 'files.opened' && !listening?.size) unheard.push(payload)
  for (const listener of listening ?? []) listener(payload)
})

const bridge: Bridge = {
  call: <N extends CallName>(name: N, input: CallInput<N>): Promise<CallResult<N>> =>
    ipcRenderer.invoke('workstation:call', name, input),

  on<N extends EventName>(name: N, listener: (payload: EventPayload<N>) => void): () => void {
    const listening = listeners.get(name) ?? new Set()
    listeners.set(name, listening)
    // A listener given twice is called twice, and each ends by itself.
    const own: Listener = (payload) => listener(payload as EventPayload<N>)
    listening.add(own)
    if (name === 'files.opened') for (const payload of unheard.splice(0)) own(payload)
    return () => listening.delete(own)
  },

  async filesDropped(files: readonly File[], onProgress?: (fraction: number) => void): Promise<FileHandle[]> {
    // Only files that the reader really dropped have a path; for any that a script made, it is empty.
    const paths = files.map((file) => webUtils.getPathForFile(file)).filter((path) => path !== '')
    const handles: FileHandle[] = await ipcRenderer.invoke('workstation:drop', paths)
    onProgress?.(1)
    return handles
  },

  onConnection(listener: (connected: boolean) => void): () => void {
    // Main and window are one program: where main ends, so does the window.
    listener(true)
    return () => {}
  },
}

contextBridge.exposeInMainWorld('workstation', bridge)
