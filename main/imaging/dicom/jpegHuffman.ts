/** Huffman decoding as the sequential and the lossless JPEG processes share it (ISO/IEC 10918-1 Annexes C and F). */

const LONGEST_CODE = 16

/** By the next 16 bits of the stream: code length · 256 + symbol, 0 where no code begins so. */
export type HuffmanLookup = Uint16Array

/** Huffman tables by class (0: DC and lossless, 1: AC) · 16 + destination. */
export type HuffmanTables = Map<number, HuffmanLookup>

/**
 * Reads the tables of one DHT segment (B.2.4.2 and C.2): 16 counts of codes by length, then the symbols in order of
 * their codes.
 * @throws Error if there are more codes than their lengths allow, or symbols are missing
 */
export function readHuffmanTables(segment: Uint8Array, tables: HuffmanTables): void {
  for (let offset = 0; offset + 17 <= segment.length; ) {
    const id = segment[offset]!
    const lookup = new Uint16Array(1 << LONGEST_CODE)
    let next = offset + 17
    let code = 0
    for (let length = 1; length <= LONGEST_CODE; length++, code <<= 1) {
      for (let n = segment[offset + length]!; n > 0; n--, code++) {
        const symbol = segment[next++]
        const first = code << (LONGEST_CODE - length)
        const last = (code + 1) << (LONGEST_CODE - length)
        if (symbol === undefined || last > lookup.length) throw new Error('damaged Huffman table')
        lookup.fill((length << 8) | symbol, first, last)
      }
    }
    tables.set(id & 0x1f, lookup)
    offset = next
  }
}

/** Entropy-coded data, one restart interval at a time. Past the end of an interval it reads zeros, and remembers. */
export class BitReader {
  readonly #jpeg: Uint8Array
  #position: number
  #bits = 0
  #count = 0
  /** Bits that were made up since the data of the interval ended. */
  #invented = 0

  constructor(jpeg: Uint8Array, start: number) {
    this.#jpeg = jpeg
    this.#position = start
  }

  /** The next symbol of a table. */
  symbol(table: HuffmanLookup): number {
    if (this.#count < LONGEST_CODE) this.#fill()
    const entry = table[(this.#bits >>> (this.#count - LONGEST_CODE)) & 0xffff]!
    if (entry === 0) throw new Error('invalid Huffman code')
    this.#count -= entry >> 8
    return entry & 0xff
  }

  /** The next `category` bits, 1 … 16, as a signed number (F.2.2.1, EXTEND). */
  signed(category: number): number {
    if (this.#count < category) this.#fill()
    this.#count -= category
    const value = (this.#bits >>> this.#count) & ((1 << category) - 1)
    return value < 1 << (category - 1) ? value - (1 << category) + 1 : value
  }

  /** Throws if more bits were used than there were. */
  checkEnd(): void {
    if (this.#invented > this.#count) throw new Error('JPEG data end too early')
  }

  /** Goes to the data after the next restart marker (B.2.1). */
  restart(): void {
    this.checkEnd()
    this.#count = 0
    this.#invented = 0
    const jpeg = this.#jpeg
    while (this.#position + 1 < jpeg.length) {
      const marker = jpeg[this.#position] === 0xff ? jpeg[this.#position + 1]! : 0
      if (marker >= 0xd0 && marker <= 0xd7) {
        this.#position += 2
        return
      }
      this.#position++
    }
    throw new Error('JPEG restart marker missing')
  }

  #fill(): void {
    const jpeg = this.#jpeg
    while (this.#count <= 16) {
      let byte = jpeg[this.#position] ?? -1
      if (byte === 0xff && jpeg[this.#position + 1] !== 0) byte = -1 // A marker: the interval is over.
      if (byte < 0) {
        byte = 0
        this.#invented += 8
      } else this.#position += byte === 0xff ? 2 : 1 // FF is followed by a stuffed 00.
      this.#bits = (this.#bits << 8) | byte
      this.#count += 8
    }
  }
}
