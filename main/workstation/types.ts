import type { CallInput, CallName, CallOutput, EventName, EventPayload } from '../../preload/contract.ts'
import type { FileHandle, WarningRecord } from '../../preload/records.ts'

/** What only a host can do. */
export interface HostAbilities {
  host: 'electron' | 'web'
  picker: 'native' | 'list'
  /** A dialog of the system; absolute paths, null where the user cancelled. Absent where `picker` is `list`. */
  pick?: (purpose: CallInput<'files.pick'>['purpose']) => Promise<string[] | null>
  /** Shows a file or folder in the system's file manager; absent where it cannot. */
  showInFolder?: (path: string) => Promise<void>
}

/**
 * The application behind the window, whatever the host: implements every call of the contract and serves the data
 * plane. Hosts check inputs against the schemas before `call`, and answer WorkstationErrors as error records.
 */
export interface Workstation {
  /** What happened at the start that the user must know; the window is told of it by `app.info`. */
  readonly notices: readonly WarningRecord[]
  /** @throws WorkstationError */
  call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>>
  on<N extends EventName>(name: N, listener: (payload: EventPayload<N>) => void): () => void
  /** Every event, for hosts that forward them all. */
  onAny(listener: (name: EventName, payload: unknown) => void): () => void
  /** GET under /data/…: voxels, steps, trees, profiles, thumbnails. Answers 404 for what is not there. */
  data(request: Request): Promise<Response>
  /** A handle for a path that a dialog, a drop or an upload gave. */
  grantPath(path: string): FileHandle
  /** A new folder for one upload, removed when the host ends, and after it was added to the library. */
  uploadFolder(): Promise<string>
  /** Has the window open something: emits `files.opened`. */
  openPaths(paths: string[]): void
  /** Cancels what runs and closes processes and database. */
  close(): Promise<void>
}
