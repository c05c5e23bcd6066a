import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeSeg } from '../../../main/exporting/seg.ts'
import { openCt } from '../../../main/imaging/open.ts'
import { dciodvfyErrors, hasDciodvfy, judge, pythonHas } from './judges.ts'

// Public CT series, kept beside the repository and not in it.
const DATA = fileURLToPath(new URL('../../../../shared/data/dicom/', import.meta.url))
const SERIES = [
  'abdomen_crlm_1004',
  'chest_lungdx_a0002',
  'chest_midrc_covid_jpegll',
  'chestwall_sts_037_rtstruct',
  'edge/sagittal_reformat_jpegll',
  'edge/localizer_mixed_philips_phantom',
  'edge/missing_and_duplicated_slices',
  'edge/gantry_tilt_variable_spacing_ge_head',
]

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'seg-real-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

describe.each(SERIES)('a segmentation of the series %s', (name) => {
  const folder = join(DATA, name)
  const path = () => join(dir, `${name.replace('/', '-')}.dcm`)

  it('outlines bone and lung on the very images it names', async (test) => {
    if (!existsSync(folder)) test.skip(`${folder} is not here`)
    const opened = await openCt(folder)
    const hu = opened.volume.voxels
    // Two thresholds for findings: what any other reader can repeat on the source images.
    const mask = new Uint16Array(hu.length)
    for (let i = 0; i < hu.length; i++) mask[i] = hu[i] >= 150 ? 1 : hu[i] >= -850 && hu[i] < -300 ? 2 : 0
    const finding = { volumeMl: 1, peakLevel: 99.9, meanLevel: 99 }
    const written = await writeSeg(path(), {
      opened,
      findings: [
        { ...finding, number: 1 },
        { ...finding, number: 2 },
      ],
      mask,
      model: { name: 'thresholds', version: '1' },
      level: 99,
    })
    expect(written?.segments).toBe(2)
  })

  it('agrees, pixel by pixel, with what pydicom reads from those images, and between them', (test) => {
    if (!existsSync(path())) test.skip('no segmentation was written')
    if (!pythonHas('pydicom', 'nibabel', 'gdcm', 'scipy')) {
      test.skip('Python has no pydicom, nibabel, gdcm and scipy')
    }
    expect(judge('--check-threshold', path(), folder)).toBe('ok')
  })

  it('is without error for dciodvfy', (test) => {
    if (!existsSync(path())) test.skip('no segmentation was written')
    if (!hasDciodvfy()) test.skip('dicom3tools is not installed')
    expect(dciodvfyErrors(path())).toEqual([])
  })
})
