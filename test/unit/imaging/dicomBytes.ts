/**
 * DICOM files written byte by byte (PS3.5 chapter 7), right or wrong: shares nothing with the reader under test.
 */
export const EXPLICIT = '1.2.840.10008.1.2.1'
export const IMPLICIT = '1.2.840.10008.1.2'
export const BIG = '1.2.840.10008.1.2.2'
export const DEFLATED = '1.2.840.10008.1.2.1.99'
export const JPEG_LOSSLESS = '1.2.840.10008.1.2.4.70'
export const UNDEFINED = 0xffffffff

export function tagBytes(tag: string, big = false): Buffer {
  const bytes = Buffer.from(tag, 'hex')
  return big ? bytes : bytes.swap16()
}

/** An element, explicit little endian unless `how` says otherwise; `length` may lie. */
export function element(
  tag: string,
  vr: string,
  value: string | number | Uint8Array,
  { implicit = false, big = false, length }: { implicit?: boolean; big?: boolean; length?: number } = {},
): Buffer {
  const data =
    typeof value === 'number'
      ? Buffer.from(big ? [value >> 8, value & 255] : [value & 255, value >> 8])
      : typeof value === 'string'
        ? Buffer.from(value, 'latin1')
        : Buffer.from(value)
  const stated = length ?? data.length
  const long = !implicit && /^(OB|OW|SQ|UN|UT|OF|UC)$/.test(vr)
  const head = Buffer.alloc(long ? 8 : 4)
  if (implicit) head.writeUInt32LE(stated)
  else {
    head.write(vr, 'latin1')
    if (long) big ? head.writeUInt32BE(stated, 4) : head.writeUInt32LE(stated, 4)
    else big ? head.writeUInt16BE(stated, 2) : head.writeUInt16LE(stated, 2)
  }
  return Buffer.concat([tagBytes(tag, big), head, data])
}

export const itemOf = (value: Uint8Array, length = value.length) =>
  element('fffee000', '', value, { implicit: true, length })
export const ITEM_END = element('fffee00d', '', '', { implicit: true })
export const SEQUENCE_END = element('fffee0dd', '', '', { implicit: true })

export const preamble = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')])
export const syntax = (uid: string) => element('00020010', 'UI', uid.length % 2 ? `${uid}\0` : uid)
export const part10 = (uid: string, ...elements: Uint8Array[]) =>
  Buffer.concat([preamble, syntax(uid), ...elements])

export type How = Parameters<typeof element>[3]

/** The elements of a CT slice of 4 × 2 pixels up to its picture. */
export function ctHeader(how: How = {}): Buffer {
  return Buffer.concat([
    element('00080016', 'UI', '1.2.840.10008.5.1.4.1.1.2\0', how),
    element('00080060', 'CS', 'CT', how),
    element('0020000e', 'UI', '1.2.3.4\0', how),
    element('00200032', 'DS', '1\\2\\3 ', how),
    element('00280010', 'US', 2, how),
    element('00280011', 'US', 4, how),
    element('00280100', 'US', 16, how),
  ])
}
export const picture = (how: How = {}) => element('7fe00010', 'OW', new Uint8Array(16).fill(7), how)
