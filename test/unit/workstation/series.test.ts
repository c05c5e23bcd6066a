import { existsSync } from 'node:fs'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Library, openLibrary } from '../../../main/library/index.ts'
import type { ExportReview, ExportReviewJob } from '../../../main/workstation/exportReview.ts'
import { SeriesEntry } from '../../../preload/records.ts'
import { temporaryFolder } from '../inference/packages.ts'
import { addSource, failure, makeBed, runIs, startRun } from './bed.ts'
import { Gate, makeSource } from './fakes.ts'

describe('adding', () => {
  test('keeps every CT volume, also one that cannot be screened, and says why of the others', async () => {
    const bed = await makeBed()
    bed.reader.report = [
      { id: '1.2', seriesDescription: 'Thorax' },
      { id: '1.3', canScreen: false, reason: { code: 'input/gap', message: 'Slices are missing.' } },
      { id: '1.4', kind: 'localizer', seriesDescription: 'Topogram', seriesNumber: '1', imageCount: 2 },
    ]
    const { handle } = bed.workstation.grantPath(await makeSource(bed.folder, 'study'))
    const told: unknown[] = []
    bed.workstation.on('job.progress', (progress) => told.push(progress))
    const { added, notAdded } = await bed.workstation.call('library.add', { job: 'j', handles: [handle] })
    expect(added.map((entry) => SeriesEntry.strict().parse(entry).canScreen)).toEqual([true, false])
    expect(notAdded).toEqual([
      {
        seriesNumber: '1',
        name: 'Topogram',
        imageCount: 2,
        reason: { code: 'input/localizer', message: 'This is a scout image, which the scan was planned on.' },
      },
    ])
    expect(told).toEqual([{ job: 'j', stage: 'reading', done: 1, total: 8 }])
    expect(await bed.workstation.call('library.list', {})).toHaveLength(2)
  })

  test('the same folder again gives the same series', async () => {
    const bed = await makeBed()
    const { handle } = bed.workstation.grantPath(await makeSource(bed.folder, 'twice'))
    const add = (job: string) => bed.workstation.call('library.add', { job, handles: [handle] })
    const [one, two] = await Promise.all([add('a'), add('b')])
    expect(one.added[0].id).toBe(two.added[0].id)
  })

  test('that is cancelled adds nothing, and the next works', async () => {
    const bed = await makeBed()
    const { handle } = bed.workstation.grantPath(await makeSource(bed.folder, 'slow'))
    bed.reader.holdDescribe = new Gate()
    const adding = failure(bed.workstation.call('library.add', { job: 'j', handles: [handle] }))
    await bed.reader.holdDescribe.arrival
    await bed.workstation.call('library.cancel', { job: 'j' })
    expect((await adding).code).toBe('cancelled')
    bed.reader.holdDescribe = undefined
    expect(await bed.workstation.call('library.list', {})).toEqual([])
    await addSource(bed)
  })

  test('of an upload keeps it as long as the series, past a restart', async () => {
    const bed = await makeBed()
    const { handle } = bed.workstation.grantPath(
      await makeSource(await bed.workstation.uploadFolder(), 'scan'),
    )
    const { added } = await bed.workstation.call('library.add', { job: 'j', handles: [handle] })
    expect(await readdir(join(bed.dataFolder, 'uploads'))).toEqual([])
    await bed.restart()
    await bed.workstation.call('series.open', { seriesId: added[0].id })
    await bed.workstation.call('library.remove', { seriesId: added[0].id })
    expect(await readdir(join(bed.dataFolder, 'imports'))).toEqual([])
  })

  test('a file that was never chosen is refused', async () => {
    const { workstation } = await makeBed()
    const error = await failure(workstation.call('library.add', { job: 'j', handles: ['x'.repeat(32)] }))
    expect(error.code).toBe('usage/handle')
  })
})

describe('opening', () => {
  test('reads once for all who ask, and again only when the source changed', async () => {
    const bed = await makeBed()
    const { series, source } = await addSource(bed)
    const open = () => bed.workstation.call('series.open', { seriesId: series.id })
    const [one, two] = await Promise.all([open(), open()])
    expect(two).toEqual(one)
    await bed.restart()
    expect((await open()).voxelsUrl).toBe(one.voxelsUrl)
    expect(bed.reader.opened).toHaveLength(1)
    await writeFile(join(source, 'another.dcm'), 'x')
    expect((await open()).voxelsUrl).not.toBe(one.voxelsUrl)
    expect(bed.reader.opened).toHaveLength(2)
  })

  test('shares the reading of a run, which goes on where the reader turns away', async () => {
    const bed = await makeBed()
    const { series } = await addSource(bed)
    bed.reader.hold = new Gate()
    const { id } = await startRun(bed, series.id)
    await bed.reader.hold.arrival
    const opening = failure(bed.workstation.call('series.open', { seriesId: series.id }))
    await new Promise(setImmediate)
    await bed.workstation.call('library.cancel', { job: series.id })
    expect((await opening).code).toBe('cancelled')
    bed.reader.hold.open()
    await runIs(bed, id, 'done')
    expect(bed.reader.opened).toHaveLength(1)
  })

  test('that was cancelled can be asked for again at once', async () => {
    const bed = await makeBed()
    const { series } = await addSource(bed)
    const open = () => bed.workstation.call('series.open', { seriesId: series.id })
    bed.reader.hold = new Gate()
    const first = failure(open())
    await bed.reader.hold.arrival
    bed.reader.hold = undefined
    await bed.workstation.call('library.cancel', { job: series.id })
    expect((await open()).grid.dims).toEqual([8, 8, 8])
    expect((await first).code).toBe('cancelled')
    expect(await readdir(join(bed.dataFolder, 'cache'))).toEqual([series.id])
  })

  test('shows what was read before where the source is gone, and says so', async () => {
    const bed = await makeBed()
    const { series, source } = await addSource(bed)
    const open = () => bed.workstation.call('series.open', { seriesId: series.id })
    await open()
    await rm(source, { recursive: true })
    const [warning] = (await open()).warnings
    expect(warning).toMatchObject({ code: 'source-gone', message: expect.stringContaining(source) })
  })

  test.each([
    ['a reader that dies', { dies: true }, /stopped unexpectedly/],
    [
      'a full disk',
      { fails: { code: 'output/disk-full', message: '' } as const },
      /disk that holds the library/,
    ],
  ])('%s is said, and the next opening works', async (_what, trouble, sentence) => {
    const bed = await makeBed()
    const { series } = await addSource(bed)
    Object.assign(bed.reader, trouble)
    const open = () => bed.workstation.call('series.open', { seriesId: series.id })
    expect((await failure(open())).message).toMatch(sentence)
    expect(await readdir(join(bed.dataFolder, 'cache'))).toEqual([])
    Object.assign(bed.reader, { dies: false, fails: undefined })
    await open()
  })

  test('lets go what was opened longest ago, but neither what is shown nor what is used', async () => {
    // Each series takes 1024 bytes: two fit.
    const bed = await makeBed({ cacheLimitBytes: 2500 })
    const ids: string[] = []
    for (let i = 0; i < 4; i++) {
      const { series } = await addSource(bed)
      ids.push(series.id)
      await bed.workstation.call('series.open', { seriesId: series.id })
      if (i === 1) await bed.workstation.call('series.open', { seriesId: ids[0] })
    }
    // The first was opened again after the second, so it stayed longer; now the last two are left.
    expect((await readdir(join(bed.dataFolder, 'cache'))).sort()).toEqual(ids.slice(2).sort())
  })
})

describe('removing', () => {
  test('a series ends its runs and takes results and voxels along, not the source', async () => {
    const bed = await makeBed()
    const { series, source } = await addSource(bed)
    const done = await startRun(bed, series.id)
    await runIs(bed, done.id, 'done')
    bed.engine.hold = new Gate()
    await startRun(bed, series.id)
    await bed.engine.hold.arrival
    const removed: string[] = []
    bed.workstation.on('series.removed', ({ seriesId }) => removed.push(seriesId))
    await bed.workstation.call('library.remove', { seriesId: series.id })
    expect(removed).toEqual([series.id])
    for (const folder of ['runs', 'cache', 'work'])
      expect(await readdir(join(bed.dataFolder, folder))).toEqual([])
    expect(existsSync(source)).toBe(true)
    expect(await bed.workstation.call('library.list', {})).toEqual([])
    expect((await failure(startRun(bed, series.id))).code).toBe('input/no-such-series')
  })
})

describe('what cannot be removed from the disk', () => {
  test('does not keep a series in the window that is no longer in the library', async () => {
    const folder = await temporaryFolder(onTestFinished)
    const library = openLibrary(folder)
    const stuck = new Proxy(library, {
      get: (target, name: keyof Library) =>
        name === 'runFolder' ? () => 'no path holds a \0' : target[name].bind(target),
    })
    const bed = await makeBed({ library: stuck })
    const { series } = await addSource(bed)
    const model = { name: 'm', version: '1', title: 'M' }
    library.addRun({ seriesId: series.id, model, packageHash: '', deviceRequested: 'cpu' })
    const removed: string[] = []
    bed.workstation.on('series.removed', ({ seriesId }) => removed.push(seriesId))
    await bed.workstation.call('library.remove', { seriesId: series.id })
    expect(removed).toEqual([series.id])
  })
})

describe('an export', () => {
  const request = { job: 'e', level: 99, minVolumeMl: 0, formats: ['csv' as const], keyImages: [] }
  const states = ['confirmed' as const]

  test('is given the run, what was said of it and the voxels, read again where they were let go', async () => {
    const jobs: ExportReviewJob[] = []
    const exportReview: ExportReview = async (job) => {
      jobs.push(job)
      return { path: join(job.parent, 'new'), findings: 0, files: [], warnings: [] }
    }
    const bed = await makeBed({ exportReview })
    const { series } = await addSource(bed)
    const { id: runId } = await startRun(bed, series.id)
    await runIs(bed, runId, 'done')
    await rm(join(bed.dataFolder, 'cache', series.id), { recursive: true })
    const folder = bed.workstation.grantPath(bed.folder).handle
    const result = await bed.workstation.call('export.write', { ...request, states, runId, folder })
    expect(result.folder).toEqual(bed.workstation.grantPath(join(bed.folder, 'new')))
    expect(jobs).toMatchObject([{ parent: bed.folder, run: { id: runId }, reviews: [] }])
    expect(Object.values(jobs[0].files).filter(existsSync)).toHaveLength(2)
  })

  test('can go to the same folder after a restart, where only dialogs choose, and to no other by its path', async () => {
    const exportReview: ExportReview = async (job) => ({
      path: join(job.parent, 'new'),
      findings: 0,
      files: [],
      warnings: [],
    })
    const bed = await makeBed({ exportReview, roots: [] })
    const { series } = await addSource(bed)
    const { id: runId } = await startRun(bed, series.id)
    await runIs(bed, runId, 'done')
    const resolve = (path: string) => bed.workstation.call('files.resolve', { path })
    expect((await failure(resolve(bed.folder))).code).toBe('usage/outside-roots')
    const folder = bed.workstation.grantPath(bed.folder).handle
    await bed.workstation.call('export.write', { ...request, states, runId, folder })
    await bed.restart()
    expect(await resolve(bed.folder)).toEqual(bed.workstation.grantPath(bed.folder))
    expect((await failure(resolve(bed.dataFolder))).code).toBe('usage/outside-roots')
    expect(await bed.workstation.call('settings.all', {})).toEqual({})
  })

  test('is refused for a scan that has changed since it was screened', async () => {
    const bed = await makeBed()
    const { series, source } = await addSource(bed)
    const { id: runId } = await startRun(bed, series.id)
    await runIs(bed, runId, 'done')
    await writeFile(join(source, 'another.dcm'), 'x')
    bed.reader.sliceSpacing = 3
    const folder = bed.workstation.grantPath(bed.folder).handle
    const asked = bed.workstation.call('export.write', { ...request, states, runId, folder })
    expect((await failure(asked)).code).toBe('input/source-changed')
  })
})
