import { type CodestreamImage, checkEndOfImage, checkTileParts } from './codestream.ts'
import type { PixelLayout } from './header.ts'

/** Compressed pictures that a WebAssembly codec decodes. */
export type CodecName = 'jpeg-ls' | 'jpeg-2000' | 'htj2k'

/** What the decoder classes of the @cornerstonejs codecs have in common. They are C++ objects: delete them. */
interface Decoder {
  /** Memory of the codec, to be filled with the codestream. */
  getEncodedBuffer(length: number): Uint8Array
  decode(): void
  /** Memory of the codec: one byte a sample up to 8 bits, two (little endian) above. */
  getDecodedBuffer(): Uint8Array
  delete(): void
}
type DecoderClass = new () => Decoder

/**
 * A codec's own words about a codestream would end up between the lines of our output. The codec makes itself out of
 * this object, so each needs one of its own.
 */
const quiet = () => ({ print: () => {}, printErr: () => {} })

const LOADERS: Readonly<Record<CodecName, () => Promise<DecoderClass>>> = {
  'jpeg-ls': async () => {
    const { default: create } = await import('@cornerstonejs/codec-charls/decodewasmjs')
    return (await create(quiet())).JpegLSDecoder as DecoderClass
  },
  'jpeg-2000': async () => {
    const { default: create } = await import('@cornerstonejs/codec-openjpeg/decodewasmjs')
    return (await create(quiet())).J2KDecoder as DecoderClass
  },
  htj2k: async () => {
    const { default: create } = await import('@cornerstonejs/codec-openjph/wasmjs')
    return (await create(quiet())).HTJ2KDecoder as DecoderClass
  },
}

const loaded = new Map<CodecName, Promise<DecoderClass>>()

function decoderClass(codec: CodecName): Promise<DecoderClass> {
  const present = loaded.get(codec)
  if (present) return present
  const loading = LOADERS[codec]()
  loaded.set(codec, loading)
  return loading
}

/**
 * Decodes one frame, which `image` describes and which `disagreement` found to suit `layout`.
 * @returns the words in little-endian order, `rows · columns · bitsAllocated / 8` bytes
 * @throws Error if the codestream is malformed or ends too early
 */
export async function decodeWithCodec(
  codec: CodecName,
  frame: Uint8Array,
  image: CodestreamImage,
  layout: PixelLayout,
): Promise<Uint8Array> {
  if (codec === 'jpeg-ls') checkEndOfImage(frame)
  else checkTileParts(frame)
  const Decoder = await decoderClass(codec)
  const decoder = new Decoder()
  try {
    decoder.getEncodedBuffer(frame.length).set(frame)
    decoder.decode()
    const samples = decoder.getDecodedBuffer()
    const expected = image.rows * image.columns * (image.precision > 8 ? 2 : 1)
    if (samples.length !== expected) throw new Error(`${samples.length} bytes decoded, ${expected} expected`)
    return toWords(samples, image, layout)
  } catch (error) {
    // After an abort, and with what a C++ exception leaves behind, a codec is not to be used again.
    loaded.delete(codec)
    // C++ exceptions arrive as numbers.
    throw error instanceof Error ? error : new Error(`${codec} codec: exception ${error}`)
  } finally {
    try {
      decoder.delete()
    } catch {} // An aborted codec cannot.
  }
}

/**
 * Copies samples out of the codec's memory into words of `bitsAllocated`. Samples that overshoot their precision, as
 * OpenJPH leaves them after a lossy compression, become the nearest value: cut to their bits, white would turn black.
 * An unsigned sample of fewer bits than the header says are stored is extended by its sign where the header says that
 * there is one (as pydicom does for JPEG 2000).
 */
function toWords(samples: Uint8Array, image: CodestreamImage, layout: PixelLayout): Uint8Array {
  const { precision, signed } = image
  const wide = layout.bitsAllocated === 16
  const inTwoBytes = precision > 8
  // Shifting up and down again extends the sign of the codec's word.
  const unused = inTwoBytes ? 16 : 24
  const lowest = signed ? -(2 ** (precision - 1)) : 0
  const highest = lowest + 2 ** precision - 1
  const signBit = layout.signed && !signed ? 2 ** (precision - 1) : 0
  const count = image.rows * image.columns
  const out = new Uint8Array(count * (wide ? 2 : 1))
  for (let i = 0; i < count; i++) {
    const word = inTwoBytes ? samples[2 * i]! | (samples[2 * i + 1]! << 8) : samples[i]!
    const sample = signed ? (word << unused) >> unused : word
    const value = ((sample < lowest ? lowest : sample > highest ? highest : sample) ^ signBit) - signBit
    if (wide) {
      out[2 * i] = value
      out[2 * i + 1] = value >> 8
    } else out[i] = value
  }
  return out
}
