import { type OpenFile, readFully } from './openFile.ts'

/** Bytes by offset: of a file, or of what a deflated file inflates to. */
export interface ByteSource {
  readonly size: number
  /** A view that is valid until the source is closed or the next is read. @throws RangeError beyond the end */
  read(offset: number, length: number): Promise<Uint8Array>
}

export class BytesInMemory implements ByteSource {
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get size(): number {
    return this.#bytes.length
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset + length > this.#bytes.length) throw new RangeError('beyond the end of the data')
    return this.#bytes.subarray(offset, offset + length)
  }
}

/** Windows up to this size are kept and used again for other files: to allocate costs as much as to read. */
const MAX_KEPT_BYTES = 2 ** 21
const MAX_KEPT = 8
const kept: Uint8Array<ArrayBuffer>[] = []

/** Reads an open file `window` bytes at a time where less is asked for: small reads that follow each other are one. */
export class BytesOfFile implements ByteSource {
  readonly #file: OpenFile
  readonly size: number
  readonly #window: number
  #start = 0
  #bytes = new Uint8Array(0)
  #buffer = new Uint8Array(0)

  constructor(file: OpenFile, size: number, window: number) {
    this.#file = file
    this.size = size
    this.#window = window
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset + length > this.size) throw new RangeError('beyond the end of the file')
    const at = offset - this.#start
    if (at >= 0 && at + length <= this.#bytes.length) return this.#bytes.subarray(at, at + length)
    const wanted = Math.min(Math.max(length, this.#window), this.size - offset)
    if (this.#buffer.length < wanted) {
      this.close()
      const spare = kept.findIndex((bytes) => bytes.length >= wanted)
      this.#buffer = spare >= 0 ? kept.splice(spare, 1)[0]! : new Uint8Array(wanted)
    }
    this.#bytes = this.#buffer.subarray(0, 0)
    const filled = await readFully(this.#file, this.#buffer, 0, wanted, offset)
    if (filled < wanted) throw new RangeError('the file became shorter')
    this.#bytes = this.#buffer.subarray(0, wanted)
    this.#start = offset
    return this.#bytes.subarray(0, length)
  }

  /** Gives the memory to the next source: what was read is not to be looked at any more. */
  close(): void {
    const { length } = this.#buffer
    if (length > 0 && length <= MAX_KEPT_BYTES && kept.length < MAX_KEPT) kept.push(this.#buffer)
    this.#buffer = new Uint8Array(0)
    this.#bytes = this.#buffer
  }
}
