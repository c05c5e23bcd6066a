import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openCt } from '../../../main/imaging/open.ts'
import { hasSample, lesionOverlaps, makeSample, readSampleTruth } from '../../../main/screening/sample.ts'
import { temporaryFolder } from '../inference/packages.ts'
import { TINY_DIMS, useTinySample } from './tinySample.ts'

const made = useTinySample()

describe('a sample', () => {
  test('is a DICOM series, a truth mask on its grid, and a list of lesions', async () => {
    expect((await readdir(made.sample)).sort()).toEqual(['dicom', 'truth.json', 'truth.nii.gz'])
    const ct = await openCt(made.series)
    const mask = await openCt(join(made.sample, 'truth.nii.gz'))
    expect(ct.volume.dims).toEqual(TINY_DIMS)
    expect(mask.volume.dims).toEqual(TINY_DIMS)
    const { lesions } = await readSampleTruth(made.sample)
    const inMask = new Set(mask.volume.voxels)
    inMask.delete(0)
    expect([...inMask].sort()).toEqual(lesions.map((lesion) => lesion.number).sort())
  })

  test('cancelled, leaves nothing', async () => {
    const folder = await temporaryFolder(onTestFinished)
    const controller = new AbortController()
    const making = makeSample(join(folder, 'sample'), { seed: 3 }, { signal: controller.signal })
    setTimeout(() => controller.abort(), 300)
    const started = performance.now()
    await expect(making).rejects.toMatchObject({ code: 'cancelled' })
    expect(performance.now() - started).toBeLessThan(1300)
    expect(await readdir(folder)).toEqual([])
  })

  test('does not replace a folder that is not a sample', async () => {
    const folder = await temporaryFolder(onTestFinished)
    await makeSample(join(folder, 'dicom'), { seed: 3, dims: [16, 16, 12] })
    // The series would have to go where something else is.
    await expect(makeSample(folder, { seed: 3, dims: [16, 16, 12] })).rejects.toMatchObject({
      kind: 'output',
    })
    expect(hasSample(join(folder, 'dicom'))).toBe(true)
    expect(hasSample(folder)).toBe(false)
  })
})

test('lesionOverlaps names the findings on each lesion, the largest share first', () => {
  const truth = Uint8Array.from([0, 1, 1, 1, 1, 0, 2, 2, 3])
  const mask = Uint16Array.from([7, 0, 5, 6, 6, 5, 0, 0, 9])
  expect(lesionOverlaps([1, 2, 3], truth, mask)).toEqual([
    { lesion: 1, findings: [6, 5], covered: 0.75 },
    { lesion: 2, findings: [], covered: 0 },
    { lesion: 3, findings: [9], covered: 1 },
  ])
})
