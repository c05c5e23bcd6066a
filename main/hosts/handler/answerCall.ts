import { z } from 'zod'
import { type CallInput, type CallName, type CallResult, calls } from '../../../preload/contract.ts'
import type { ErrorRecord } from '../../../preload/records.ts'
import { WorkstationError } from '../../errors.ts'
import { errorRecord as recordOf } from '../../workstation/failures.ts'
import type { Workstation } from '../../workstation/types.ts'

/** Checks a call's input against the contract and has the workstation answer it; used by every wire. Never rejects. */
export async function answerCall(
  workstation: Workstation,
  name: string,
  input: unknown,
): Promise<CallResult<CallName>> {
  if (!isCallName(name))
    return failure('usage/unknown-call', 'The window asked for something this workstation cannot do.', name)
  try {
    // Within the try: a schema of any JSON fails on its own depth.
    const checked = calls[name].input.safeParse(input)
    if (!checked.success)
      return failure(
        'usage/invalid-input',
        'The window asked for something in a way this workstation does not understand.',
        `${name}: ${z.prettifyError(checked.error)}`,
      )
    return { ok: true, value: await workstation.call(name, checked.data as CallInput<CallName>) }
  } catch (error) {
    return { ok: false, error: errorRecord(error) }
  }
}

export function isCallName(name: string): name is CallName {
  return Object.hasOwn(calls, name)
}

/** As it travels to the window. What is not a WorkstationError is a fault of the program, and says so. */
export function errorRecord(error: unknown): ErrorRecord {
  if (error instanceof WorkstationError) return recordOf(error)
  return {
    code: 'program/unexpected',
    message: 'Something went wrong in the workstation. What you did before is saved; try it again.',
    detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }
}

function failure(code: string, message: string, detail: string): { ok: false; error: ErrorRecord } {
  return { ok: false, error: { code, message, detail } }
}
