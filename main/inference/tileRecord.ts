import { crc32 } from 'node:zlib'

/**
 * A finished tile in a journal (resume.ts): uint32 number of the tile in the plan, uint32 bytes of its score, uint32
 * CRC-32 of these two and of the score, then the score, float32 [D, H, W]. Little-endian, as rawFile.ts.
 */
export const HEAD_BYTES = 12

export function recordHead(tile: number, score: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt32LE(tile, 0)
  head.writeUInt32LE(score.length, 4)
  head.writeUInt32LE(checksum(head, score), 8)
  return head
}

/** @returns number of the tile; undefined where the record is not whole */
export function tileOfRecord(record: Buffer): number | undefined {
  const [head, score] = [record.subarray(0, HEAD_BYTES), record.subarray(HEAD_BYTES)]
  const whole = head.readUInt32LE(4) === score.length && head.readUInt32LE(8) === checksum(head, score)
  return whole ? head.readUInt32LE(0) : undefined
}

function checksum(head: Buffer, score: Uint8Array): number {
  return crc32(score, crc32(head.subarray(0, 8)))
}
