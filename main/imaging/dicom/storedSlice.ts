import { basename } from 'node:path'
import { WorkstationError } from '../../errors.ts'
import { decodeWithCodec } from './codecs.ts'
import { disagreement, jpeg2000Image, jpegImage, SOF_JPEG_LS } from './codestream.ts'
import { FragmentsCutShort, readFrame } from './encapsulated.ts'
import type { DicomHeader } from './header.ts'
import { rescale, storedToHounsfield } from './hounsfield.ts'
import { decodeJpegDct } from './jpegDct.ts'
import { decodeJpegLossless } from './jpegLossless.ts'
import { throughLut } from './modalityLut.ts'
import { DicomParseFailure } from './parse.ts'
import { type PixelStore, withPixelStore } from './pixelStore.ts'
import { truncatedSlice, unsupportedSyntax } from './refusals.ts'
import { decodeRle } from './rle.ts'
import { TRANSFER_SYNTAXES, transferSyntaxName } from './uids.ts'

/**
 * A compressed picture of more bytes than this, for each byte it decodes to, is damage: no encoder makes a picture
 * much larger than it was. Its header may be some thousand bytes.
 */
const MAX_EXPANSION = 2
const MAX_PICTURE_HEADER_BYTES = 2 ** 20

/**
 * Reads and decodes a slice however it is stored, as `readSlice` does.
 * @throws as readSlice, and DicomParseFailure or any error where the picture cannot be found in the file
 */
export async function readStoredSlice(header: DicomHeader, out: Int16Array): Promise<number> {
  const bigEndian = TRANSFER_SYNTAXES[header.transferSyntaxUid]?.bigEndian === true
  try {
    return await withPixelStore(header, async (store) => {
      const words = await storedWords(header, store)
      const mapping = store.lut
        ? throughLut(store.lut)
        : rescale(header.rescaleSlope ?? 1, header.rescaleIntercept ?? 0)
      return storedToHounsfield(words, header.layout, bigEndian, mapping, out)
    })
  } catch (error) {
    if (error instanceof DicomParseFailure || error instanceof FragmentsCutShort)
      throw truncatedSlice(header, error)
    throw error
  }
}

/**
 * The stored words of a slice, or frame, as they were before they were compressed.
 * @throws WorkstationError input/truncated, input/damaged, input/transfer-syntax; FragmentsCutShort and other errors
 *   where the picture cannot be found; input/output errors as they come
 */
async function storedWords(header: DicomHeader, store: PixelStore): Promise<Uint8Array> {
  const { rows, columns, bitsAllocated } = header.layout
  const bytesPerSample = bitsAllocated / 8
  const decoder = TRANSFER_SYNTAXES[header.transferSyntaxUid]?.decoder
  if (!decoder) {
    throw new WorkstationError('input/transfer-syntax', unsupportedSyntax(header.transferSyntaxUid))
  }
  if (decoder === 'native') return nativeFrame(header, store)
  const frame = await encapsulatedFrame(header, store)
  try {
    if (decoder === 'rle') return decodeRle(frame, rows * columns, bytesPerSample)
    if (decoder === 'jpeg-lossless') return decodeJpegLossless(frame, rows, columns, bytesPerSample)
    if (decoder === 'jpeg-dct') return decodeJpegDct(frame, rows, columns, bytesPerSample)
    const image = decoder === 'jpeg-ls' ? jpegImage(frame, [SOF_JPEG_LS]) : jpeg2000Image(frame)
    const contradiction = disagreement(image, header.layout)
    if (contradiction) {
      throw new WorkstationError(
        'input/damaged',
        `The image ${basename(header.file)} is damaged: its compressed picture ${contradiction}.`,
        header.file,
      )
    }
    return await decodeWithCodec(decoder, frame, image, header.layout)
  } catch (error) {
    if (error instanceof WorkstationError) throw error
    throw new WorkstationError(
      'input/damaged',
      `The image ${basename(header.file)} is damaged: its compressed picture (${transferSyntaxName(header.transferSyntaxUid)}) cannot be decoded.`,
      error,
    )
  }
}

/** PS3.5 8.1.1 and C.7.6.6.1.1: frames follow each other without padding. */
async function nativeFrame(header: DicomHeader, { source, pixelData }: PixelStore): Promise<Uint8Array> {
  const { rows, columns, bitsAllocated } = header.layout
  const length = rows * columns * (bitsAllocated / 8)
  const from = ((header.frameNumber ?? 1) - 1) * length
  if (!pixelData || from + length > pixelData.length || pixelData.offset + from + length > source.size) {
    throw truncatedSlice(header)
  }
  return source.read(pixelData.offset + from, length)
}

async function encapsulatedFrame(header: DicomHeader, store: PixelStore): Promise<Uint8Array> {
  const { pixelData, source } = store
  if (!pixelData || pixelData.length >= 0) {
    throw new WorkstationError(
      'input/damaged',
      `The image ${basename(header.file)} is damaged: it is said to be compressed (${transferSyntaxName(header.transferSyntaxUid)}) and is not stored so.`,
      header.file,
    )
  }
  const fragments = (await store.frames())[(header.frameNumber ?? 1) - 1]
  if (!fragments) throw truncatedSlice(header)
  const { rows, columns, bitsAllocated } = header.layout
  const decoded = rows * columns * (bitsAllocated / 8)
  const total = fragments.reduce((sum, f) => sum + f.length, 0)
  if (total > MAX_EXPANSION * decoded + MAX_PICTURE_HEADER_BYTES) {
    throw new WorkstationError(
      'input/damaged',
      `The image ${basename(header.file)} is damaged: its compressed picture is larger than the picture itself.`,
      `${total} bytes for ${decoded}`,
    )
  }
  return readFrame(source, fragments)
}
