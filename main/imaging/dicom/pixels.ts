import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { WorkstationError } from '../../errors.ts'
import { decodeWithCodec } from './codecs.ts'
import { disagreement, jpeg2000Image, jpegImage, SOF_JPEG_LS } from './codestream.ts'
import type { DicomHeader } from './header.ts'
import { storedToHounsfield } from './hounsfield.ts'
import { decodeJpegLossless } from './jpegLossless.ts'
import { type DicomDataSet, DicomParseFailure, parseDicom } from './parse.ts'
import { decodeRle } from './rle.ts'
import { TRANSFER_SYNTAXES, transferSyntaxName } from './uids.ts'

/**
 * Reads and decodes one slice into `out` (rows · columns, row by row), as HU.
 * @returns how many values were clamped at 32,767 HU
 * @throws WorkstationError input/truncated, input/damaged, input/unreadable, input/transfer-syntax
 */
export async function readSlice(header: DicomHeader, out: Int16Array): Promise<number> {
  const syntax = TRANSFER_SYNTAXES[header.transferSyntaxUid]
  const words = await storedWords(header, await parsed(header))
  return storedToHounsfield(
    words,
    header.layout,
    syntax?.bigEndian === true,
    header.rescaleSlope ?? 1,
    header.rescaleIntercept ?? 0,
    out,
  )
}

async function parsed(header: DicomHeader): Promise<DicomDataSet> {
  let file: Buffer
  try {
    file = await readFile(header.file)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw new WorkstationError(
      'input/unreadable',
      `The file ${header.file} cannot be read (${code ?? 'read error'}).`,
      error,
    )
  }
  try {
    // dicom-parser treats a Buffer's slices as copies, which they are not: hand it a plain Uint8Array.
    return parseDicom(new Uint8Array(file.buffer, file.byteOffset, file.length))
  } catch (error) {
    if (error instanceof DicomParseFailure) throw truncatedSlice(header, error)
    throw error
  }
}

async function storedWords(header: DicomHeader, dataSet: DicomDataSet): Promise<Uint8Array> {
  const { rows, columns, bitsAllocated } = header.layout
  const bytesPerSample = bitsAllocated / 8
  const decoder = TRANSFER_SYNTAXES[header.transferSyntaxUid]?.decoder
  if (decoder === 'native') {
    const pixels = dataSet.pixelData
    const needed = rows * columns * bytesPerSample
    if (!pixels || pixels.length < needed || pixels.offset + needed > dataSet.bytes.length) {
      throw truncatedSlice(header)
    }
    return dataSet.bytes.subarray(pixels.offset, pixels.offset + needed)
  }
  const frame = encapsulatedFrame(header, dataSet)
  try {
    if (decoder === 'rle') return decodeRle(frame, rows * columns, bytesPerSample)
    if (decoder === 'jpeg-lossless') return decodeJpegLossless(frame, rows, columns, bytesPerSample)
    if (decoder) {
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
    }
  } catch (error) {
    if (error instanceof WorkstationError) throw error
    throw new WorkstationError(
      'input/damaged',
      `The image ${basename(header.file)} is damaged: its compressed picture (${transferSyntaxName(header.transferSyntaxUid)}) cannot be decoded.`,
      error,
    )
  }
  throw new WorkstationError('input/transfer-syntax', unsupportedSyntax(header.transferSyntaxUid))
}

/** PS3.5 A.4: the fragments of a single-frame object together are its one frame. */
function encapsulatedFrame(header: DicomHeader, dataSet: DicomDataSet): Uint8Array {
  const { fragments, bytes } = dataSet
  if (fragments.length === 0) throw truncatedSlice(header)
  const total = fragments.reduce((sum, f) => sum + f.length, 0)
  if (total > bytes.length || fragments.some((f) => f.offset + f.length > bytes.length))
    throw truncatedSlice(header)
  const frame = new Uint8Array(total)
  let at = 0
  for (const { offset, length } of fragments) {
    frame.set(bytes.subarray(offset, offset + length), at)
    at += length
  }
  return frame
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
