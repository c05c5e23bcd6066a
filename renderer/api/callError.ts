import type { ErrorRecord } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'
import { mainWords } from '../words/main.ts'

/** What main, or the lack of it, said instead of an answer. */
export class CallError extends Error {
  readonly code: string
  readonly detail: string | undefined

  constructor(record: ErrorRecord) {
    super(mainWords(record))
    this.name = 'CallError'
    this.code = record.code
    this.detail = record.detail
  }
}

/** Whether it came of what the reader ended: nothing to tell them. */
export const isCancellation = ({ code }: Pick<ErrorRecord, 'code'>): boolean =>
  code === 'cancelled' || code.endsWith('/cancelled')

/** As a CallError, whatever was thrown. */
export function asCallError(thrown: unknown): CallError {
  if (thrown instanceof CallError) return thrown
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  return new CallError({ code: 'window/unexpected', message: t('error.unexpected'), detail })
}
