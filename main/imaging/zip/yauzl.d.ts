/** The part of yauzl 3 that is used; the published types are those of version 2. */
declare module 'yauzl' {
  import type { Readable } from 'node:stream'
  export interface Entry {
    /** As stored, where the archive is opened with decodeStrings false. */
    fileNameRaw: Uint8Array
    extraFields: unknown[]
    generalPurposeBitFlag: number
    externalFileAttributes: number
    compressedSize: number
    uncompressedSize: number
    crc32: number
    canDecodeFileData(): boolean
    isEncrypted(): boolean
  }
  export interface ZipFile {
    entryCount: number
    eachEntry(): AsyncIterableIterator<Entry>
    openReadStreamPromise(entry: Entry): Promise<Readable>
    close(): void
  }
  const yauzl: {
    openPromise(
      path: string,
      options: { lazyEntries: true; autoClose: false; decodeStrings: false },
    ): Promise<ZipFile>
    getFileNameLowLevel(flags: number, raw: Uint8Array, extraFields: unknown[], strict: boolean): string
  }
  export default yauzl
}
