import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type DicomHeader, readHeader } from '../../../main/imaging/dicom/header.ts'
import { readSlice } from '../../../main/imaging/dicom/pixels.ts'
import { SHARED } from './readerFixtures.ts'

/** Made by test/golden/make_codecs.py. */
const CODECS = resolve(import.meta.dirname, '../../golden/codecs')
const expected: Record<string, { frames: number[][]; tolerance: number }> = JSON.parse(
  readFileSync(join(CODECS, 'expected.json'), 'utf8'),
)

const EXTENDED = 'frames-extended-offset-table'

async function header(file: string): Promise<DicomHeader> {
  const result = await readHeader(file)
  if (result.kind !== 'header') throw new Error(`${file}: ${result.kind}`)
  return result.header
}

/** Frame k (from 1) of a file as stored values: without the rescale, where it has no Modality LUT. */
async function frame(file: string, k?: number): Promise<Int16Array> {
  const { frames: _, ...whole } = await header(file)
  const one = { ...whole, rescaleSlope: 1, rescaleIntercept: 0, ...(k ? { frameNumber: k } : {}) }
  const out = new Int16Array(one.layout.rows * one.layout.columns)
  await readSlice(one, out)
  return out
}

describe('an independent decoder finds the same values', () => {
  // The reading of headers with an Extended Offset Table is not the matter here; see below.
  it.each(Object.entries(expected).filter(([name]) => name !== EXTENDED))(
    '%s',
    async (name, { frames, tolerance }) => {
      // Out of order: nothing may depend on the frame read before.
      const order = frames.map((_, i) => (i * 3 + 1) % frames.length)
      expect(new Set(order).size).toBe(frames.length)
      for (const i of order) {
        const values = await frame(join(CODECS, `${name}.dcm`), frames.length > 1 ? i + 1 : undefined)
        const worst = Math.max(...frames[i]!.map((v, at) => Math.abs(v - values[at]!)))
        expect(worst).toBeLessThanOrEqual(tolerance)
      }
    },
  )

  it('covers every case that was made', () => {
    const files = readdirSync(CODECS).filter((name) => name.endsWith('.dcm'))
    expect(files.map((name) => name.slice(0, -4)).sort()).toEqual(Object.keys(expected).sort())
    expect(files.length).toBeGreaterThanOrEqual(20)
  })
})

it('finds frames by where the header says the pixel data are, without reading the header again', async () => {
  const file = join(CODECS, `${EXTENDED}.dcm`)
  const twin = await header(join(CODECS, 'frames-one-fragment-each.dcm'))
  const tag = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff])
  const pixelData = { offset: readFileSync(file).indexOf(tag) + tag.length, length: -1 }
  for (const [i, values] of expected[EXTENDED]!.frames.entries()) {
    const out = new Int16Array(values.length)
    const scaled = { rescaleSlope: 1, rescaleIntercept: 0 }
    await readSlice({ ...twin, ...scaled, file, pixelData, frameNumber: i + 1 }, out)
    expect([...out]).toEqual(values)
  }
})

it('refuses a frame that the file does not have', async () => {
  await expect(frame(join(CODECS, 'frames-native.dcm'), 5)).rejects.toMatchObject({ code: 'input/truncated' })
  await expect(frame(join(CODECS, 'frames-offset-table.dcm'), 9)).rejects.toMatchObject({
    code: 'input/damaged',
  })
})

describe('public images', () => {
  const edge = join(SHARED, 'dicom/edge')
  const present = statSync(edge, { throwIfNoEntry: false }) !== undefined
  const sum = (values: Int16Array) => values.reduce((a, b) => a + b, 0)
  // Sums of stored values by GDCM 3.0.21.
  it.skipIf(!present).each([
    ['jpeg_baseline_50', undefined, 25128768],
    ['jpeg_extended_51', undefined, 405866194],
    ['jpeg_fragmented_no_bot', 1, 369000465],
    ['jpeg_fragmented_no_bot', 2, 366597479],
  ])('%s %s', async (folder, k, gdcm) => {
    const [file] = readdirSync(join(edge, folder))
    expect(sum(await frame(join(edge, folder, file!), k))).toBe(gdcm)
  })
})
