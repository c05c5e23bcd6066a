import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findReferenced, readDicomdir } from '../../../main/imaging/dicom/dicomdir.ts'
import { describeInput, openCt } from '../../../main/imaging/open.ts'
import { GOLDEN, refusal, SHARED, temporaryFolder } from './readerFixtures.ts'

const real = join(SHARED, 'dicom/edge/dicomdir')

describe('files that a DICOMDIR lists', () => {
  it('are found whatever the case of their names', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'ct'))
    writeFileSync(join(folder, 'ct/im1'), 'x')
    const { files, missing } = await findReferenced(join(folder, 'DICOMDIR'), [
      ['CT', 'IM1'],
      ['CT', 'IM2'],
    ])
    expect(files.map((file) => file.path.slice(-6))).toEqual(['ct/im1'])
    expect(missing).toEqual(['CT/IM2'])
  })

  it('are never looked for outside its folder', async () => {
    const folder = temporaryFolder()
    const inside = join(folder, 'inside')
    mkdirSync(inside)
    writeFileSync(join(folder, 'secret'), 'x')
    symlinkSync('../secret', join(inside, 'LINK'))
    const references = [['..', 'secret'], ['LINK'], ['../secret'], [''], ['/etc/passwd'], ['.']]
    const { files, missing } = await findReferenced(join(inside, 'DICOMDIR'), references)
    expect(files).toEqual([])
    expect(missing).toHaveLength(references.length)
  })
})

describe.skipIf(!existsSync(SHARED))('real ones (skipped where ../shared/data is absent)', () => {
  /** Counted with pydicom 2.3: records with a Referenced File ID. */
  it.each([
    'DICOMDIR',
    'DICOMDIR-bigEnd',
    'DICOMDIR-implicit',
    'DICOMDIR-nooffset',
    'DICOMDIR-nopatient',
    'DICOMDIR-reordered',
  ])('%s lists 31 files, which are all there', async (name) => {
    const references = await readDicomdir(join(real, name))
    expect(references).toHaveLength(31)
    const { files, missing } = await findReferenced(join(real, name), references)
    expect(files).toHaveLength(31)
    expect(missing).toEqual([])
    const { series, warnings } = await describeInput(join(real, name))
    expect(series.reduce((sum, each) => sum + each.imageCount, 0)).toBe(31)
    expect(warnings.map((w) => w.code)).not.toContain('input/dicomdir')
  })

  it('an empty one is refused', async () => {
    expect((await refusal(openCt(join(real, 'DICOMDIR-empty.dcm')))).message).toContain('lists no images')
  })

  it('one without its images is refused; in a folder with other images it is a warning', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'DICOMDIR'), readFileSync(join(real, 'DICOMDIR')))
    expect((await refusal(openCt(join(folder, 'DICOMDIR')))).message).toContain('none of them is there')
    expect((await refusal(openCt(folder))).code).toBe('input/dicomdir')
    cpSync(join(GOLDEN, 'dicom/axial'), join(folder, 'ct'), { recursive: true })
    const { warnings } = await openCt(folder)
    expect(warnings.find((w) => w.code === 'input/dicomdir')?.message).toContain(
      '31 files that are not there',
    )
  })
})
