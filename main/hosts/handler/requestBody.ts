import type { CallName } from '../../../preload/contract.ts'
import { WorkstationError } from '../../errors.ts'

const MIB = 1024 * 1024
const MAX_CALL_BYTES = 4 * MIB
/** Calls that carry outlines or images; the contract limits each of these as well. */
const LARGE_CALLS: Partial<Record<CallName, number>> = {
  'reviews.put': 66 * MIB,
  'export.write': 256 * MIB,
}

/**
 * The JSON of a call's body, read no further than the call may be long.
 *
 * @throws WorkstationError `usage/too-large`, `usage/malformed`
 */
export async function readCallBody(name: CallName, request: Request): Promise<unknown> {
  const limit = LARGE_CALLS[name] ?? MAX_CALL_BYTES
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge(name, limit)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body ?? []) {
    length += chunk.length
    if (length > limit) throw tooLarge(name, limit)
    chunks.push(chunk)
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks, length)))
  } catch (error) {
    throw new WorkstationError('usage/malformed', 'The window sent something that is not readable.', error)
  }
}

function tooLarge(name: CallName, limit: number): WorkstationError {
  return new WorkstationError(
    'usage/too-large',
    'The window sent more than the workstation takes at once.',
    `${name}: more than ${limit} bytes`,
  )
}
