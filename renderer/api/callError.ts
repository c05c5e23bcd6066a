import type { ErrorRecord } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'

/** What main, or the lack of it, said instead of an answer. */
export class CallError extends Error {
  readonly code: string
  readonly detail: string | undefined

  constructor({ code, message, detail }: ErrorRecord) {
    super(message)
    this.name = 'CallError'
    this.code = code
    this.detail = detail
  }
}

/** As a CallError, whatever was thrown. */
export function asCallError(thrown: unknown): CallError {
  if (thrown instanceof CallError) return thrown
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  return new CallError({ code: 'window/unexpected', message: t('error.unexpected'), detail })
}
