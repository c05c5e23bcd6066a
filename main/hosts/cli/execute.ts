import { type ErrorKind, WorkstationError } from '../../errors.ts'
import { EngineClient } from '../../inference/client.ts'
import { ReaderClient } from '../../reading/client.ts'
import { createReporter, type Reporter } from './progress.ts'

/** What the shell is told. 130 is 128 + SIGINT, the shells' own convention. */
export const EXIT: Record<ErrorKind, number> = {
  usage: 2,
  input: 3,
  output: 3,
  model: 4,
  engine: 4,
  cancelled: 130,
}

/** After a signal the process ends, come what may, before the second is over. */
const LATEST_EXIT_MS = 900

/** What a command works with: everything about the terminal and the process that it should not know itself. */
export interface CommandContext {
  client: EngineClient
  /** Reads what the user hands over, in a process of its own. */
  reader: ReaderClient
  signal: AbortSignal
  reporter: Reporter
  /** Writes a result to stdout; left out under --json, where only the returned object is written. */
  print(text: string): void
}

/**
 * Runs a command to its exit code. What the command returns is the object that --json prints. An error becomes one
 * sentence on stderr, or `{ error: { code, message } }` on stdout under --json. SIGINT and SIGTERM cancel.
 */
export async function execute(
  options: { json?: boolean },
  command: (context: CommandContext) => Promise<unknown>,
): Promise<void> {
  const controller = new AbortController()
  const client = new EngineClient()
  const reader = new ReaderClient()
  const reporter = createReporter()
  const cancel = () => {
    controller.abort()
    setTimeout(() => process.exit(EXIT.cancelled), LATEST_EXIT_MS).unref()
  }
  process.on('SIGINT', cancel)
  process.on('SIGTERM', cancel)
  // Also on the forced exit: no process must outlive its parent by the rest of a tile or a slice.
  process.once('exit', () => {
    client.kill()
    reader.kill()
  })
  const print = (text: string) => {
    reporter.stop()
    if (!options.json) process.stdout.write(`${text}\n`)
  }
  try {
    const result = await command({ client, reader, signal: controller.signal, reporter, print })
    reporter.stop()
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`)
  } catch (error) {
    reporter.stop()
    process.exitCode = reportError(error, options.json === true)
  } finally {
    await Promise.all([client.close(), reader.close()])
    process.off('SIGINT', cancel)
    process.off('SIGTERM', cancel)
  }
}

/** @returns the exit code */
export function reportError(error: unknown, json: boolean): number {
  const known =
    error instanceof WorkstationError
      ? error
      : new WorkstationError('engine/internal', `Something went wrong that should not: ${error}.`, error)
  const { code, message, detail } = known
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`)
  else process.stderr.write(`${message}\n`)
  if (detail && process.env.SCREENER_DEBUG) process.stderr.write(`${detail}\n`)
  return EXIT[known.kind]
}
