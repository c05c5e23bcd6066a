import { type ByteSource, BytesInMemory, BytesOfFile } from './byteSource.ts'
import { type FrameIndex, indexFrames } from './encapsulated.ts'
import type { DicomHeader } from './header.ts'
import { type ModalityLut, modalityLutOf } from './modalityLut.ts'
import { type OpenFile, readFully, statOf, withFile } from './openFile.ts'
import { parseDicom } from './parse.ts'
import { TRANSFER_SYNTAXES } from './uids.ts'

/** The item headers of a multi-frame file are read through this much at a time, a single image in one go. */
const FRAMES_WINDOW_BYTES = 4096
const IMAGE_WINDOW_BYTES = 512 * 1024

/** What is known of a file after its data set was looked at: needed once for all of its frames. */
interface Located {
  pixelData: { offset: number; length: number } | undefined
  lut: ModalityLut | undefined
  /** The data set, where offsets do not refer to the file: it is deflated, or had to be given a preamble. */
  bytes: Uint8Array | undefined
  frames: FrameIndex | undefined
}

/** The pixel data of one file, open for reading. */
export interface PixelStore {
  source: ByteSource
  pixelData: { offset: number; length: number } | undefined
  lut: ModalityLut | undefined
  /** @throws as indexFrames */
  frames(): Promise<FrameIndex>
}

/** The last multi-frame file: its frames are read one after another. */
let last: { key: string; located: Located } | undefined

/**
 * Opens the file of `header`, hands its pixel data to `work`, and closes it. The data set is parsed only where the
 * header does not say where the pixel data are, or has a Modality LUT, and once for all frames of a file.
 * @throws DicomParseFailure; input/output errors as they come; what `work` throws
 */
export async function withPixelStore<T>(
  header: DicomHeader,
  work: (store: PixelStore) => Promise<T>,
): Promise<T> {
  return withFile(header.file, async (file) => {
    const { size, mtimeMs } = await statOf(file)
    const multiFrame = header.frameNumber !== undefined
    const key = `${header.file}\0${size}\0${mtimeMs}`
    let located = last?.key === key ? last.located : undefined
    if (!located) {
      located = await locate(header, file, size)
      if (multiFrame) last = { key, located }
    }
    const { pixelData, lut, bytes } = located
    const window = multiFrame ? FRAMES_WINDOW_BYTES : IMAGE_WINDOW_BYTES
    const inFile = bytes ? undefined : new BytesOfFile(file, size, window)
    const source = inFile ?? new BytesInMemory(bytes!)
    const index = located
    try {
      return await work({
        source,
        pixelData,
        lut,
        frames: async () => {
          index.frames ??= await indexFrames(source, pixelData?.offset ?? size, frameCount(header))
          return index.frames
        },
      })
    } finally {
      inFile?.close()
    }
  })
}

function frameCount(header: DicomHeader): number {
  return header.frameNumber === undefined ? 1 : Math.max(header.numberOfFrames, header.frameNumber)
}

async function locate(header: DicomHeader, file: OpenFile, size: number): Promise<Located> {
  const inFile = TRANSFER_SYNTAXES[header.transferSyntaxUid]?.deflated !== true
  if (header.pixelData && inFile && !header.hasModalityLut) {
    return { pixelData: header.pixelData, lut: undefined, bytes: undefined, frames: undefined }
  }
  const whole = new Uint8Array(size)
  const dataSet = parseDicom(whole.subarray(0, await readFully(file, whole, 0, size, 0)))
  const lut = header.hasModalityLut ? modalityLutOf(dataSet, header.layout.signed) : undefined
  return { pixelData: dataSet.pixelData, lut, bytes: dataSet.bytes, frames: undefined }
}
