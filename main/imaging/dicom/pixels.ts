import { basename } from 'node:path'
import { WorkstationError } from '../../errors.ts'
import type { DicomHeader } from './header.ts'
import { addInPlace, pairSum, rescale } from './hounsfield.ts'
import { readFully, withFile } from './openFile.ts'
import { truncatedSlice } from './refusals.ts'
import { TRANSFER_SYNTAXES } from './uids.ts'

/**
 * Reads and decodes one slice into `out` (rows · columns, row by row), as HU: a file of one image, or frame
 * `frameNumber` of a multi-frame file, whose `numberOfFrames` is that of the file.
 * @returns how many values were clamped at 32,767 HU
 * @throws WorkstationError input/truncated, input/damaged, input/unreadable, input/transfer-syntax
 */
export async function readSlice(header: DicomHeader, out: Int16Array): Promise<number> {
  try {
    if (await readInPlace(header, out)) return 0
    // Decoders are loaded only where there is something to decode.
    const { readStoredSlice } = await import('./storedSlice.ts')
    return await readStoredSlice(header, out)
  } catch (error) {
    if (error instanceof WorkstationError) throw error
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

/**
 * Reads a slice that is stored as it is straight into `out` and makes HU of it there: nearly every uncompressed one.
 * @returns false where that cannot be done, and what lies in `out` is of no use
 */
async function readInPlace(header: DicomHeader, out: Int16Array): Promise<boolean> {
  const { layout, pixelData, hasModalityLut, transferSyntaxUid } = header
  const { decoder, bigEndian, deflated } = TRANSFER_SYNTAXES[transferSyntaxUid] ?? {}
  if (decoder !== 'native' || bigEndian || deflated || hasModalityLut || !pixelData) return false
  const sum = pairSum(layout, rescale(header.rescaleSlope ?? 1, header.rescaleIntercept ?? 0), out.length)
  if (!sum || out.byteOffset % 4 !== 0 || out.length !== layout.rows * layout.columns) return false
  const from = ((header.frameNumber ?? 1) - 1) * out.byteLength
  if (from + out.byteLength > pixelData.length) throw truncatedSlice(header)
  const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength)
  const filled = await withFile(header.file, (file) =>
    readFully(file, bytes, 0, bytes.length, pixelData.offset + from),
  )
  if (filled < bytes.length) throw truncatedSlice(header)
  return addInPlace(out, sum)
}
