import type {
  Bridge,
  CallInput,
  CallName,
  CallResult,
  EventName,
  EventPayload,
} from '../../preload/contract.ts'
import { events } from '../../preload/contract.ts'
import type { ErrorRecord, FileHandle } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'
import { upload } from './upload.ts'

const RECONNECT_MS = 1000

type Listener = (payload: unknown) => void

/** The contract over HTTP and server-sent events, for a window in a browser (main/hosts/handler.ts answers). */
export class HttpBridge implements Bridge {
  readonly #listeners = new Map<EventName, Set<Listener>>()
  readonly #connectionListeners = new Set<(connected: boolean) => void>()
  /** What the system asked to open before the window was ready to. */
  #unheard: unknown[] = []
  #source: EventSource | undefined
  #lastEventId = ''
  #connected = true

  constructor() {
    this.#listen()
  }

  async call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallResult<N>> {
    try {
      const response = await fetch(`api/call/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(input),
      })
      return (await response.json()) as CallResult<N>
    } catch (cause) {
      return { ok: false, error: unreachable(cause) }
    }
  }

  on<N extends EventName>(name: N, listener: (payload: EventPayload<N>) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    // A listener given twice is called twice, and each ends by itself.
    const own: Listener = (payload) => listener(payload as EventPayload<N>)
    listeners.add(own)
    if (name === 'files.opened') for (const payload of this.#unheard.splice(0)) own(payload)
    return () => listeners.delete(own)
  }

  filesDropped(
    files: readonly File[],
    onProgress?: (fraction: number) => void,
    signal?: AbortSignal,
  ): Promise<FileHandle[]> {
    return upload(files, onProgress, signal)
  }

  onConnection(listener: (connected: boolean) => void): () => void {
    this.#connectionListeners.add(listener)
    listener(this.#connected)
    return () => this.#connectionListeners.delete(listener)
  }

  #listen(): void {
    // A source of its own after each loss: the built-in reconnect gives up where a proxy or a dying host answers.
    const after = this.#lastEventId && `?after=${encodeURIComponent(this.#lastEventId)}`
    const source = new EventSource(`api/events${after}`)
    this.#source = source
    source.addEventListener('ready', (event) => {
      this.#lastEventId = event.lastEventId
      this.#setConnected(true)
    })
    for (const name of Object.keys(events) as EventName[])
      source.addEventListener(name, (event) => {
        this.#lastEventId = event.lastEventId
        this.#tell(name, JSON.parse(event.data))
      })
    source.onerror = () => {
      if (this.#source !== source) return
      source.close()
      this.#setConnected(false)
      setTimeout(() => this.#listen(), RECONNECT_MS)
    }
  }

  #tell(name: EventName, payload: unknown): void {
    const listeners = this.#listeners.get(name)
    if (name === 'files.opened' && !listeners?.size) this.#unheard.push(payload)
    for (const listener of listeners ?? []) listener(payload)
  }

  #setConnected(connected: boolean): void {
    if (this.#connected === connected) return
    this.#connected = connected
    for (const listener of this.#connectionListeners) listener(connected)
  }
}

function unreachable(cause: unknown): ErrorRecord {
  return {
    code: 'host/unreachable',
    message: t('error.closed'),
    detail: String(cause),
  }
}
