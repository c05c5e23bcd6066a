import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Row } from './rows.ts'
import { asLibraryError } from './sqliteError.ts'

type Parameters = Record<string, SQLInputValue>

/** Runs the statements of sql.ts, each prepared once; what the database throws becomes a sentence. */
export class Statements {
  readonly #db: DatabaseSync
  readonly #folder: string
  readonly #prepared = new Map<string, StatementSync>()

  /** @param folder named in errors */
  constructor(db: DatabaseSync, folder: string) {
    this.#db = db
    this.#folder = folder
  }

  get(sql: string, parameters: Parameters = {}): Row | undefined {
    return this.#guarded(() => this.#prepare(sql).get(parameters))
  }

  all(sql: string, parameters: Parameters = {}): Row[] {
    return this.#guarded(() => this.#prepare(sql).all(parameters))
  }

  /** @returns how many rows were changed */
  change(sql: string, parameters: Parameters): number {
    return this.#guarded(() => Number(this.#prepare(sql).run(parameters).changes))
  }

  /** All of the work is committed, or, where it throws, none. */
  transaction<T>(work: () => T): T {
    this.#guarded(() => this.#db.exec('BEGIN IMMEDIATE'))
    try {
      const result = work()
      this.#guarded(() => this.#db.exec('COMMIT'))
      return result
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  close(): void {
    this.#prepared.clear()
    if (this.#db.isOpen) this.#db.close()
  }

  #guarded<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw asLibraryError(error, this.#folder)
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#prepared.get(sql)
    if (!statement) {
      statement = this.#db.prepare(sql)
      this.#prepared.set(sql, statement)
    }
    return statement
  }
}
