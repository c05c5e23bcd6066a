import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { gridDifference, listCases, readCase } from '../../../main/evaluation/readCase.ts'
import { openCt } from '../../../main/imaging/open.ts'
import { type Grid, IDENTITY } from '../../../main/imaging/volume.ts'

const GOLDEN_CASE = fileURLToPath(new URL('../../golden/evaluation/cases/oblique_mm/', import.meta.url))

/** Of the NIfTI-1 header: the voxels start at byte 352 in these files, which are float32. */
const VOXELS_AT = 352

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'case-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** The golden case with the voxels of its mask changed. */
function caseWithMask(change: (voxels: Float32Array) => void): string {
  cpSync(join(GOLDEN_CASE, 'ct.nii.gz'), join(folder, 'ct.nii.gz'))
  const file = Uint8Array.from(gunzipSync(readFileSync(join(GOLDEN_CASE, 'mask.nii.gz'))))
  change(new Float32Array(file.buffer, VOXELS_AT))
  writeFileSync(join(folder, 'mask.nii'), file)
  return folder
}

describe('a case', () => {
  it('has a lesion wherever its mask is not 0, compressed or not', async () => {
    const changed = await readCase(
      caseWithMask((voxels) => {
        voxels.fill(0)
        voxels.set([1, 7, -1], 100)
      }),
      openCt,
    )
    expect(Array.from(changed.lesion.keys()).filter((i) => changed.lesion[i] !== 0)).toEqual([100, 101, 102])
    expect(changed.ctPath).toBe(join(folder, 'ct.nii.gz'))
  })

  it.each<[string, (voxels: Float32Array) => void, string]>([
    ['marks nothing', (voxels) => voxels.fill(0), 'input/mask-empty'],
    ['has voxels without a value', (voxels) => voxels.set([Number.NaN], 4), 'input/mask-nan'],
    ['has a fraction', (voxels) => voxels.set([0.3], 4), 'input/mask-fractions'],
    ['has values too large to tell apart', (voxels) => voxels.set([40_000], 4), 'input/mask-values'],
  ])('is refused where the mask %s', async (_, change, code) => {
    await expect(readCase(caseWithMask(change), openCt)).rejects.toMatchObject({ code })
  })
})

it('a mask of whole numbers but for the rounding of floats is taken as it is', async () => {
  const { lesion } = await readCase(
    caseWithMask((voxels) => voxels.fill(0).set([0.99999, -0.00001], 4)),
    openCt,
  )
  expect(lesion.reduce((sum, inside) => sum + inside)).toBe(1)
})

describe('lesions told apart', () => {
  const labelled = () =>
    caseWithMask((voxels) => {
      voxels.fill(0)
      voxels.set([1, 7, 7, 3], 100)
    })

  it('are the different values of the mask', async () => {
    const { labels, kinds, lesion } = await readCase(labelled(), openCt)
    expect(Array.from(labels!.subarray(99, 105))).toEqual([0, 1, 7, 7, 3, 0])
    expect(lesion.reduce((sum, inside) => sum + inside)).toBe(4)
    expect(kinds).toEqual({})
  })

  it('are not, where the mask has one value', async () => {
    const { labels } = await readCase(
      caseWithMask((voxels) => voxels.fill(0).fill(255, 4, 9)),
      openCt,
    )
    expect(labels).toBeUndefined()
  })

  it('have the kinds of lesions.json, and what it calls null is no lesion', async () => {
    writeFileSync(join(folder, 'lesions.json'), '{"1": "nodule solid", "3": "node", "7": null}')
    const { labels, kinds, lesion } = await readCase(labelled(), openCt)
    expect(Array.from(labels!.subarray(99, 105))).toEqual([0, 1, 0, 0, 3, 0])
    expect(lesion.reduce((sum, inside) => sum + inside)).toBe(2)
    expect(kinds).toEqual({ 1: 'nodule solid', 3: 'node' })
  })

  it('are not measured where lesions.json says to ignore them', async () => {
    writeFileSync(join(folder, 'lesions.json'), '{"1": "nodule solid", "3": "ignore", "7": null}')
    const { labels, kinds, lesion, ignored } = await readCase(labelled(), openCt)
    expect(Array.from(labels!.subarray(99, 105))).toEqual([0, 1, 0, 0, 0, 0])
    expect(Array.from(ignored!.subarray(99, 105))).toEqual([0, 0, 0, 0, 1, 0])
    expect(lesion.reduce((sum, inside) => sum + inside)).toBe(1)
    expect(kinds).toEqual({ 1: 'nodule solid' })
  })

  it.each([
    ['forgets a label', '{"1": "nodule", "3": "node"}', 'input/lesions-json', /label 7 is/],
    ['is no JSON', '{1: "nodule"}', 'input/lesions-json', /must look like/],
    ['gives kinds that are none', '{"1": 4}', 'input/lesions-json', /must look like/],
    ['calls nothing a lesion', '{"1": null, "3": null, "7": null}', 'input/mask-empty', /holds 1, 3, 7/],
  ])('are refused where lesions.json %s', async (_, json, code, message) => {
    writeFileSync(join(folder, 'lesions.json'), json)
    await expect(readCase(labelled(), openCt)).rejects.toMatchObject({ code, message })
  })
})

describe('the cases of a folder', () => {
  it('are its subfolders in order of name, hidden ones and files left out', async () => {
    for (const name of ['b', 'a', '.hidden']) mkdirSync(join(folder, name))
    writeFileSync(join(folder, 'notes.txt'), '')
    expect(await listCases(folder)).toEqual(['a', 'b'])
  })
})

describe('grids of CT and mask', () => {
  const grid: Grid = { dims: [100, 80, 60], spacing: [1, 1, 2], origin: [5, 6, 7], direction: IDENTITY }

  it('are the same within what single precision loses', () => {
    expect(
      gridDifference(grid, { ...grid, origin: [5.00001, 6, 7], spacing: [1.000001, 1, 2] }),
    ).toBeUndefined()
  })

  it.each<[string, Partial<Grid>, RegExp]>([
    ['size', { dims: [100, 80, 61] }, /100 × 80 × 61 voxels, the CT 100 × 80 × 60/],
    ['position', { origin: [5, 6, 8] }, /by up to 1\.0 mm/],
    ['voxel size', { spacing: [1.01, 1, 2] }, /by up to 0\.99 mm/],
    ['orientation', { direction: [-1, 0, 0, 0, 1, 0, 0, 0, 1] }, /orientation/],
  ])('differ by %s, in words', (_, change, words) => {
    expect(gridDifference(grid, { ...grid, ...change })).toMatch(words)
  })
})
