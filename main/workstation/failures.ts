import type { ErrorRecord } from '../../preload/records.ts'
import { WorkstationError } from '../errors.ts'
import { asOutputError } from '../exporting/outputError.ts'

/** Whatever a call failed with, as the one error that leaves the application. */
export function asFailure(error: unknown, dataFolder: string): WorkstationError {
  const known = asOutputError(error, dataFolder)
  if (known instanceof WorkstationError) return known
  if (known.name === 'AbortError') return cancelled(known)
  const sentence =
    'Something went wrong that this program did not expect. What was done before is kept; try again.'
  return new WorkstationError('usage/unexpected', sentence, known)
}

export function errorRecord(error: WorkstationError): ErrorRecord {
  const { code, message, detail, values } = error
  return { code, message, ...(detail === undefined ? {} : { detail }), ...(values && { values }) }
}

export function cancelled(detail?: unknown): WorkstationError {
  return new WorkstationError('cancelled', 'This was cancelled.', detail)
}

/**
 * A promise that does not outlive a signal: what stands in a queue, or writes, may end later than who waits for it.
 * @throws WorkstationError `cancelled` as soon as the signal is aborted
 */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(cancelled())
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

export const noSuchSeries = () =>
  new WorkstationError('input/no-such-series', 'This series is no longer in the library.')

export const noSuchRun = () =>
  new WorkstationError('input/no-such-run', 'This screening is no longer in the library.')
