const HEADER_BYTES = 64
const MAX_SEGMENTS = 15

/**
 * Decodes one frame of RLE Lossless (DICOM PS3.5 Annex G): one PackBits segment per byte of the sample, most
 * significant byte first.
 * @returns the words in little-endian order, `pixels · bytesPerSample` bytes
 * @throws Error if the frame is malformed or too short
 */
export function decodeRle(frame: Uint8Array, pixels: number, bytesPerSample: number): Uint8Array {
  if (frame.length < HEADER_BYTES) throw new Error('RLE header missing')
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const segments = view.getUint32(0, true)
  if (segments !== bytesPerSample || segments > MAX_SEGMENTS) {
    throw new Error(`${segments} RLE segments, ${bytesPerSample} expected`)
  }
  const out = new Uint8Array(pixels * bytesPerSample)
  for (let segment = 0; segment < segments; segment++) {
    const start = view.getUint32(4 * (segment + 1), true)
    const end = segment + 1 < segments ? view.getUint32(4 * (segment + 2), true) : frame.length
    if (start < HEADER_BYTES || end > frame.length || end < start)
      throw new Error('RLE segment outside the frame')
    unpackBits(frame.subarray(start, end), out, segments - 1 - segment, bytesPerSample, pixels)
  }
  return out
}

/** PS3.5 G.3.2: a count byte n, then n + 1 literal bytes (0 … 127) or one byte repeated 1 − n times (−127 … −1). */
function unpackBits(packed: Uint8Array, out: Uint8Array, first: number, stride: number, count: number): void {
  let read = 0
  let written = 0
  while (written < count) {
    if (read >= packed.length) throw new Error('RLE segment ends too early')
    const control = packed[read++]!
    if (control === 128) continue
    const literal = control < 128
    const run = Math.min(literal ? control + 1 : 257 - control, count - written)
    if (read + (literal ? run : 1) > packed.length) throw new Error('RLE segment ends too early')
    for (let i = 0; i < run; i++) out[first + stride * written++] = packed[literal ? read + i : read]!
    read += literal ? run : 1
  }
}
