import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type DicomHeader, readHeader } from '../../../main/imaging/dicom/header.ts'
import { readSlice } from '../../../main/imaging/dicom/pixels.ts'
import { openCt } from '../../../main/imaging/open.ts'
import { furthest, GOLDEN, refusal, SHARED, setElement, temporaryFolder } from './readerFixtures.ts'

/** Made by test/golden/make_multiframe.py, where pydicom, dcm2niix and GDCM judge them. */
const MULTIFRAME = join(GOLDEN, '../multiframe')
const at = (name: string) => join(MULTIFRAME, `${name}.dcm`)

interface ExpectedFrame {
  imageType: string[]
  imagePosition: number[]
  imageOrientation: number[]
  pixelSpacing: number[]
  sliceThickness: number
  convolutionKernel: string
  rescaleSlope: number
  rescaleIntercept: number
  rescaleType: string
  acquisitionNumber: number
  temporalPosition: number | null
  stackId: string | null
  hu: number[]
}

interface Expected {
  transferSyntaxUid: string
  frames: ExpectedFrame[]
  volume: {
    dims: number[]
    spacing: number[]
    origin: number[]
    direction: number[]
    voxels: number[]
  } | null
}

const cases = readdirSync(MULTIFRAME)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length))
const expectation = (name: string): Expected =>
  JSON.parse(readFileSync(join(MULTIFRAME, `${name}.json`), 'utf8'))

async function headerAt(path: string): Promise<DicomHeader> {
  const result = await readHeader(path)
  if (result.kind !== 'header') throw new Error(result.kind)
  return result.header
}

/** A copy of a golden object, its bytes passed through `edit`. */
function edited(name: string, edit: (bytes: Uint8Array) => Uint8Array): string {
  const path = join(temporaryFolder(), 'edited.dcm')
  writeFileSync(path, edit(new Uint8Array(readFileSync(at(name)))))
  return path
}

describe('the frames of an enhanced CT', () => {
  it.each(cases)(
    '%s: geometry, rescale, kind, stack and time of every frame as pydicom reads them',
    async (name) => {
      const expected = expectation(name)
      const header = await headerAt(at(name))
      expect(header.transferSyntaxUid).toBe(expected.transferSyntaxUid)
      expect(header.numberOfFrames).toBe(expected.frames.length)
      expect(header.frames).toHaveLength(expected.frames.length)
      for (const [i, frame] of header.frames!.entries()) {
        const { imagePosition, imageOrientation, pixelSpacing, hu: _, ...rest } = expected.frames[i]!
        expect(frame.frameNumber).toBe(i + 1)
        expect(frame.frames).toBeUndefined()
        expect(furthest(frame.imagePosition!, imagePosition)).toBe(0)
        expect(furthest(frame.imageOrientation!, imageOrientation)).toBe(0)
        expect(furthest(frame.pixelSpacing!, pixelSpacing)).toBe(0)
        expect({
          imageType: frame.imageType,
          sliceThickness: frame.identity.sliceThickness,
          convolutionKernel: frame.identity.convolutionKernel,
          rescaleSlope: frame.rescaleSlope,
          rescaleIntercept: frame.rescaleIntercept,
          rescaleType: frame.rescaleType,
          acquisitionNumber: frame.acquisitionNumber,
          temporalPosition: frame.temporalPosition ?? null,
          stackId: frame.stackId ?? null,
        }).toEqual(rest)
      }
    },
  )

  it.each(cases)('%s: HU of every frame', async (name) => {
    const { frames = [] } = await headerAt(at(name))
    const out = new Int16Array(8 * 6)
    for (const [i, { hu }] of expectation(name).frames.entries()) {
      await readSlice(frames[i]!, out)
      expect(Array.from(out), `frame ${i + 1}`).toEqual(hu)
    }
  })

  it.each(cases.filter((name) => expectation(name).volume))(
    '%s opens as the volume expected',
    async (name) => {
      const { dims, spacing, origin, direction, voxels } = expectation(name).volume!
      const { volume } = await openCt(at(name))
      expect(volume.dims).toEqual(dims)
      expect(furthest(volume.spacing, spacing)).toBeLessThan(1e-6)
      expect(furthest(volume.origin, origin)).toBeLessThan(1e-6)
      expect(furthest(volume.direction, direction)).toBeLessThan(1e-6)
      expect(Array.from(volume.voxels)).toEqual(voxels)
    },
  )

  it('share one identity, with the kernel and thickness of their groups', async () => {
    const { frames = [], identity } = await headerAt(at('axial'))
    expect(new Set(frames.map((f) => f.identity)).size).toBe(1)
    expect(identity).toMatchObject({ convolutionKernel: 'B40f', sliceThickness: 2.5, patientId: 'P2' })
  })

  it('a frame that is a localizer is not part of the volume', async () => {
    const { volume } = await openCt(at('localizer-frame'))
    expect(volume.dims[2]).toBe(4)
  })

  it('stacks and time points are volumes of their own', async () => {
    for (const name of ['two-stacks', 'time-points']) {
      expect((await refusal(openCt(at(name)))).code, name).toBe('input/several-series')
    }
  })
})

describe('a multi-frame CT is refused', () => {
  it('that is not an enhanced one: nothing says where its frames lie', async () => {
    const path = edited('axial', (b) => setElement(b, '00080016', 'UI', '1.2.840.10008.5.1.4.1.1.2\0'))
    expect((await headerAt(path)).frames).toBeUndefined()
    expect((await refusal(openCt(path))).code).toBe('input/multi-frame')
  })

  it('whose groups are fewer or more than its frames', async () => {
    for (const count of ['4', '6', '1000000000', '-1']) {
      const path = edited('axial', (b) => setElement(b, '00280008', 'IS', count))
      expect((await headerAt(path)).frames, count).toBeUndefined()
      expect((await refusal(openCt(path))).code, count).toBe('input/multi-frame')
    }
  })

  it('whose picture holds fewer frames than it has groups', async () => {
    const path = edited('axial', (bytes) => {
      const out = Buffer.from(bytes)
      const pixelData = out.indexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00]))
      out.writeUInt32LE(4 * 8 * 6 * 2, pixelData + 8)
      return out.subarray(0, pixelData + 12 + 4 * 8 * 6 * 2)
    })
    const { frames = [] } = await headerAt(path)
    expect(frames.every((f) => f.truncated)).toBe(true)
    expect((await refusal(openCt(path))).code).toBe('input/truncated')
  })

  it('that is cut short at any byte', { timeout: 60_000 }, async () => {
    for (const name of ['axial', 'undefined-lengths-implicit', 'rle']) {
      const whole = readFileSync(at(name))
      for (let length = 140; length < whole.length - 8; length += 97) {
        await refusal(openCt(edited(name, (b) => b.subarray(0, length))))
      }
    }
  })
})

describe.skipIf(!existsSync(SHARED))('public multi-frame CT', () => {
  it('a perfusion map of two frames, plain and as JPEG in fragments without an offset table', async () => {
    for (const name of [
      'enhanced_multiframe_ct/eCT_Supplemental.dcm',
      'jpeg_fragmented_no_bot/CT0012.fragmented_no_bot_jpeg_baseline.51.dcm',
    ]) {
      const header = await headerAt(join(SHARED, 'dicom/edge', name))
      expect(header.frames?.map((f) => [f.frameNumber, f.layout.rows, f.imageType[3]])).toEqual([
        [1, 512, 'RCBF'],
        [2, 512, 'RCBF'],
      ])
    }
  })
})
