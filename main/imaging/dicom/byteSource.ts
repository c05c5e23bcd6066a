import type { FileHandle } from 'node:fs/promises'

/** Bytes by offset: of a file, or of what a deflated file inflates to. */
export interface ByteSource {
  readonly size: number
  /** A view that is valid for as long as it is held. @throws RangeError beyond the end */
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

/** Reads an open file `window` bytes at a time where less is asked for: small reads that follow each other are one. */
export class BytesOfFile implements ByteSource {
  readonly #handle: FileHandle
  readonly size: number
  readonly #window: number
  #start = 0
  #bytes = new Uint8Array(0)

  constructor(handle: FileHandle, size: number, window: number) {
    this.#handle = handle
    this.size = size
    this.#window = window
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset + length > this.size) throw new RangeError('beyond the end of the file')
    const at = offset - this.#start
    if (at < 0 || at + length > this.#bytes.length) {
      const wanted = Math.min(Math.max(length, this.#window), this.size - offset)
      const bytes = new Uint8Array(wanted)
      let filled = 0
      while (filled < wanted) {
        const { bytesRead } = await this.#handle.read(bytes, filled, wanted - filled, offset + filled)
        if (bytesRead === 0) throw new RangeError('the file became shorter')
        filled += bytesRead
      }
      this.#bytes = bytes
      this.#start = offset
      return bytes.subarray(0, length)
    }
    return this.#bytes.subarray(at, at + length)
  }
}
