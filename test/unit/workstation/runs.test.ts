import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { RunRecord } from '../../../main/exporting/runRecord.ts'
import { addSource, failure, makeBed, runIs, startRun } from './bed.ts'
import { Gate } from './fakes.ts'

describe('a run', () => {
  test('leaves its results whole in its folder, and nothing where it worked', async () => {
    const bed = await makeBed()
    const { series } = await addSource(bed)
    const { id } = await startRun(bed, series.id)
    const done = await runIs(bed, id, 'done')
    expect(done).toMatchObject({ device: 'cpu', progress: null, error: null })
    const folder = join(bed.dataFolder, 'runs', id)
    expect((await readdir(folder)).sort()).toEqual(
      [
        'calibration.json',
        'profile.json',
        'run.json',
        'scan.json',
        'score.f32',
        'steps.u8',
        'tree.bin',
      ].sort(),
    )
    const record = RunRecord.parse(JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')))
    expect(record.files.map(({ name }) => name)).toContain('score.f32')
    expect(await readdir(join(bed.dataFolder, 'work'))).toEqual([])
    expect(await bed.workstation.call('library.list', {})).toMatchObject([
      { state: 'screened', latestRunId: id },
    ])
  })

  test('opens with its grid, its model’s table and the addresses of its data', async () => {
    const bed = await makeBed()
    const { series } = await addSource(bed)
    const { id } = await startRun(bed, series.id)
    await runIs(bed, id, 'done')
    const opened = await bed.workstation.call('runs.open', { runId: id })
    expect(opened).toMatchObject({ grid: { dims: [8, 8, 8] }, reviewFinished: false })
    expect(opened.calibration.score.length).toBe(opened.calibration.percentile.length)
    const answer = await bed.workstation.data(new Request(`http://host${opened.stepsUrl}`))
    expect((await answer.arrayBuffer()).byteLength).toBe(512)
  })

  test('whose results were taken away says so', async () => {
    const bed = await makeBed()
    const { series } = await addSource(bed)
    const { id } = await startRun(bed, series.id)
    await runIs(bed, id, 'done')
    await rm(join(bed.dataFolder, 'runs', id, 'tree.bin'))
    expect(await failure(bed.workstation.call('runs.open', { runId: id }))).toMatchObject({
      code: 'input/run-gone',
    })
  })

  test('tells how far it is at most ten times a second', async () => {
    const bed = await makeBed()
    const { series } = await addSource(bed)
    bed.engine.tiles = 500
    bed.engine.hold = new Gate()
    const from = performance.now()
    await startRun(bed, series.id)
    await bed.engine.hold.arrival
    await sleep(250)
    const told = bed.runs.filter(({ progress }) => progress !== null)
    expect(told.length).toBeLessThanOrEqual(1 + (performance.now() - from) / 100)
    expect(told.at(-1)?.progress?.done).toBe(500)
  })

  test('tells the tiles and the time that is left', async () => {
    const bed = await makeBed()
    const { series } = await addSource(bed)
    bed.engine.hold = new Gate()
    const { id } = await startRun(bed, series.id)
    await bed.engine.hold.arrival
    const [run] = await bed.workstation.call('runs.list', { seriesId: series.id })
    expect(run.progress).toEqual({ stage: 'inference', done: 2, total: 2, secondsLeft: 0 })
    bed.engine.hold.open()
    await runIs(bed, id, 'done')
  })

  test('is not started twice by a second click', async () => {
    const bed = await makeBed()
    const { series } = await addSource(bed)
    const [one, two] = await Promise.all([startRun(bed, series.id), startRun(bed, series.id)])
    expect(one.id).toBe(two.id)
  })
})

describe('several runs', () => {
  test('go one after the other, in the order they were asked for', async () => {
    const bed = await makeBed()
    const ids: string[] = []
    bed.engine.hold = new Gate()
    for (let i = 0; i < 3; i++) ids.push((await startRun(bed, (await addSource(bed)).series.id)).id)
    await bed.engine.hold.arrival
    const before = await bed.workstation.call('runs.list', {})
    expect(before.map(({ status }) => status)).toEqual(['queued', 'queued', 'running'])
    bed.engine.hold.open()
    await runIs(bed, ids[2], 'done')
    const ended = bed.runs.filter(({ status }) => status === 'done').map(({ id }) => id)
    expect(ended).toEqual(ids)
    expect(bed.engine.started).toBe(1)
  })

  test('do not keep another series from being opened', async () => {
    const bed = await makeBed()
    const { series } = await addSource(bed)
    bed.engine.hold = new Gate()
    await startRun(bed, series.id)
    await bed.engine.hold.arrival
    const other = await addSource(bed)
    const opened = await bed.workstation.call('series.open', { seriesId: other.series.id })
    expect(opened.grid.dims).toEqual([8, 8, 8])
  })
})

describe('a cancel', () => {
  test.each(['queued', 'reading', 'inference'] as const)(
    'of a run that is %s takes less than a second',
    async (stage) => {
      const bed = await makeBed()
      const held = await addSource(bed)
      const gate = new Gate()
      if (stage === 'reading') bed.reader.hold = gate
      else bed.engine.hold = gate
      const first = await startRun(bed, held.series.id)
      await gate.arrival
      const run = stage === 'queued' ? await startRun(bed, (await addSource(bed)).series.id) : first
      const next = await addSource(bed)
      const from = performance.now()
      expect(await bed.workstation.call('runs.cancel', { runId: run.id })).toMatchObject({
        status: 'cancelled',
      })
      bed.reader.hold = undefined
      bed.engine.hold = undefined
      if (stage === 'queued') gate.open()
      const after = await startRun(bed, next.series.id)
      await runIs(bed, after.id, 'running')
      expect(performance.now() - from).toBeLessThan(1000)
      await runIs(bed, after.id, 'done')
      expect(await runIs(bed, run.id, 'cancelled')).toMatchObject({ error: null, progress: null })
      expect(existsSync(join(bed.dataFolder, 'runs', run.id))).toBe(false)
      expect(await readdir(join(bed.dataFolder, 'work'))).toEqual([])
    },
  )

  test('while the results are put together leaves none', async () => {
    const bed = await makeBed()
    const { series } = await addSource(bed)
    const { id: runId } = await startRun(bed, series.id)
    bed.engine.onDone = () => void bed.workstation.call('runs.cancel', { runId })
    await runIs(bed, runId, 'cancelled')
    delete bed.engine.onDone
    const next = await startRun(bed, series.id)
    await runIs(bed, next.id, 'done')
    expect(await readdir(join(bed.dataFolder, 'runs'))).toEqual([next.id])
    expect(bed.runs.filter(({ id, status }) => id === runId && status === 'done')).toEqual([])
  })

  test('of a run that is done changes nothing', async () => {
    const bed = await makeBed()
    const { id } = await startRun(bed, (await addSource(bed)).series.id)
    await runIs(bed, id, 'done')
    expect(await bed.workstation.call('runs.cancel', { runId: id })).toMatchObject({ status: 'done' })
  })
})

describe('what goes wrong', () => {
  test('an engine that is killed costs one run, and the next gets a fresh one', async () => {
    const bed = await makeBed()
    const { series } = await addSource(bed)
    bed.engine.dies = true
    const killed = await startRun(bed, series.id)
    const failed = await runIs(bed, killed.id, 'failed')
    expect(failed.error).toMatchObject({ code: 'engine/died' })
    expect(failed.error?.message).toMatch(/stopped unexpectedly .*memory/)
    bed.engine.dies = false
    const again = await startRun(bed, series.id)
    await runIs(bed, again.id, 'done')
    expect(bed.engine.started).toBe(2)
    expect(await readdir(join(bed.dataFolder, 'runs'))).toEqual([again.id])
  })

  test('a full disk is named by the folder that fills it', async () => {
    const bed = await makeBed()
    const { series } = await addSource(bed)
    bed.engine.fails = { code: 'output/disk-full', message: 'The disk with the temporary folder is full.' }
    const { id } = await startRun(bed, series.id)
    const { error } = await runIs(bed, id, 'failed')
    expect(error).toMatchObject({ code: 'output/disk-full' })
    expect(error?.message).toContain(bed.dataFolder)
  })

  test('a source that is gone fails the run with where it was', async () => {
    const bed = await makeBed()
    const { series, source } = await addSource(bed)
    await rm(source, { recursive: true })
    const { id } = await startRun(bed, series.id)
    const { error } = await runIs(bed, id, 'failed')
    expect(error?.message).toContain(source)
  })

  test('a series that cannot be screened is not queued, and says why', async () => {
    const bed = await makeBed()
    const reason = { code: 'input/gap', message: 'Twelve slices are missing.' }
    bed.reader.report = [{ canScreen: false, reason }]
    const { series } = await addSource(bed)
    expect(await failure(startRun(bed, series.id))).toMatchObject({ message: reason.message })
    expect(await bed.workstation.call('runs.list', {})).toEqual([])
  })

  test('a model is named, never given by a path', async () => {
    const bed = await makeBed()
    const { series } = await addSource(bed)
    const model = join(import.meta.dirname, '../../golden/tinymodel')
    const error = await failure(bed.workstation.call('runs.start', { seriesId: series.id, model }))
    expect(error.code).toBe('usage/model-not-found')
  })
})

describe('a restart', () => {
  test('interrupts the run that was going on and takes up those that waited', async () => {
    const bed = await makeBed()
    bed.engine.hold = new Gate()
    const running = await startRun(bed, (await addSource(bed)).series.id)
    const queued: string[] = []
    for (let i = 0; i < 3; i++) queued.push((await startRun(bed, (await addSource(bed)).series.id)).id)
    await bed.engine.hold.arrival
    bed.engine.hold = undefined
    await bed.restart()
    await runIs(bed, queued[2], 'done')
    expect(bed.runs.filter(({ status }) => status === 'done').map(({ id }) => id)).toEqual(queued)
    const { error } = await runIs(bed, running.id, 'interrupted')
    expect(error?.message).toMatch(/Start it again/)
    expect(existsSync(join(bed.dataFolder, 'runs', running.id))).toBe(false)
  })

  test('finds the runs and what was said of them', async () => {
    const bed = await makeBed()
    const { series } = await addSource(bed)
    const { id: runId } = await startRun(bed, series.id)
    await runIs(bed, runId, 'done')
    const record = { key: 'peak-7', state: 'confirmed', label: null, note: 'seen', outline: null } as const
    await bed.workstation.call('reviews.put', {
      runId,
      record: { ...record, thresholdLevel: 99, updatedAt: null },
    })
    await bed.workstation.call('reviews.finish', { runId, finished: true })
    await bed.restart()
    expect(await bed.workstation.call('reviews.get', { runId })).toMatchObject([record])
    expect(await bed.workstation.call('runs.open', { runId })).toMatchObject({ reviewFinished: true })
    expect(await bed.workstation.call('library.list', {})).toMatchObject([{ state: 'reviewed' }])
  })
})
