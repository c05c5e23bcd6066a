import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type DicomHeader, type HeaderResult, readHeader } from '../../../main/imaging/dicom/header.ts'
import { DicomParseFailure, parseDicom } from '../../../main/imaging/dicom/parse.ts'
import { readSlice } from '../../../main/imaging/dicom/pixels.ts'
import {
  BIG,
  ctHeader,
  DEFLATED,
  EXPLICIT,
  element,
  type How,
  IMPLICIT,
  ITEM_END,
  itemOf,
  JPEG_LOSSLESS,
  part10,
  picture,
  preamble,
  SEQUENCE_END,
  syntax,
  UNDEFINED,
} from './dicomBytes.ts'
import { GOLDEN, SHARED, setElement, temporaryFolder } from './readerFixtures.ts'

const golden = () => new Uint8Array(readFileSync(join(GOLDEN, 'dicom/axial/00.dcm')))

async function read(bytes: Uint8Array): Promise<HeaderResult> {
  const path = join(temporaryFolder(), 'a.dcm')
  writeFileSync(path, bytes)
  return readHeader(path)
}

async function headerOf(bytes: Uint8Array): Promise<DicomHeader> {
  const result = await read(bytes)
  if (result.kind !== 'header') throw new Error(JSON.stringify(result))
  return result.header
}

async function reason(bytes: Uint8Array): Promise<string> {
  const result = await read(bytes)
  if (result.kind !== 'damaged') throw new Error(result.kind)
  return result.reason
}

describe('where the picture lies in the file', () => {
  it.each([
    ['explicit', part10(EXPLICIT, ctHeader(), picture())],
    ['implicit', part10(IMPLICIT, ctHeader({ implicit: true }), picture({ implicit: true }))],
    ['big endian', part10(BIG, ctHeader({ big: true }), picture({ big: true }))],
    ['no preamble', Buffer.concat([syntax(EXPLICIT), ctHeader(), picture()])],
    ['no preamble, no meta group', Buffer.concat([ctHeader(), picture()])],
    ['the same, after a stray byte', Buffer.concat([Buffer.of(0x20), ctHeader(), picture()])],
    ['the same, implicit', Buffer.concat([ctHeader({ implicit: true }), picture({ implicit: true })])],
    ['the same, big endian', Buffer.concat([ctHeader({ big: true }), picture({ big: true })])],
    ['said to be implicit but explicit', part10(IMPLICIT, ctHeader(), picture())],
    [
      'said to be explicit but implicit',
      part10(EXPLICIT, ctHeader({ implicit: true }), picture({ implicit: true })),
    ],
    ['no transfer syntax', part10('', ctHeader(), picture())],
  ])('%s', async (_, bytes) => {
    const header = await headerOf(bytes)
    expect(header.pixelData).toEqual({ offset: bytes.length - 16, length: 16 })
    expect(header).toMatchObject({ hasPixelData: true, truncated: false, imagePosition: [1, 2, 3] })
    expect(header.layout).toMatchObject({ rows: 2, columns: 4 })
  })

  it('says how a file is encoded that does not say so itself', async () => {
    const uid = async (how: How) =>
      (await headerOf(Buffer.concat([ctHeader(how), picture(how)]))).transferSyntaxUid
    expect(await uid({})).toBe(EXPLICIT)
    expect(await uid({ implicit: true })).toBe(IMPLICIT)
    expect(await uid({ big: true })).toBe(BIG)
  })

  it('is not said of a deflated file, whose offsets are not those of the file', async () => {
    const deflated = deflateRawSync(Buffer.concat([ctHeader(), picture()]))
    const header = await headerOf(part10(DEFLATED, deflated))
    expect(header.pixelData).toBeUndefined()
    expect(header).toMatchObject({ hasPixelData: true, truncated: false, transferSyntaxUid: DEFLATED })
  })

  it('is found behind a header longer than what is read first, in steps', async () => {
    for (const kilobytes of [15.99, 16, 100, 500, 3000]) {
      const long = element('00091010', 'OB', new Uint8Array(Math.round(kilobytes * 1024)))
      const bytes = part10(EXPLICIT, long, ctHeader(), picture())
      expect((await headerOf(bytes)).pixelData).toEqual({ offset: bytes.length - 16, length: 16 })
    }
  })

  it('is what the object has, not the icon in its header', async () => {
    const icon = element('00880200', 'SQ', itemOf(element('7fe00010', 'OW', new Uint8Array(6))))
    const bytes = part10(EXPLICIT, ctHeader(), icon, picture())
    expect((await headerOf(bytes)).pixelData?.offset).toBe(bytes.length - 16)
  })

  it('of length −1 where it is compressed', async () => {
    const bytes = part10(
      JPEG_LOSSLESS,
      ctHeader(),
      element('7fe00010', 'OB', Buffer.concat([itemOf(new Uint8Array(0)), itemOf(new Uint8Array(8))]), {
        length: UNDEFINED,
      }),
    )
    expect((await headerOf(bytes)).pixelData?.length).toBe(-1)
  })
})

describe('what writers do wrong is read where it can be', () => {
  it('a wrong or missing meta group length', async () => {
    const length = (n: number) => element('00020000', 'UL', Buffer.from([n, 0, 0, 0]))
    for (const n of [0, 4, 200]) {
      const bytes = Buffer.concat([preamble, length(n), syntax(EXPLICIT), ctHeader(), picture()])
      expect((await headerOf(bytes)).layout.columns).toBe(4)
    }
  })

  it('values of odd length, unknown value representations, numbers written out', async () => {
    const bytes = part10(
      EXPLICIT,
      element('00080060', 'CS', 'CT '),
      element('00080070', 'LO', 'odd'),
      element('00091001', '??', '', { implicit: true }),
      element('00280010', 'IS', '512 '),
      picture(),
    )
    const { identity, layout } = await headerOf(bytes)
    expect(identity).toMatchObject({ modality: 'CT', manufacturer: 'odd' })
    expect(layout.rows).toBe(512)
  })

  it('elements out of order; of two elements of one tag the first counts', async () => {
    const bytes = part10(
      EXPLICIT,
      element('00280010', 'US', 9),
      element('00080060', 'CS', 'CT'),
      element('00280010', 'US', 8),
      picture(),
    )
    const { identity, layout } = await headerOf(bytes)
    expect([identity.modality, layout.rows]).toEqual(['CT', 9])
  })

  it('a sequence of unknown representation holds implicit elements (PS3.5 6.2.2)', async () => {
    const inner = element('00081150', 'UI', '1.2\0', { implicit: true })
    const open = Buffer.concat([itemOf(inner, UNDEFINED), ITEM_END, SEQUENCE_END])
    const bytes = part10(
      EXPLICIT,
      element('00091010', 'UN', open, { length: UNDEFINED }),
      ctHeader(),
      picture(),
    )
    expect((await headerOf(bytes)).layout.columns).toBe(4)
    const [item] = parseDicom(bytes).items('00091010')
    expect(item?.string('00081150')).toBe('1.2')
  })

  it('missing bits: stored bits are the allocated ones, the high bit the last of them', async () => {
    const { layout } = await headerOf(part10(EXPLICIT, ctHeader(), picture()))
    expect(layout).toMatchObject({ bitsAllocated: 16, bitsStored: 16, highBit: 15, signed: false })
  })

  it('zeros after the last element', async () => {
    const bytes = part10(EXPLICIT, ctHeader(), Buffer.alloc(300))
    expect(await headerOf(bytes)).toMatchObject({ hasPixelData: false, truncated: false })
  })
})

describe('what cannot be read is refused with the reason', () => {
  it('a header cut short before it says what series it is of', async () => {
    expect(await reason(part10(EXPLICIT, ctHeader().subarray(0, 40)))).toBe('it ends within its header')
  })

  it('a picture cut short, and one longer than the file', async () => {
    const bytes = part10(EXPLICIT, ctHeader(), picture())
    expect((await headerOf(bytes.subarray(0, -1))).truncated).toBe(true)
    const lying = part10(EXPLICIT, ctHeader(), picture({ length: 0x7fffffff }))
    expect((await headerOf(lying)).truncated).toBe(true)
  })

  it('a picture in a value representation too short for it', async () => {
    const bytes = part10(EXPLICIT, ctHeader(), element('7fe00010', 'US', new Uint8Array(16)))
    expect((await headerOf(bytes)).pixelData).toEqual({ offset: bytes.length - 16, length: 16 })
  })

  it('a compressed picture in a file that says it is not compressed', async () => {
    const bytes = part10(
      EXPLICIT,
      ctHeader(),
      element('7fe00010', 'OB', itemOf(new Uint8Array(0)), { length: UNDEFINED }),
    )
    expect(await reason(bytes)).toBe('its picture is compressed, but does not say how')
  })

  it('lengths that reach beyond the file, in an element, an item and a sequence', async () => {
    for (const spoilt of [
      element('00080070', 'UT', 'x', { length: 0xfffffffe }),
      element('00081140', 'SQ', itemOf(new Uint8Array(4), 0x7ffffff0), { length: UNDEFINED }),
      element('00081140', 'SQ', new Uint8Array(8), { length: 0x7ffffff0 }),
      element('00081140', 'SQ', itemOf(new Uint8Array(0), UNDEFINED), { length: UNDEFINED }),
    ]) {
      const result = await read(part10(EXPLICIT, spoilt))
      expect(result.kind).toBe('damaged')
    }
  })

  it('sequences nested without end', async () => {
    const nested = (depth: number) => {
      const open = Buffer.concat([
        element('00081140', 'SQ', '', { length: UNDEFINED }),
        itemOf(new Uint8Array(0), UNDEFINED),
      ])
      return part10(EXPLICIT, ...Array.from({ length: depth }, () => open))
    }
    for (const depth of [100, 100_000]) {
      expect(await reason(nested(depth))).toBe('its sequences are nested too deeply')
    }
  })

  it('more elements or items than there can be', async () => {
    const many = Array.from({ length: 70_000 }, (_, i) =>
      element((0x00110000 + i).toString(16).padStart(8, '0'), 'LO', ''),
    )
    expect(await reason(part10(EXPLICIT, ...many))).toBe('it has more elements than any image')
    const items = Buffer.concat(Array(270_000).fill(itemOf(new Uint8Array(0))))
    const dataSet = parseDicom(part10(EXPLICIT, element('52009230', 'SQ', items)))
    expect(() => dataSet.items('52009230')).toThrow(DicomParseFailure)
  })

  it('a header that does not end', async () => {
    const path = join(temporaryFolder(), 'a.dcm')
    writeFileSync(path, part10(EXPLICIT, ctHeader(), element('00291010', 'OB', '', { length: 0xfffffff0 })))
    truncateSync(path, 2 ** 28 + 2 ** 20)
    const started = performance.now()
    expect(await readHeader(path)).toMatchObject({ kind: 'damaged', reason: 'its header does not end' })
    expect(performance.now() - started).toBeLessThan(5000)
  })

  it('a sequence of something else than items, and an item outside a sequence', async () => {
    const noItems = element('00081140', 'SQ', ctHeader(), { length: UNDEFINED })
    expect(await reason(part10(EXPLICIT, noItems))).toContain('something else than items')
    expect(await reason(part10(EXPLICIT, itemOf(new Uint8Array(0))))).toContain('outside a sequence')
  })

  it('a deflated file that unpacks to far more than it announces, or is damaged', () => {
    const bomb = deflateRawSync(Buffer.concat([ctHeader(), picture(), Buffer.alloc(200 * 2 ** 20)]))
    expect(() => parseDicom(part10(DEFLATED, bomb))).toThrow('unpacks to more than it announces')
    const large = deflateRawSync(Buffer.concat([ctHeader(), picture({ length: 0x30000000 })]))
    expect(() => parseDicom(part10(DEFLATED, large))).toThrow('larger than it can be')
    const whole = deflateRawSync(Buffer.concat([ctHeader(), picture()]))
    expect(() => parseDicom(part10(DEFLATED, Buffer.from(whole).fill(0x55)))).toThrow(DicomParseFailure)
  })

  it('never with the words of a library', async () => {
    const bytes = golden()
    for (let length = 132; length < bytes.length; length += 61) {
      const result = await read(bytes.subarray(0, length))
      if (result.kind === 'damaged') expect(result.reason).toMatch(/^(it|its|one of its) [a-z, ]+$/)
    }
  })

  it('a file without rows, columns or bits has a layout that no CT has', async () => {
    for (const tag of ['00280010', '00280011', '00280100']) {
      const { layout } = await headerOf(setElement(golden(), tag, 'US', null))
      expect(Math.min(layout.rows, layout.columns, layout.bitsAllocated)).toBe(0)
    }
  })
})

describe.skipIf(!existsSync(SHARED))('public edge cases', () => {
  const edge = (folder: string) => {
    const path = join(SHARED, 'dicom/edge', folder)
    return join(path, readdirSync(path)[0]!)
  }

  it.each([
    ['meta_missing_tsyntax', { transferSyntaxUid: IMPLICIT, hasPixelData: true }],
    ['no_meta_group_length', { transferSyntaxUid: IMPLICIT, hasPixelData: false }],
    ['empty_sequence_un', { transferSyntaxUid: JPEG_LOSSLESS, hasPixelData: false }],
    ['derived_no_preamble', { transferSyntaxUid: EXPLICIT, hasPixelData: true, truncated: false }],
    ['explicit_be', { transferSyntaxUid: BIG, hasPixelData: true, truncated: false }],
    ['deflated', { transferSyntaxUid: DEFLATED, hasPixelData: true, truncated: false }],
    ['truncated_mr', { hasPixelData: true, truncated: true }],
  ])('%s', async (folder, expected) => {
    const result = await readHeader(edge(folder))
    expect(result).toMatchObject({ kind: 'header', header: expected })
  })
  it('no_preamble_no_meta begins with a stray byte: what follows it is read as pydicom and GDCM read it', async () => {
    const result = await readHeader(edge('no_preamble_no_meta'))
    if (result.kind !== 'header') throw new Error(result.kind)
    const { layout, identity, transferSyntaxUid, truncated } = result.header
    expect({ modality: identity.modality, transferSyntaxUid, truncated }).toEqual({
      modality: 'CT',
      transferSyntaxUid: EXPLICIT,
      truncated: false,
    })
    const out = new Int16Array(layout.rows * layout.columns)
    await readSlice(result.header, out)
    // Of pydicom 2.3 on the file without its first byte.
    expect(out.reduce((a, b) => a + b, 0)).toBe(-1950906)
  })
})

describe('what a header says of lossy compression', () => {
  it('is kept as stored, for a segmentation of the scan has to repeat it', async () => {
    const { lossyImageCompression, lossyHistory } = await headerOf(
      part10(
        EXPLICIT,
        ctHeader(),
        element('00282110', 'CS', '01'),
        element('00282112', 'DS', '10.5\\3 '),
        element('00282114', 'CS', 'ISO_10918_1\\ISO_15444_1 '),
        picture(),
      ),
    )
    expect(lossyImageCompression).toBe(true)
    expect(lossyHistory).toEqual({ ratio: ['10.5', '3'], method: ['ISO_10918_1', 'ISO_15444_1'] })
  })
})
