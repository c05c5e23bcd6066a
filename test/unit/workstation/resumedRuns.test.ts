import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { RunRecord } from '../../../main/exporting/runRecord.ts'
import { ResumeFolders } from '../../../main/workstation/resumeFolders.ts'
import { temporaryFolder } from '../inference/packages.ts'
import { addSource, type Bed, makeBed, runIs, startRun } from './bed.ts'
import { Gate } from './fakes.ts'

/** A workstation whose engine keeps a tile of each run, and finds those of earlier ones. */
async function bedWithTiles(): Promise<Bed & { found: number[]; left: () => Promise<string[]> }> {
  const bed = await makeBed()
  const found: number[] = []
  bed.engine.onTiles = async (folder) => {
    await mkdir(folder, { recursive: true })
    const there = (await readdir(folder)).length
    found.push(there)
    bed.engine.resumedTiles = there
    await writeFile(join(folder, `tile-${there}`), 'score')
  }
  const folder = join(bed.dataFolder, 'resume')
  const left = async () =>
    (await readdir(folder, { recursive: true }).catch(() => [])).filter((name) => name.includes('tile-'))
  return Object.assign(bed, { found, left })
}

describe('finished tiles', () => {
  test('of a run whose engine died are there when it is asked for again, and gone when it is done', async () => {
    const bed = await bedWithTiles()
    const { series } = await addSource(bed)
    bed.engine.dies = true
    await runIs(bed, (await startRun(bed, series.id)).id, 'failed')
    expect(await bed.left()).toHaveLength(1)
    bed.engine.dies = false
    const { id } = await startRun(bed, series.id)
    await runIs(bed, id, 'done')
    expect(bed.found).toEqual([0, 1])
    expect(await bed.left()).toEqual([])
    const text = await readFile(join(bed.dataFolder, 'runs', id, 'run.json'), 'utf8')
    expect(RunRecord.parse(JSON.parse(text)).result.resumedTiles).toBe(1)
  })

  test('of a run that the end of the program interrupted outlast it', async () => {
    const bed = await bedWithTiles()
    const { series } = await addSource(bed)
    bed.engine.hold = new Gate()
    const { id } = await startRun(bed, series.id)
    await bed.engine.hold.arrival
    bed.engine.hold = undefined
    await bed.restart()
    await runIs(bed, id, 'interrupted')
    expect(await bed.left()).toHaveLength(1)
    await runIs(bed, (await startRun(bed, series.id)).id, 'done')
    expect(bed.found).toEqual([0, 1])
  })

  test('of another series are not found', async () => {
    const bed = await bedWithTiles()
    bed.engine.dies = true
    await runIs(bed, (await startRun(bed, (await addSource(bed)).series.id)).id, 'failed')
    bed.engine.dies = false
    await runIs(bed, (await startRun(bed, (await addSource(bed)).series.id)).id, 'done')
    expect(bed.found).toEqual([0, 0])
    expect(await bed.left()).toHaveLength(1)
  })

  test('of a paused run are found when it goes on, and what waits runs meanwhile', async () => {
    const bed = await bedWithTiles()
    const { series } = await addSource(bed)
    const other = (await addSource(bed)).series
    bed.engine.hold = new Gate()
    const { id: runId } = await startRun(bed, series.id)
    await bed.engine.hold.arrival
    const { id: nextId } = await startRun(bed, other.id)
    bed.engine.hold = undefined
    const paused = await bed.workstation.call('runs.pause', { runId })
    expect(paused).toMatchObject({ status: 'interrupted', error: { code: 'engine/paused' } })
    await runIs(bed, nextId, 'done')
    expect(await bed.left()).toHaveLength(1)
    await runIs(bed, (await startRun(bed, series.id)).id, 'done')
    expect(bed.found).toEqual([0, 0, 1])
    expect(await bed.left()).toEqual([])
  })

  test.each(['cancelled', 'removed with its series', 'failed by a full disk'])(
    'of a run that is %s are gone',
    async (how) => {
      const bed = await bedWithTiles()
      const { series } = await addSource(bed)
      if (how.startsWith('failed')) bed.engine.fails = { code: 'output/disk-full', message: 'Full.' }
      else bed.engine.hold = new Gate()
      const { id: runId } = await startRun(bed, series.id)
      if (how.startsWith('failed')) await runIs(bed, runId, 'failed')
      else await bed.engine.hold?.arrival
      if (how === 'cancelled') await bed.workstation.call('runs.cancel', { runId })
      if (how.startsWith('removed')) await bed.workstation.call('library.remove', { seriesId: series.id })
      await expect.poll(bed.left).toEqual([])
    },
  )

  test('of an interrupted run go with its series', async () => {
    const bed = await bedWithTiles()
    const { series } = await addSource(bed)
    bed.engine.dies = true
    await runIs(bed, (await startRun(bed, series.id)).id, 'failed')
    await bed.workstation.call('library.remove', { seriesId: series.id })
    expect(await bed.left()).toEqual([])
  })
})

describe('at the start', () => {
  async function folders() {
    const dataFolder = await temporaryFolder(onTestFinished)
    const unfinished = new ResumeFolders(dataFolder)
    const make = async (seriesId: string, days: number) => {
      const folder = unfinished.of(seriesId, 'a'.repeat(64))
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, 'tiles'), Buffer.alloc(1000))
      const when = new Date(Date.now() - days * 86_400_000)
      await utimes(folder, when, when)
      return () => existsSync(folder)
    }
    return { unfinished, make }
  }

  test('what belongs to no series or is older than 14 days is removed', async () => {
    const { unfinished, make } = await folders()
    const [gone, old, kept] = [await make('gone', 1), await make('old', 15), await make('kept', 13)]
    await unfinished.tidy(new Set(['old', 'kept']))
    expect([gone(), old(), kept()]).toEqual([false, false, true])
  })

  test('of more than there is room for, the oldest are removed', async () => {
    const { unfinished, make } = await folders()
    const there = [await make('a', 3), await make('b', 1), await make('c', 2)]
    await unfinished.tidy(new Set(['a', 'b', 'c']), 2500)
    expect(there.map((exists) => exists())).toEqual([false, true, true])
  })
})
