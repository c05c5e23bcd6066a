/**
 * Text of DICOM elements (DICOM PS3.5 6.1 and 6.2, PS3.3 C.12.1.1.2): Specific Character Set with and without
 * ISO 2022 code extensions, decoded with the platform's TextDecoder.
 */

/** Defined Terms of Specific Character Set (0008,0005), without code extensions → Encoding Standard label. */
const ENCODINGS: Readonly<Record<string, string>> = {
  '': 'utf-8', // The default repertoire is ASCII; files that break the rule mostly hold UTF-8 or Latin-1.
  'ISO_IR 6': 'utf-8',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 100': 'iso-8859-1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 148': 'windows-1254',
  'ISO_IR 149': 'euc-kr',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 192': 'utf-8',
  'ISO_IR 203': 'iso-8859-15',
  GB18030: 'gb18030',
  GBK: 'gbk',
}

/** How the bytes after an escape sequence are read: as they are, or as a 7-bit double-byte set of EUC-JP. */
interface Segment {
  encoding: string
  shift?: 'jis-x-0208' | 'jis-x-0212'
}

/** Escape sequences of PS3.3 Tables C.12-3 and C.12-4 (bytes after ESC, as text). */
const ESCAPES: Readonly<Record<string, Segment>> = {
  '(B': { encoding: 'windows-1252' },
  '(J': { encoding: 'shift_jis' },
  ')I': { encoding: 'shift_jis' },
  $B: { encoding: 'euc-jp', shift: 'jis-x-0208' },
  '$@': { encoding: 'euc-jp', shift: 'jis-x-0208' },
  '$(D': { encoding: 'euc-jp', shift: 'jis-x-0212' },
  '$)C': { encoding: 'euc-kr' },
  '$)A': { encoding: 'gbk' },
  '-A': { encoding: 'iso-8859-1' },
  '-B': { encoding: 'iso-8859-2' },
  '-C': { encoding: 'iso-8859-3' },
  '-D': { encoding: 'iso-8859-4' },
  '-F': { encoding: 'iso-8859-7' },
  '-G': { encoding: 'iso-8859-6' },
  '-H': { encoding: 'iso-8859-8' },
  '-L': { encoding: 'iso-8859-5' },
  '-M': { encoding: 'windows-1254' },
  '-T': { encoding: 'windows-874' },
  '-b': { encoding: 'iso-8859-15' },
}

const ESC = 0x1b

/**
 * Decodes the value of a text element (SH, LO, PN, ST, LT, UT …) and drops its padding.
 * @param characterSets the values of Specific Character Set, [] where absent
 */
export function decodeText(bytes: Uint8Array, characterSets: readonly string[]): string {
  const first = (characterSets[0] ?? '').replace('ISO 2022 IR ', 'ISO_IR ')
  const initial: Segment = { encoding: ENCODINGS[first] ?? 'utf-8' }
  let text = ''
  let segment = initial
  let start = 0
  const flush = (end: number) => {
    text += decodeSegment(bytes.subarray(start, end), segment)
  }
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (byte === ESC) {
      const [length, next] = escapeAt(bytes, i + 1)
      flush(i)
      segment = next ?? segment
      i += length
      start = i + 1
    } else if (segment !== initial && !segment.shift && isDelimiter(byte)) {
      // PS3.5 6.1.2.5.3: code extensions end at a delimiter; the initial character set is active again.
      flush(i)
      segment = initial
      start = i
    }
  }
  flush(bytes.length)
  return trim(text)
}

/** Value without the trailing spaces and NULs that pad it to an even length. */
function trim(text: string): string {
  let end = text.length
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\0')) end--
  return text.slice(0, end).trimStart()
}

/** ^ and = separate the parts of a name, \ separates values; control characters end a line. */
function isDelimiter(byte: number): boolean {
  return byte === 0x5e || byte === 0x3d || byte === 0x5c || (byte >= 0x09 && byte <= 0x0d)
}

function escapeAt(bytes: Uint8Array, start: number): [length: number, segment: Segment | undefined] {
  for (const length of [3, 2]) {
    const segment = ESCAPES[String.fromCharCode(...bytes.subarray(start, start + length))]
    if (segment) return [length, segment]
  }
  return [0, undefined]
}

function decodeSegment(bytes: Uint8Array, { encoding, shift }: Segment): string {
  if (bytes.length === 0) return ''
  if (shift) return decoder(encoding).decode(toEucJp(bytes, shift))
  if (encoding !== 'utf-8') return decoder(encoding).decode(bytes)
  try {
    return STRICT_UTF_8.decode(bytes)
  } catch {
    return decoder('windows-1252').decode(bytes)
  }
}

const STRICT_UTF_8 = new TextDecoder('utf-8', { fatal: true })
const decoders = new Map<string, InstanceType<typeof TextDecoder>>()

/** Kept: making a decoder costs more than decoding a name, and a folder has thousands of headers. */
function decoder(encoding: string): InstanceType<typeof TextDecoder> {
  const kept = decoders.get(encoding) ?? new TextDecoder(encoding)
  decoders.set(encoding, kept)
  return kept
}

/** EUC-JP is JIS X 0208 with the high bit set; JIS X 0212 is that after a 0x8F byte. */
function toEucJp(bytes: Uint8Array, shift: NonNullable<Segment['shift']>): Uint8Array {
  const out: number[] = []
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (byte < 0x21 || byte > 0x7e || i + 1 >= bytes.length) {
      out.push(byte)
      continue
    }
    if (shift === 'jis-x-0212') out.push(0x8f)
    out.push(byte | 0x80, bytes[++i]! | 0x80)
  }
  return Uint8Array.from(out)
}
