import { WorkstationError } from '../../errors.ts'

const MAX_DEPTH = 32
/** Of NTFS, APFS and ext4; bytes of UTF-8 are the strictest of the three. */
const MAX_NAME_BYTES = 255
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const NOT_IN_NAMES = /[\u0000-\u001f\u007f<>:"|?*\\]/g
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/**
 * Names of folders and file from a relative path that a browser sent, safe to join below an upload folder on every
 * system. Characters that some file system refuses become `_`.
 *
 * @throws WorkstationError `usage/upload` for a path that is absolute or leaves the folder
 */
export function safeSegments(path: string): string[] {
  const parts = path.split('/')
  const refused = parts.some((part) => part === '' || part === '.' || part === '..' || tooLong(part))
  if (refused || parts.length > MAX_DEPTH)
    throw new WorkstationError('usage/upload', 'A dropped file has a name that cannot be kept.', path)
  return parts.map((part) => {
    const name = part.replace(NOT_IN_NAMES, '_').replace(/[. ]+$/, (end) => '_'.repeat(end.length))
    return WINDOWS_DEVICE.test(name) ? `_${name}`.slice(0, MAX_NAME_BYTES) : name
  })
}

function tooLong(name: string): boolean {
  return Buffer.byteLength(name) > MAX_NAME_BYTES
}
