import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * A started engine, as the client needs it. Node's fork is one implementation; Electron's utilityProcess, which has
 * the same message channel under other names, can be another.
 */
export interface EngineProcess {
  readonly pid: number | undefined
  send(message: unknown): void
  /** Ends the process at once, whatever it is doing. */
  kill(): void
  onMessage(listener: (message: unknown) => void): void
  /** Called once, also where the process could not be started. */
  onExit(listener: (exit: EngineExit) => void): void
}

export interface EngineExit {
  code: number | null
  signal: string | null
  /** The last of what the process wrote to stderr: drivers explain themselves there. */
  stderr: string
}

export type SpawnEngine = () => EngineProcess

export const ENGINE_ENTRY = fileURLToPath(new URL('./engine.ts', import.meta.url))

const STDERR_KEPT_BYTES = 4096

/** Starts the engine as a child process of Node. Its stderr is kept, not shown: native libraries are talkative. */
export function forkEngine(): EngineProcess {
  const child: ChildProcess = fork(ENGINE_ENTRY, [], {
    // Structured clone: infinities and typed arrays arrive as they left.
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT_BYTES)
  })
  return {
    pid: child.pid,
    send: (message) => {
      // The channel may close between two messages; the exit that follows is what the client acts on.
      if (child.connected) child.send(message as object, () => {})
    },
    kill: () => {
      child.kill('SIGKILL')
    },
    onMessage: (listener) => {
      child.on('message', listener)
    },
    onExit: (listener) => {
      let told = false
      const tell = (code: number | null, signal: string | null) => {
        if (!told) listener({ code, signal, stderr })
        told = true
      }
      child.on('exit', tell)
      child.on('error', (error) => {
        stderr += error.message
        if (child.pid === undefined) tell(null, null)
      })
    },
  }
}
