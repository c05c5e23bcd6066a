import { describe, expect, it } from 'vitest'
import { ExportRequest } from '../../../../preload/records.ts'
import { exportRequest, includedFindings, parentPath } from '../../../../renderer/exporting/request.ts'

const finding = (key: string, change = {}) => ({
  key,
  state: 'unreviewed' as const,
  hidden: null,
  corrected: false,
  origin: 'machine' as const,
  ...change,
})

describe('what an export includes', () => {
  const findings = [
    finding('new'),
    finding('yes', { state: 'confirmed' }),
    finding('no', { state: 'false-positive' }),
    finding('perhaps', { state: 'uncertain' }),
    finding('yes below the threshold', { state: 'confirmed', hidden: 'below-threshold' }),
    finding('only labelled, below the threshold', { hidden: 'below-threshold' }),
    finding('drawn', { origin: 'drawn' }),
  ]
  const keys = (inclusion: Parameters<typeof includedFindings>[1]) =>
    includedFindings(findings, inclusion).map(({ key }) => key)

  it('is by state, whatever the threshold shows of what was judged', () => {
    expect(keys('confirmed')).toEqual(['yes', 'yes below the threshold'])
    expect(keys('confirmed-uncertain')).toEqual(['yes', 'perhaps', 'yes below the threshold'])
    expect(keys('not-false')).toEqual(['new', 'yes', 'perhaps', 'yes below the threshold', 'drawn'])
    expect(keys('all')).toContain('no')
  })

  it('is not what nobody judged and the threshold no longer shows', () => {
    expect(keys('all')).not.toContain('only labelled, below the threshold')
  })
})

describe('the request', () => {
  const at = { level: 99.9, minVolumeMl: 0.1 }
  const choices = {
    formats: ['json', 'seg', 'mask'],
    inclusion: 'confirmed',
    folder: 'handle-0123456789abcdef',
  } as const

  it('is one that main takes, with the threshold of the screen', () => {
    const request = exportRequest({ id: 'r' }, { kind: 'dicom' }, at, choices, [])
    expect(ExportRequest.parse(request)).toEqual(request)
    expect(request).toMatchObject({ ...at, states: ['confirmed'], formats: ['mask', 'seg', 'json'] })
  })

  it('asks for no DICOM segmentation of what is no DICOM', () => {
    expect(exportRequest({ id: 'r' }, { kind: 'nifti' }, at, choices, []).formats).toEqual(['mask', 'json'])
  })
})

describe('the folder above', () => {
  it.each([
    ['/home/reader/out', '/home/reader'],
    ['/out/', '/'],
    ['C:\\out\\a', 'C:\\out'],
  ])('of %s is %s', (path, above) => expect(parentPath(path)).toBe(above))
})
