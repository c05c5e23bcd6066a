import { randomUUID } from 'node:crypto'

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
