/**
 * The one error type of the product. `message` is a sentence a radiographer understands; `detail` is for a bug
 * report. The command line turns the kind (the part of the code before the slash) into an exit code. `values` are what
 * the sentence names, for a window that says it in another language.
 */
export type ErrorKind = 'usage' | 'input' | 'output' | 'model' | 'engine' | 'cancelled'
export type ErrorCode = `${Exclude<ErrorKind, 'cancelled'>}/${string}` | 'cancelled'

export type ErrorValues = Readonly<Record<string, string | number>>

export class WorkstationError extends Error {
  readonly code: ErrorCode
  readonly detail: string | undefined
  readonly values: ErrorValues | undefined

  constructor(code: ErrorCode, sentence: string, detail?: unknown, values?: ErrorValues) {
    super(sentence)
    this.name = 'WorkstationError'
    this.code = code
    this.values = values
    this.detail =
      detail === undefined
        ? undefined
        : detail instanceof Error
          ? (detail.stack ?? detail.message)
          : String(detail)
  }

  get kind(): ErrorKind {
    return this.code.split('/')[0] as ErrorKind
  }
}

/** Something a reader must know about a volume or a run, but that does not stop it. Stays with run and exports. */
export interface Warning {
  code: string
  message: string
}
