import { inflateRawSync } from 'node:zlib'
import { WorkstationError } from '../../errors.ts'
import { BytesInMemory } from '../../imaging/dicom/byteSource.ts'
import { indexFrames, readFrame } from '../../imaging/dicom/encapsulated.ts'
import type { DicomHeader } from '../../imaging/dicom/header.ts'
import type { DicomDataSet } from '../../imaging/dicom/parse.ts'
import { decodeRle } from '../../imaging/dicom/rle.ts'
import { TRANSFER_SYNTAXES, transferSyntaxName } from '../../imaging/dicom/uids.ts'

const SEGMENTATION_TYPE = '00620001'
const MAXIMUM_FRACTIONAL_VALUE = '0062000e'
const DEFLATED_FRAMES = '1.2.840.10008.1.2.8.1'
const RLE_LOSSLESS = '1.2.840.10008.1.2.5'

/** From this part of Maximum Fractional Value on, a pixel belongs to the segment. */
const HALF = 0.5

/** Whether pixel `p` (row by row) of a frame belongs to the frame's segment. */
export type SegFrame = (p: number) => boolean

/**
 * The frames of a segmentation in stored order (DICOM PS3.3 C.8.20.2): of one bit a pixel, or of one byte, where a
 * fractional value counts from half its maximum on. Uncompressed, RLE Lossless or deflated frame by frame.
 * @throws WorkstationError 'input/segmentation-type', 'input/transfer-syntax', 'input/truncated', 'input/damaged'
 */
export async function* segFrames(header: DicomHeader, dataSet: DicomDataSet): AsyncGenerator<SegFrame> {
  const { rows, columns, bitsAllocated } = header.layout
  const type = dataSet.string(SEGMENTATION_TYPE)
  const known = type === 'BINARY' || type === 'FRACTIONAL'
  if (!known || (bitsAllocated !== 1 && bitsAllocated !== 8)) {
    throw new WorkstationError(
      'input/segmentation-type',
      `The segmentation cannot be read: it is of type ${type || 'unknown'} with ${bitsAllocated} bits a pixel; binary and fractional ones of 1 or 8 bits can.`,
    )
  }
  const lowest = type === 'BINARY' ? 1 : HALF * (dataSet.uint16(MAXIMUM_FRACTIONAL_VALUE) ?? 255)
  const pixels = rows * columns
  for await (const { bytes, firstBit } of storedFrames(header, dataSet, pixels * bitsAllocated)) {
    if (bitsAllocated === 8) yield (p) => bytes[p] >= lowest
    else yield (p) => ((bytes[(firstBit + p) >> 3] >> ((firstBit + p) & 7)) & 1) === 1
  }
}

interface StoredFrame {
  bytes: Uint8Array
  /** Of the frame, in its first byte: frames of one bit a pixel follow each other without padding (PS3.5 8.1.1). */
  firstBit: number
}

async function* storedFrames(
  { transferSyntaxUid: uid, numberOfFrames, file }: DicomHeader,
  { bytes, pixelData }: DicomDataSet,
  frameBits: number,
): AsyncGenerator<StoredFrame> {
  const syntax = TRANSFER_SYNTAXES[uid]
  const frameBytes = Math.ceil(frameBits / 8)
  if (!pixelData) throw cutShort(file)
  if (syntax?.decoder === 'native' && !syntax.bigEndian) {
    const end = pixelData.offset + Math.ceil((frameBits * numberOfFrames) / 8)
    if (end > bytes.length || pixelData.offset + pixelData.length < end) throw cutShort(file)
    for (let frame = 0; frame < numberOfFrames; frame++) {
      const bit = frame * frameBits
      const start = pixelData.offset + (bit >> 3)
      yield { bytes: bytes.subarray(start, start + frameBytes + 1), firstBit: bit & 7 }
    }
    return
  }
  const decode =
    uid === RLE_LOSSLESS
      ? (frame: Uint8Array) => decodeRle(frame, frameBytes, 1)
      : uid === DEFLATED_FRAMES
        ? (frame: Uint8Array) => inflateRawSync(frame, { maxOutputLength: frameBytes + 1 })
        : undefined
  if (decode === undefined) {
    throw new WorkstationError(
      'input/transfer-syntax',
      `The segmentation cannot be read: it is stored as ${transferSyntaxName(uid)}, which is not supported for segmentations.`,
    )
  }
  const source = new BytesInMemory(bytes)
  for (const fragments of await indexFrames(source, pixelData.offset, numberOfFrames)) {
    const frame = decode(await readFrame(source, fragments))
    if (frame.length < frameBytes) throw cutShort(file)
    yield { bytes: frame, firstBit: 0 }
  }
}

function cutShort(file: string): WorkstationError {
  return new WorkstationError(
    'input/truncated',
    'The segmentation is cut short: the file ends before its frames do.',
    file,
  )
}
