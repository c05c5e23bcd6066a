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
import { decodeRle } from './rle.ts'
import { TRANSFER_SYNTAXES, transferSyntaxName } from './uids.ts'

/**
 * A compressed picture of more bytes than this, for each byte it decodes to, is damage: no encoder makes a picture
 * much larger than it was. Its header may be some thousand bytes.
 */
const MAX_EXPANSION = 2
const MAX_PICTURE_HEADER_BYTES = 2 ** 20

/**
 * Reads and decodes one slice into `out` (rows · columns, row by row), as HU: a file of one image, or frame
 * `frameNumber` of a multi-frame file, whose `numberOfFrames` is that of the file.
 * @returns how many values were clamped at 32,767 HU
 * @throws WorkstationError input/truncated, input/damaged, input/unreadable, input/transfer-syntax
 */
export async function readSlice(header: DicomHeader, out: Int16Array): Promise<number> {
  const syntax = TRANSFER_SYNTAXES[header.transferSyntaxUid]
  try {
    return await withPixelStore(header, async (store) => {
      const words = await storedWords(header, store)
      const mapping = store.lut
        ? throughLut(store.lut)
        : rescale(header.rescaleSlope ?? 1, header.rescaleIntercept ?? 0)
      return storedToHounsfield(words, header.layout, syntax?.bigEndian === true, mapping, out)
    })
  } catch (error) {
    if (error instanceof WorkstationError) throw error
    if (error instanceof DicomParseFailure || error instanceof FragmentsCutShort)
      throw truncatedSlice(header, error)
    const code = (error as NodeJS.ErrnoException).code
    throw code
      ? new WorkstationError('input/unreadable', `The file ${header.file} cannot be read (${code}).`, error)
      : new WorkstationError(
          'input/damaged',
          `The image ${basename(header.file)} is damaged: its picture cannot be found in it.`,
          error,
        )
  }
}

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

export function truncatedSlice(header: Pick<DicomHeader, 'file'>, detail?: unknown): WorkstationError {
  return new WorkstationError(
    'input/truncated',
    `The image ${basename(header.file)} is cut short: the file ends before its picture does.`,
    detail ?? header.file,
  )
}

export function unsupportedSyntax(uid: string): string {
  return `This series cannot be screened yet: its images are compressed as ${transferSyntaxName(uid)}, which is not supported.`
}
