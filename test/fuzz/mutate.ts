import type { Random } from '../../main/imaging/phantom/random.ts'

/** Values that lengths, counts and offsets are tried with. */
const EXTREMES = [
  0, 1, 2, 7, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
]
const LARGEST = 0xffffffff

/** Where the interesting bytes of a file are: most of what can go wrong is said in the first few kilobytes. */
const HEAD_BYTES = 2048

/** A damaged copy of a file: one to four changes of the kinds that disks, networks, other software and attackers make. */
export function mutate(original: Uint8Array, random: Random): Uint8Array {
  let bytes: Uint8Array = original.slice()
  for (let changes = random.integer(1, 4); changes > 0 && bytes.length > 0; changes--) {
    bytes = random.pick(CHANGES)(bytes, random)
  }
  return bytes
}

type Change = (bytes: Uint8Array, random: Random) => Uint8Array

const flipBit: Change = (bytes, random) => {
  const at = place(bytes, random)
  bytes[at] = bytes[at]! ^ (1 << random.integer(0, 7))
  return bytes
}

const overwriteByte: Change = (bytes, random) => {
  bytes[place(bytes, random)] = random.integer(0, 255)
  return bytes
}

/** A 16- or 32-bit number, in either byte order, becomes one that a length or a count should not be. */
const overwriteNumber: Change = (bytes, random) => {
  const at = place(bytes, random) & ~1
  const wide = random.chance(0.5)
  if (at + (wide ? 4 : 2) > bytes.length) return bytes
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const value = random.chance(0.2) ? LARGEST : random.chance(0.3) ? bytes.length : random.pick(EXTREMES)
  if (wide) view.setUint32(at, value >>> 0, random.chance(0.7))
  else view.setUint16(at, value & 0xffff, random.chance(0.7))
  return bytes
}

/** A digit of a number that is written as text (DS, IS, UID, NRRD and MetaImage headers) becomes another character. */
const spoilText: Change = (bytes, random) => {
  const start = place(bytes, random)
  for (let at = start; at < Math.min(bytes.length, start + 256); at++) {
    if (bytes[at]! < 0x30 || bytes[at]! > 0x39) continue
    bytes[at] = random.pick([0x30, 0x39, 0x2d, 0x2e, 0x65, 0x20, 0x5c, 0x00, 0xff])
    break
  }
  return bytes
}

const truncate: Change = (bytes, random) => bytes.slice(0, random.integer(0, bytes.length - 1))

const fillRange: Change = (bytes, random) => {
  const [start, end] = range(bytes, random)
  return bytes.fill(random.pick([0, 0xff, 0x20, 0x55]), start, end)
}

const removeRange: Change = (bytes, random) => {
  const [start, end] = range(bytes, random)
  return join(bytes.subarray(0, start), bytes.subarray(end))
}

const repeatRange: Change = (bytes, random) => {
  const [start, end] = range(bytes, random)
  return join(bytes.subarray(0, end), bytes.subarray(start))
}

const insertNoise: Change = (bytes, random) => {
  const at = place(bytes, random)
  const noise = Uint8Array.from({ length: random.integer(1, 16) }, () => random.integer(0, 255))
  return join(bytes.subarray(0, at), noise, bytes.subarray(at))
}

const CHANGES: readonly Change[] = [
  flipBit,
  overwriteByte,
  overwriteNumber,
  overwriteNumber,
  spoilText,
  truncate,
  fillRange,
  removeRange,
  repeatRange,
  insertNoise,
]

/** Anywhere, or twice as often in the head. */
function place(bytes: Uint8Array, random: Random): number {
  const end = random.chance(0.67) ? Math.min(HEAD_BYTES, bytes.length) : bytes.length
  return random.integer(0, end - 1)
}

function range(bytes: Uint8Array, random: Random): [start: number, end: number] {
  const start = place(bytes, random)
  return [start, Math.min(bytes.length, start + random.integer(1, 64))]
}

function join(...pieces: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces))
}
