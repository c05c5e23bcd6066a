/** The @cornerstonejs/codec-… packages have no types of their own; this much of them is used (see codecs.ts). */

declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  const create: (options: object) => Promise<Record<'JpegLSDecoder', new () => unknown>>
  export default create
}
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  const create: (options: object) => Promise<Record<'J2KDecoder', new () => unknown>>
  export default create
}
declare module '@cornerstonejs/codec-openjph/wasmjs' {
  const create: (options: object) => Promise<Record<'HTJ2KDecoder', new () => unknown>>
  export default create
}
