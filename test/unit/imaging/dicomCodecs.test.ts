import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openCt } from '../../../main/imaging/open.ts'
import { GOLDEN, refusal, seriesCopy, setElement } from './readerFixtures.ts'

/** The golden series that a WebAssembly codec decodes; dicomSeries.test.ts compares their voxels. */
const series = readdirSync(join(GOLDEN, 'dicom')).filter(
  (name) => /^(jpegls|jpeg2000|htj2k|jpeg-baseline)-/.test(name) && !name.endsWith('.json'),
)
const whole = series.filter((name) => !name.includes('fragments'))

const FRAGMENT = Buffer.from([0xfe, 0xff, 0x00, 0xe0])

/** The one fragment with the picture: where its bytes begin and end. */
function picture(bytes: Uint8Array): [number, number] {
  const buffer = Buffer.from(bytes)
  const at = buffer.lastIndexOf(FRAGMENT)
  return [at + 8, at + 8 + buffer.readUInt32LE(at + 4)]
}

/** The file with other bytes in its one fragment, correctly encapsulated. */
function withPicture(bytes: Uint8Array, edit: (codestream: Uint8Array) => Uint8Array): Uint8Array {
  const [start, end] = picture(bytes)
  const edited = edit(new Uint8Array(bytes.subarray(start, end)))
  const padded = Buffer.concat([edited, Buffer.alloc(edited.length % 2)])
  const length = Buffer.alloc(4)
  length.writeUInt32LE(padded.length)
  return Buffer.concat([bytes.subarray(0, start - 4), length, padded, bytes.subarray(end)])
}

describe.each(whole)('%s', (name) => {
  const refused = (edit: (bytes: Uint8Array) => Uint8Array) => refusal(openCt(seriesCopy(name, edit)))

  it('is refused where its picture is cut short, wherever', async () => {
    const first = readFileSync(join(GOLDEN, 'dicom', name, '00.dcm'))
    const [start, end] = picture(first)
    for (let length = 0; length < end - start - 4; length += Math.ceil((end - start) / 9)) {
      const { code, message } = await refused((b) =>
        withPicture(b, (codestream) => codestream.subarray(0, length)),
      )
      expect(['input/damaged', 'input/truncated'], `${length} bytes`).toContain(code)
      expect(message).toContain('.dcm')
    }
  })

  it('is refused where the header announces another size than the picture has', async () => {
    const { code, message } = await refused((b) => setElement(b, '00280010', 'US', 5))
    expect(code).toBe('input/damaged')
    expect(message).toContain('its compressed picture is 8 × 6 pixels and its header says 8 × 5')
  })

  it('still reads after a damaged picture', async () => {
    await refused((b) => withPicture(b, (codestream) => codestream.subarray(0, 60)))
    await openCt(join(GOLDEN, 'dicom', name))
  })

  // CharLS reports damage inside a JPEG-LS picture too, but may take many seconds to.
  it.skipIf(name.startsWith('jpegls'))('does not crash, whatever byte of the picture is wrong', async () => {
    const [start, end] = picture(readFileSync(join(GOLDEN, 'dicom', name, '00.dcm')))
    for (let at = 0; at < end - start; at += Math.ceil((end - start) / 11)) {
      const path = seriesCopy(name, (b) =>
        withPicture(b, (codestream) => {
          codestream[at]! ^= 0x5a
          return codestream
        }),
      )
      const { length } = await openCt(path).then(
        (opened) => opened.volume.voxels,
        async (error: unknown) => ({ length: (await refusal(Promise.reject(error))).code.length }),
      )
      expect(length).toBeGreaterThan(0)
    }
  })
})

describe('a compressed picture that contradicts its header', () => {
  it('in the number of bits', async () => {
    const path = seriesCopy('jpegls-80-unsigned-12', (b) => {
      const narrow = setElement(b, '00280100', 'US', 8)
      return setElement(setElement(narrow, '00280101', 'US', 8), '00280102', 'US', 7)
    })
    const { code, message } = await refusal(openCt(path))
    expect(code).toBe('input/damaged')
    expect(message).toContain('has 16 bits per pixel and its header says 8 of 8')
  })

  it('in its sign', async () => {
    const { message } = await refusal(
      openCt(seriesCopy('jpeg2000-90', (b) => setElement(b, '00280103', 'US', 0))),
    )
    expect(message).toContain('has signed values and its header says unsigned ones')
  })

  it('in what it is', async () => {
    const path = seriesCopy('jpegls-80', (b) => setElement(b, '00020010', 'UI', '1.2.840.10008.1.2.4.90'))
    expect((await refusal(openCt(path))).message).toContain('(JPEG 2000 Lossless) cannot be decoded')
  })
})

describe('JPEG 2000, which may be lossless or not', () => {
  const lossy = async (value: string | null) =>
    (await openCt(seriesCopy('jpeg2000-91', (b) => setElement(b, '00282110', 'CS', value)))).source

  it('is lossy unless the image says that it is not', async () => {
    expect(await lossy('01')).toMatchObject({ lossy: true })
    expect(await lossy(null)).toMatchObject({ lossy: true })
    expect(await lossy('00')).toMatchObject({ lossy: false })
  })
})

it('codecs leave no listeners for exceptions behind', () => {
  expect(process.listeners('uncaughtException').map(String).join()).not.toContain('ExitStatus')
  expect(process.listeners('unhandledRejection').map(String).join()).not.toContain('abort')
})
