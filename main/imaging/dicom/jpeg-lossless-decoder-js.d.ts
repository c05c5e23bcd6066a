/** The package ships no types (its package.json names a file that is not in it). Only what is used here. */
declare module 'jpeg-lossless-decoder-js' {
  export class Decoder {
    decode(
      buffer: ArrayBuffer,
      offset?: number,
      length?: number,
      bytesPerSample?: number,
    ): Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>
  }
}
