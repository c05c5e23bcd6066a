import { WorkstationError } from '../errors.ts'

/** Begins the temporary name of a result, before process, token and the name it will have. */
export const PARTIAL_PREFIX = '.screener-partial-'
/** Nobody looks for a file under its temporary name: a message gives the one it was to have. */
const PARTIAL_NAME = new RegExp(`\\${PARTIAL_PREFIX}\\d+-[0-9a-f]+-`)

const NOT_WRITABLE = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EISDIR',
  'EEXIST',
  'ENAMETOOLONG',
  'EINVAL',
  'ENOENT',
])
const DISK_FULL = new Set(['ENOSPC', 'EDQUOT'])

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this account may not write there',
  EPERM: 'this account may not write there',
  EROFS: 'that disk is read-only',
  ENOTDIR: 'a file stands where a folder is needed',
  EEXIST: 'a file stands where a folder is needed',
  EISDIR: 'a folder stands where a file is needed',
  ENAMETOOLONG: 'the name is too long',
  EINVAL: 'the name is not allowed on that disk',
  ENOENT: 'there is no such disk or folder',
}

/**
 * What a failed write to `path` means to the person who asked for it: WorkstationError 'output/disk-full',
 * 'output/not-writable' or 'output/failed'. A WorkstationError or an abort passes through unchanged.
 */
export function asOutputError(error: unknown, path: string): Error {
  if (error instanceof WorkstationError) return error
  if (error instanceof Error && error.name === 'AbortError') return error
  const where = path.replace(PARTIAL_NAME, '')
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  // Node's own ERR_… codes are mistakes in a program, not the state of a disk.
  if (code === undefined || code.startsWith('ERR_')) {
    return error instanceof Error ? error : new Error(String(error))
  }
  if (DISK_FULL.has(code)) {
    return new WorkstationError(
      'output/disk-full',
      `The disk is full: the results could not be written to ${where}.`,
      error,
    )
  }
  if (NOT_WRITABLE.has(code)) {
    return new WorkstationError('output/not-writable', `Cannot write to ${where}: ${REASONS[code]}.`, error)
  }
  return new WorkstationError('output/failed', `Writing to ${where} failed (${code}).`, error)
}
