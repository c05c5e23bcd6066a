import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aReview, aRun, aSeries, libraryFolder, open, said, screened } from './fixtures.ts'

describe('series', () => {
  it('are there again after a restart, the newest first, with all that is known of them', () => {
    const folder = libraryFolder()
    const library = open(folder)
    const first = library.addSeries(aSeries('first'))
    const second = library.addSeries(aSeries('second', { dims: null, spacingMm: null, canScreen: false }))
    library.close()
    const again = open(folder)
    expect(again.listSeries()).toEqual([second, first])
    expect(first).toMatchObject({
      seriesDescription: 'first',
      state: 'new',
      path: '/scans/first',
      openedAt: null,
    })
    expect(again.getSeries(first.id)?.source).toEqual({ inputs: ['/scans/first'], seriesId: '1.2.3.4' })
  })

  it('are the same entry when the same source is added again, with what is known anew', () => {
    const library = open(libraryFolder())
    const source = { inputs: ['/a/2.dcm', '/a/1.dcm'], seriesId: '' }
    const first = library.addSeries(aSeries('scan', { source }))
    const again = library.addSeries(
      aSeries('scan', { imageCount: 61, source: { ...source, inputs: source.inputs.toReversed() } }),
    )
    expect(again).toEqual({ ...first, imageCount: 61 })
    expect(again.path, 'the folder of several files').toBe('/a')
    expect(library.listSeries()).toHaveLength(1)
    library.addSeries(aSeries('scan', { source: { ...source, seriesId: 'another volume' } }))
    expect(library.listSeries()).toHaveLength(2)
  })

  it('go from new to screened to reviewed, and back where the review is reopened', () => {
    const library = open(libraryFolder())
    const { id } = library.addSeries(aSeries('scan'))
    const failed = library.addRun(aRun(id))
    library.changeRun(failed.id, {
      status: 'failed',
      error: { code: 'engine/crashed', message: 'It crashed.' },
    })
    expect(library.getSeries(id)).toMatchObject({ state: 'new', latestRunId: null })
    const run = screened(library)
    expect(library.getSeries(id)).toMatchObject({ state: 'screened', latestRunId: run.id })
    expect(library.finishReview(run.id, true).state).toBe('reviewed')
    expect(library.isReviewFinished(run.id)).toBe(true)
    expect(library.finishReview(run.id, false).state).toBe('screened')
    expect(library.isReviewFinished(run.id)).toBe(false)
  })

  it('remember when they were opened and what they look like; a new picture has a new address', () => {
    const library = open(libraryFolder())
    const { id } = library.addSeries(aSeries('scan'))
    expect(library.getThumbnail(id)).toBeUndefined()
    expect(library.markOpened(id).openedAt).not.toBeNull()
    const first = library.setThumbnail(id, new Uint8Array([1, 2, 3])).thumbnailUrl
    const second = library.setThumbnail(id, new Uint8Array([4, 5])).thumbnailUrl
    expect(library.getThumbnail(id)).toEqual(new Uint8Array([4, 5]))
    expect(second).not.toBe(first)
  })

  it('go with their runs and reviews, and with nothing of another series', () => {
    const library = open(libraryFolder())
    const gone = screened(library, 'gone')
    const kept = screened(library, 'kept')
    for (const run of [gone, kept]) library.putReview(run.id, aReview('peak-1'))
    expect(library.removeSeries(gone.seriesId)).toEqual([gone.id])
    expect(library.getSeries(gone.seriesId)).toBeUndefined()
    expect(library.getRun(gone.id)).toBeUndefined()
    expect(library.getReviews(gone.id)).toEqual([])
    expect(library.getReviews(kept.id)).toHaveLength(1)
    expect(() => library.removeSeries(gone.seriesId)).toThrow('no longer in the library')
  })
})

describe('runs', () => {
  it('are queued, run and end, each with its time', () => {
    const library = open(libraryFolder())
    const { id: seriesId } = library.addSeries(aSeries('scan'))
    const queued = library.addRun(aRun(seriesId))
    expect(queued).toMatchObject({
      status: 'queued',
      startedAt: null,
      finishedAt: null,
      progress: null,
      device: null,
    })
    const running = library.changeRun(queued.id, { status: 'running', device: 'CPU' })
    expect(running.startedAt).not.toBeNull()
    const warnings = [{ code: 'w', message: 'Look here.' }]
    const done = library.changeRun(queued.id, { status: 'done', warnings, record: { tiles: 7 } })
    expect(done).toMatchObject({ status: 'done', device: 'CPU', warnings, startedAt: running.startedAt })
    expect(done.finishedAt).not.toBeNull()
    expect(library.getRun(done.id)).toEqual({ ...done, packageHash: 'ab'.repeat(32), record: { tiles: 7 } })
    const next = library.addRun(aRun(seriesId))
    expect(library.listRuns(seriesId).map((run) => run.id)).toEqual([next.id, done.id])
    expect(library.listRuns()).toEqual(library.listRuns(seriesId))
  })

  it('never change once they are done', () => {
    const library = open(libraryFolder())
    const run = screened(library)
    expect(() => library.changeRun(run.id, { status: 'failed' })).toThrow('never changes')
    expect(library.listRuns()).toEqual([run])
  })

  it('that were going on when the program ended are interrupted, in words; those that waited still wait', () => {
    const folder = libraryFolder()
    const library = open(folder)
    const { id } = library.addSeries(aSeries('scan'))
    const [running, waiting] = [library.addRun(aRun(id)), library.addRun(aRun(id))]
    library.changeRun(running.id, { status: 'running' })
    library.close()
    const again = open(folder)
    expect(again.getRun(running.id)).toMatchObject({
      status: 'interrupted',
      error: { message: expect.stringContaining('the program ended while it ran') },
    })
    expect(again.getRun(running.id)?.finishedAt).not.toBeNull()
    expect(again.getRun(waiting.id)?.status).toBe('queued')
    expect(again.changeRun(running.id, { status: 'queued' }), 'started again').toMatchObject({
      error: null,
      startedAt: null,
      finishedAt: null,
    })
  })

  it('belong to a series of the library, and have a folder in it', () => {
    const folder = libraryFolder()
    const library = open(folder)
    expect(() => library.addRun(aRun('nothing'))).toThrow('no longer in the library')
    expect(library.runFolder('abc-1')).toBe(join(folder, 'runs', 'abc-1'))
    expect(() => library.runFolder('../abc')).toThrow(RangeError)
  })

  it('are reviewed once they are done, and not before', () => {
    const library = open(libraryFolder())
    const run = library.addRun(aRun(library.addSeries(aSeries('scan')).id))
    expect(() => library.putReview(run.id, aReview('peak-1'))).toThrow('finished screening run')
    expect(() => library.finishReview(run.id, true)).toThrow('finished screening run')
  })
})

describe('labels and settings', () => {
  it('are there again after a restart; a list that the reader emptied stays empty', () => {
    const folder = libraryFolder()
    const library = open(folder)
    expect(library.labels().length).toBeGreaterThan(20)
    library.setLabels([])
    library.setSetting('theme', 'light')
    library.setSetting('layout', { panes: [1, 2] })
    library.setSetting('theme', 'dark')
    library.close()
    const again = open(folder)
    expect(again.labels()).toEqual([])
    expect(again.settings()).toEqual({ layout: { panes: [1, 2] }, theme: 'dark' })
  })

  it('has no label twice, and codes that DICOM can hold', () => {
    const labels = open(libraryFolder()).labels()
    expect(new Set(labels.map(({ text }) => text)).size).toBe(labels.length)
    const codes = labels.flatMap(({ code }) => (code ? [code] : []))
    expect(new Set(codes.map(({ value }) => value)).size).toBe(codes.length)
    for (const { scheme, value } of codes) {
      expect(['SCT', 'DCM']).toContain(scheme)
      expect(scheme === 'SCT' ? hasVerhoeffCheckDigit(value) : /^\d{6}$/.test(value), value).toBe(true)
    }
  })
})

describe('a review', () => {
  it('keeps outline, label and note as they were said', () => {
    const folder = libraryFolder()
    const library = open(folder)
    const run = screened(library)
    const record = aReview('drawn-0123456789', {
      label: library.labels()[0],
      note: 'größer; =1+1\n"zitiert"',
      outline: { min: [1, 2, 3], max: [2, 3, 3], bits: 'Dw==' },
      thresholdLevel: null,
    })
    const stored = library.putReview(run.id, record)
    expect(said(stored)).toEqual(said(record))
    expect(stored.updatedAt).not.toBeNull()
    library.close()
    expect(open(folder).getReviews(run.id)).toEqual([stored])
  })
})

/** The check digit of SNOMED CT identifiers (Verhoeff's, over the dihedral group D5): a mistyped code has none. */
function hasVerhoeffCheckDigit(identifier: string): boolean {
  const multiply = (a: number, b: number) =>
    a < 5 ? (b < 5 ? (a + b) % 5 : 5 + ((a + b) % 5)) : b < 5 ? 5 + ((a - 5 - b + 5) % 5) : (a - b + 5) % 5
  const permutation = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
  let check = 0
  Array.from(identifier, Number)
    .reverse()
    .forEach((digit, place) => {
      let permuted = digit
      for (let n = 0; n < place % 8; n++) permuted = permutation[permuted]
      check = multiply(check, permuted)
    })
  return /^\d{6,18}$/.test(identifier) && check === 0
}
