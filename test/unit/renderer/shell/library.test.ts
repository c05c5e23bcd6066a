import { describe, expect, it } from 'vitest'
import { arrange, matches, seriesIds } from '../../../../renderer/library/arrange.ts'
import { crumbs, inOrder } from '../../../../renderer/library/listing.ts'
import { selectIn } from '../../../../renderer/library/selection.ts'
import { seriesStatus } from '../../../../renderer/library/seriesStatus.ts'
import { bytesWords, patientWords, seriesName } from '../../../../renderer/library/words.ts'
import { dateWords, dayWords, momentWords } from '../../../../renderer/words/dates.ts'
import { runEntry, seriesEntry } from './entries.ts'

const study = (id: string, uid: string, change = {}) =>
  seriesEntry({ id, studyInstanceUid: uid, patientId: `P${uid}`, ...change })

describe('the list of series', () => {
  const series = [
    study('b2', 'B', { seriesNumber: '10', patientName: 'MÜLLER^ANNA', studyDate: '20240301' }),
    study('a1', 'A', { patientName: 'ABEL^X', studyDate: '20230101', state: 'reviewed' }),
    study('b1', 'B', { seriesNumber: '9', patientName: 'MÜLLER^ANNA', studyDate: '20240301' }),
    seriesEntry({ id: 'n', kind: 'nifti', addedAt: '2026-02-01T00:00:00.000Z', state: 'screened' }),
  ]

  it('keeps a study together, its series by number', () => {
    const rows = arrange(series, '', 'name')
    expect(rows.map(({ kind }) => kind)).toEqual([
      'study',
      'series',
      'study',
      'series',
      'series',
      'study',
      'series',
    ])
    expect(seriesIds(rows)).toEqual(['a1', 'b1', 'b2', 'n'])
  })

  it('shows last what has no name, first what was added last, is newest, or has work left', () => {
    expect(seriesIds(arrange(series, '', 'added'))[0]).toBe('n')
    expect(seriesIds(arrange(series, '', 'date'))).toEqual(['b1', 'b2', 'a1', 'n'])
    expect(seriesIds(arrange(series, '', 'state'))).toEqual(['b1', 'b2', 'n', 'a1'])
  })

  it('does not join studies of two patients that share a UID', () => {
    const twins = [study('x', 'U', { patientId: '1' }), study('y', 'U', { patientId: '2' })]
    expect(arrange(twins, '', 'added').filter(({ kind }) => kind === 'study')).toHaveLength(2)
  })

  it('is searched by all words, whatever their case, accents and order', () => {
    expect(seriesIds(arrange(series, 'anna muller', 'name'))).toEqual(['b1', 'b2'])
    expect(matches(series[0], 'mar 2024', 'en')).toBe(true)
    expect(matches(series[0], 'anna 2023', 'en')).toBe(false)
  })
})

describe('the selection', () => {
  const order = ['a', 'b', 'c', 'd']
  const start = selectIn({ ids: new Set(), activeId: null, anchorId: null }, order, 'b', 'only')

  it('reaches from where it began, and anew from there', () => {
    const down = selectIn(start, order, 'd', 'range')
    expect([...down.ids]).toEqual(['b', 'c', 'd'])
    expect([...selectIn(down, order, 'a', 'range').ids]).toEqual(['a', 'b'])
  })

  it('adds one and takes it away again', () => {
    const both = selectIn(start, order, 'd', 'toggle')
    expect([...both.ids]).toEqual(['b', 'd'])
    expect([...selectIn(both, order, 'd', 'toggle').ids]).toEqual(['b'])
  })
})

describe('the state of a series', () => {
  const series = { id: 's', state: 'screened' as const }

  it('is what goes on now, before how far it was read', () => {
    expect(seriesStatus(series, [runEntry({ id: '1' })]).status).toBe('queued')
    expect(
      seriesStatus(series, [runEntry({ id: '1' }), runEntry({ id: '2', status: 'running' })]).status,
    ).toBe('running')
    expect(seriesStatus(series, [runEntry({ id: '1', seriesId: 'other' })]).status).toBe('screened')
  })

  it('is failed only where nothing better is known', () => {
    const failed = [runEntry({ id: '1', status: 'failed' })]
    expect(seriesStatus({ ...series, state: 'new' }, failed).status).toBe('failed')
    expect(seriesStatus(series, failed).status).toBe('screened')
  })
})

describe('words of the library', () => {
  it.each([
    ['20240229', 'Feb 29, 2024'],
    ['2024.02.29', 'Feb 29, 2024'],
    ['20240231', '20240231'],
    ['', ''],
  ])('say the date %j as %j', (da, words) => expect(dateWords(da, 'en-US')).toBe(words))

  it('say a moment’s day as they say a date', () => {
    const noon = new Date(2024, 1, 29, 12, 5).toISOString()
    expect(dayWords(noon, 'en-US')).toBe(dateWords('20240229', 'en-US'))
    expect(momentWords(noon, 'en-US')).toMatch(/^Feb 29, 2024, 12:05/)
  })

  it.each([
    ['DOE^JANE^^DR', 'DOE, JANE'],
    ['SATO^KEN=佐藤^健', 'SATO, KEN'],
    ['Phantom', 'Phantom'],
    ['^', ''],
  ])('say the patient %j as %j', (pn, words) => expect(patientWords(pn)).toBe(words))

  it.each([
    [999, '999 B'],
    [527_434, '527 KB'],
    [999_960, '1.0 MB'],
    [1_430_000_000, '1.4 GB'],
  ])('say %i bytes as %j', (bytes, words) => expect(bytesWords(bytes)).toBe(words))

  it('name a series by its file where it says nothing of itself', () => {
    expect(seriesName(seriesEntry({ id: 'x', path: '/data/case 7.nii.gz' }))).toBe('case 7.nii.gz')
  })
})

describe('a folder', () => {
  it('lists folders first, and numbers as people count', () => {
    const entry = (name: string, kind: 'file' | 'folder') => ({
      handle: name,
      name,
      kind,
      sizeBytes: 0,
      modifiedAt: '',
    })
    const entries = [entry('a', 'file'), entry('scan 10', 'folder'), entry('scan 2', 'folder')]
    expect(inOrder(entries).map(({ name }) => name)).toEqual(['scan 2', 'scan 10', 'a'])
  })

  it.each([
    ['/work/data', ['/', '/work', '/work/data']],
    ['C:\\scans\\a', ['C:\\', 'C:\\scans', 'C:\\scans\\a']],
    ['', []],
  ])('%j lies below %j', (path, above) => expect(crumbs(path).map((crumb) => crumb.path)).toEqual(above))
})
