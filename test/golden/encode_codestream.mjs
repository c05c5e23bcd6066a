/**
 * Encodes one picture as JPEG 2000 or HTJ2K, for make_readers.py: GDCM's encoder fails on pictures of a few pixels.
 * Usage: node encode_codestream.mjs j2k|htj2k columns rows precision signed(0|1) lossless(0|1) < words > codestream
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const [kind, columns, rows, precision, signed, lossless] = process.argv.slice(2)
const require = createRequire(import.meta.url)
const words = readFileSync(0)
const codec = await require(`@cornerstonejs/codec-${kind === 'j2k' ? 'openjpeg' : 'openjph'}/wasmjs`)()
const encoder = new codec[kind === 'j2k' ? 'J2KEncoder' : 'HTJ2KEncoder']()
encoder
  .getDecodedBuffer({
    width: Number(columns),
    height: Number(rows),
    bitsPerSample: Number(precision),
    componentCount: 1,
    isSigned: signed === '1',
    isUsingColorTransform: false,
  })
  .set(words)
encoder.setDecompositions(1)
if (kind === 'j2k') {
  if (lossless !== '1') encoder.setCompressionRatio(0, 3)
  encoder.setQuality(lossless === '1', 0)
} else encoder.setQuality(lossless === '1', 0.001)
encoder.encode()
process.stdout.write(encoder.getEncodedBuffer())
