import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeNifti } from '../../../main/exporting/nifti.ts'
import { writeSeg } from '../../../main/exporting/seg.ts'
import { dciodvfyErrors, hasDciodvfy, judge, pythonHas } from './judges.ts'
import { caseMask, imagePositions, SEG_CASES, segFileName, segRequest, slicePosition } from './segCases.ts'
import { framesOf, item, items, parse, type SegFrameRead } from './segReader.ts'

// What pydicom and dciodvfy saw in the very same bytes: test/golden/make_exports.py.
interface Seen {
  sha256: string
  frames: { segment: number; position: number[]; sop: string | null; pixels: number }[]
}
const EXPECTED: Record<string, Seen> = JSON.parse(
  readFileSync(new URL('../../golden/exports/seg-expected.json', import.meta.url), 'utf8'),
)

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'seg-'))
})
afterAll(() => rmSync(dir, { recursive: true }))
describe.each(SEG_CASES.map((c, index) => ({ ...c, index })))('a segmentation of: $name', (c) => {
  let path: string
  let frames: SegFrameRead[]
  beforeAll(async () => {
    path = join(dir, segFileName(c.index))
    const request = segRequest(c, c.index)
    await writeSeg(path, request)
    await writeNifti(
      path.replace('.dcm', '.nii.gz'),
      request.opened.volume,
      request.mask,
      request.opened.source,
    )
    frames = framesOf(parse(path))
  })

  it('has each frame on the image that it names', () => {
    for (const { sop, sourceFrame, position } of frames) {
      if (sop === null) continue
      const image = Number(c.multiFrame ? sourceFrame : sop.split('.').at(-1)) - 1
      imagePositions(c)[image].forEach((p, axis) => {
        expect(position[axis]).toBeCloseTo(p, 9)
      })
    }
  })

  it('names an image for each frame but those on interpolated slices', () => {
    for (const { sop, position } of frames) {
      const interpolated = (c.interpolated ?? []).some((k) =>
        slicePosition(c, k).every((p, axis) => Math.abs(p - position[axis]) < 1e-9),
      )
      expect(sop === null).toBe(interpolated)
    }
  })

  it('says of frames without an image either nothing or that none was used, as the others require', () => {
    const seg = parse(path)
    const counts = items(seg, 'x52009230').map((groups) => groups.elements.x00089124?.items?.length ?? null)
    // An attribute of some frames is one of all (PS3.3 C.7.6.16).
    const anyNamed = frames.some(({ sop }) => sop !== null)
    expect(counts).toEqual(frames.map(({ sop }) => (sop ? 1 : anyNamed ? 0 : null)))
    const named = items(item(seg, 'x00081115'), 'x0008114a').length
    const allNamed = frames.every(({ sop }) => sop !== null)
    expect(items(seg, 'x00081140').length, 'named for the whole file').toBe(allNamed ? 0 : named)
  })

  it('refers to every stored image that the volume was made of', () => {
    const referenced = items(item(parse(path), 'x00081115'), 'x0008114a').map((i) => i.string('x00081155'))
    const images = imagePositions(c).map((_, n) => `1.2.3.4.${c.index + 1}.${n + 1}`)
    expect(referenced).toEqual(c.multiFrame ? [`1.2.3.4.${c.index + 1}.0`] : images)
  })

  it('gives back the mask, and has no empty frame', () => {
    const mask = caseMask(c)
    const rebuilt = new Uint16Array(mask.length)
    for (const frame of frames) {
      expect(frame.set.length).toBeGreaterThan(0)
      const k = Array.from({ length: c.dims[2] }, (_, n) => n).find((n) =>
        slicePosition(c, n).every((p, axis) => Math.abs(p - frame.position[axis]) < 1e-9),
      )!
      for (const p of frame.set) rebuilt[k * c.dims[0] * c.dims[1] + p] = frame.segment
    }
    expect(rebuilt).toEqual(mask)
  })

  it('counts positions along the slice normal, from 1', () => {
    const [rx, ry, rz, cx, cy, cz] = c.iop
    const normal = [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx]
    const along = new Map<number, number>()
    for (const f of frames) {
      along.set(
        f.dimension[1],
        f.position.reduce((sum, p, axis) => sum + p * normal[axis], 0),
      )
      expect(f.dimension[0]).toBe(f.segment)
    }
    const ranks = [...along.keys()].sort((a, b) => a - b)
    expect(ranks).toEqual(ranks.map((_, i) => i + 1))
    for (let r = 2; r <= ranks.length; r++) expect(along.get(r)!).toBeGreaterThan(along.get(r - 1)!)
  })

  it('is what pydicom and dciodvfy have read and found right', () => {
    const seen = EXPECTED[c.name]
    expect(
      frames.map(({ segment, position, sop, set }) => ({ segment, position, sop, pixels: set.length })),
    ).toEqual(seen.frames)
    const hash = createHash('sha256').update(readFileSync(path)).digest('hex')
    expect(hash, 'the file has changed: have make_exports.py judge it again').toBe(seen.sha256)
  })
})

describe.skipIf(!pythonHas('pydicom'))('pydicom (skipped where Python has no pydicom)', () => {
  it('rebuilds every mask from the frames’ positions, and finds it where mask.nii.gz has it', () => {
    expect(judge('--check-seg', dir)).toBe('ok')
  })
})

describe.skipIf(!hasDciodvfy())('dciodvfy (skipped where dicom3tools is not installed)', () => {
  it('finds no error', () => {
    const files = readdirSync(dir).filter((name) => /^seg-.*\.dcm$/.test(name))
    expect(files).toHaveLength(SEG_CASES.length)
    for (const file of files) {
      expect([file, ...dciodvfyErrors(join(dir, file))]).toEqual([file])
    }
  })
})
