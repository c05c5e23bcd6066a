import { type ChildProcess, fork } from 'node:child_process'

/**
 * A started child process, as its client needs it. Node's fork is one implementation; Electron's utilityProcess, which
 * has the same message channel under other names, can be another.
 */
export interface ChildHandle {
  readonly pid: number | undefined
  send(message: unknown): void
  /** Ends the process at once, whatever it is doing. */
  kill(): void
  onMessage(listener: (message: unknown) => void): void
  /** Called once, also where the process could not be started. */
  onExit(listener: (exit: ChildExit) => void): void
}

export interface ChildExit {
  code: number | null
  signal: string | null
  /** The last of what the process wrote to stderr and stdout: drivers, codecs and Node explain themselves there. */
  stderr: string
}

export type SpawnChild = () => ChildHandle

export interface ForkOptions {
  /** Options of the node executable. */
  execArgv?: string[]
  /** Added to this process's environment. */
  env?: Record<string, string>
}

const OUTPUT_KEPT_BYTES = 4096

/** Starts a module as a child process of Node. What it prints is kept, not shown: native libraries are talkative. */
export function forkChild(entry: string, { execArgv = [], env }: ForkOptions = {}): ChildHandle {
  const child: ChildProcess = fork(entry, [], {
    // Structured clone: infinities and typed arrays arrive as they left.
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv,
    ...(env ? { env: { ...process.env, ...env } } : {}),
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_KEPT_BYTES)
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
        if (!told) listener({ code, signal, stderr: output })
        told = true
      }
      // Not 'exit': what the process wrote last, which says why it died, may still be in the pipe then.
      child.on('close', tell)
      child.on('error', (error) => {
        output += error.message
        if (child.pid === undefined) tell(null, null)
      })
    },
  }
}
