import { createHash, randomUUID } from 'node:crypto'

/**
 * A new DICOM UID from a random UUID: root 2.25, then the UUID as one decimal number (DICOM PS3.5 B.2, ITU-T X.667).
 * At most 44 characters; needs no registered root.
 */
export function newUid(): string {
  return uuidToUid(randomUUID())
}

/** The UID of a given UUID (DICOM PS3.5 B.2). */
export function uuidToUid(uuid: string): string {
  const hex = uuid.replaceAll('-', '')
  if (!/^[0-9a-f]{32}$/i.test(hex)) throw new RangeError(`Not a UUID: ${uuid}`)
  return `2.25.${BigInt(`0x${hex}`)}`
}

/**
 * A UID that a name always gives: the name's SHA-256 in the form of a UUID of version 8, free form (RFC 9562 5.8),
 * under root 2.25. For objects that come out the same twice.
 */
export function uidOfName(name: string): string {
  const bytes = createHash('sha256').update(name).digest().subarray(0, 16)
  bytes[6] = 0x80 | (bytes[6] & 0x0f)
  bytes[8] = 0x80 | (bytes[8] & 0x3f)
  return uuidToUid(bytes.toString('hex'))
}
