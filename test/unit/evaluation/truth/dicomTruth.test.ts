import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EvaluationCase, readCase } from '../../../../main/evaluation/readCase.ts'
import { openCt } from '../../../../main/imaging/open.ts'
import golden from '../../../golden/truth/expected.json' with { type: 'json' }

const GOLDEN = fileURLToPath(new URL('../../../golden/truth/', import.meta.url))

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'truth-'))
  cpSync(join(GOLDEN, 'ct'), join(folder, 'ct'), { recursive: true })
})
afterEach(() => rmSync(folder, { recursive: true }))

function putTruth(...names: string[]): void {
  for (const name of names) cpSync(join(GOLDEN, `${name}.dcm`), join(folder, `${name}.dcm`))
}

function caseWith(name: string): Promise<EvaluationCase> {
  putTruth(name)
  return readCase(folder, openCt)
}

function expectedLabels(name: keyof typeof golden.labels): number[] {
  const bytes = Uint8Array.from(Buffer.from(golden.labels[name], 'base64'))
  return Array.from(new Uint16Array(bytes.buffer))
}

describe('a DICOM segmentation', () => {
  it('marks the voxels that pydicom and numpy find, segments overlapping, frames in any order, the organ around them left out', async () => {
    const { labels, lesion, kinds, ct, ctPath, leftOut } = await caseWith('seg_binary')
    expect(leftOut).toEqual(['Liver'])
    expect(ct.dims).toEqual(golden.dims)
    expect(ctPath).toBe(folder)
    expect(Array.from(labels!)).toEqual(expectedLabels('seg_binary'))
    expect(Array.from(lesion)).toEqual(Array.from(labels!, (label) => (label > 0 ? 1 : 0)))
    expect(kinds).toEqual({ 1: 'Tumour', 2: 'Necrosis' })
  })

  it('counts from half the maximal fractional value, a part of the matrix stored backwards', async () => {
    const { labels, kinds } = await caseWith('seg_fractional')
    expect(Array.from(labels!)).toEqual(expectedLabels('seg_fractional'))
    expect(kinds).toEqual({ 1: 'Nodule' })
  })

  it('is refused where it is cut short', async () => {
    const file = readFileSync(join(GOLDEN, 'seg_binary.dcm'))
    writeFileSync(join(folder, 'seg.dcm'), file.subarray(0, file.length - 100))
    await expect(readCase(folder, openCt)).rejects.toMatchObject({ code: 'input/truncated' })
  })
})

describe('a structure set', () => {
  it('marks the voxels that scikit-image finds inside its contours, holes cut out, and only what it calls a tumour', async () => {
    const { labels, kinds, leftOut } = await caseWith('rtstruct')
    expect(leftOut).toEqual(['BODY', 'PTV', 'Lung'])
    expect(Array.from(labels!)).toEqual(expectedLabels('rtstruct'))
    expect(kinds).toEqual({ 3: 'GTV-1', 7: 'gtv node' })
  })
})

describe('truth in DICOM', () => {
  it.each([
    ['seg_other_grid', 'input/mask-grid', /position, orientation, slices or pixel size/],
    ['seg_between_slices', 'input/mask-grid', /position, orientation, slices or pixel size/],
    ['seg_outside', 'input/mask-grid', /a part of it is outside/],
    ['seg_other_frame', 'input/truth-frame-of-reference', /drawn on other images/],
    ['rtstruct_between_slices', 'input/mask-grid', /GTV-1 .* between slices/],
    ['rtstruct_outside', 'input/mask-grid', /GTV-1 .* outside/],
    ['rtstruct_other_frame', 'input/truth-frame-of-reference', /GTV-1 was drawn on other images/],
  ])('%s is refused in words', async (name, code, message) => {
    putTruth(name)
    await expect(readCase(folder, openCt)).rejects.toMatchObject({ code, message })
  })

  it('is wanted once: neither missing nor twice', async () => {
    await expect(readCase(folder, openCt)).rejects.toMatchObject({
      code: 'input/case-incomplete',
      message: /neither a segmentation \(SEG\) nor a structure set/,
    })
    putTruth('seg_binary', 'rtstruct')
    await expect(readCase(folder, openCt)).rejects.toMatchObject({
      code: 'input/case-incomplete',
      message: /2 files with truth \(.*\.dcm, .*\.dcm\)/,
    })
  })

  it('is read as lesions.json says, where there is one', async () => {
    writeFileSync(join(folder, 'lesions.json'), '{"1": null, "2": null, "5": "metastasis"}')
    const { labels, kinds } = await caseWith('seg_binary')
    expect(Array.from(labels!)).toEqual(expectedLabels('seg_binary_organ'))
    expect(kinds).toEqual({ 5: 'metastasis' })
  })

  it('of a type that is no lesion is drawn where lesions.json calls it one', async () => {
    writeFileSync(join(folder, 'lesions.json'), '{"3": null, "7": null, "9": "margin", "12": null}')
    const { labels, kinds } = await caseWith('rtstruct')
    expect(new Set(labels)).toEqual(new Set([0, 9]))
    expect(kinds).toEqual({ 9: 'margin' })
  })

  it('is refused where lesions.json forgets a label', async () => {
    writeFileSync(join(folder, 'lesions.json'), '{"1": "tumour"}')
    await expect(caseWith('seg_binary')).rejects.toMatchObject({
      code: 'input/lesions-json',
      message: /label 2 \(Necrosis\)/,
    })
  })
})
