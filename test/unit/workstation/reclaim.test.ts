import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { addSource, type Bed, makeBed, runIs, startRun } from './bed.ts'
import { makeSource } from './fakes.ts'

/** A data folder with one uploaded series, screened, and its voxels; `names` of what lies in a folder of it. */
async function screened(): Promise<Bed & { names: (folder: string) => Promise<string[]> }> {
  const bed = await makeBed()
  const upload = await makeSource(await bed.workstation.uploadFolder(), 'scan')
  const { handle } = bed.workstation.grantPath(upload)
  const { added } = await bed.workstation.call('library.add', { job: 'j', handles: [handle] })
  await runIs(bed, (await startRun(bed, added[0].id)).id, 'done')
  return Object.assign(bed, { names: async (folder: string) => readdir(join(bed.dataFolder, folder)) })
}

/** What a process that ended in the middle, or a disk that refused, leaves there. */
async function leave({ dataFolder }: Bed, folder: string, name: string = randomUUID()): Promise<string> {
  const path = join(dataFolder, folder, name)
  await mkdir(path, { recursive: true })
  await writeFile(join(path, 'file'), 'voxels')
  return path
}

describe('at start', () => {
  test('what no record refers to is removed, and all that one does is kept', async () => {
    const bed = await screened()
    const before = await Promise.all(['cache', 'runs', 'imports'].map(bed.names))
    expect(before.map(({ length }) => length)).toEqual([1, 1, 1])
    const orphans = await Promise.all(
      ['cache', 'runs', 'imports', 'uploads', 'work'].map((f) => leave(bed, f)),
    )
    await bed.restart()
    expect(orphans.filter((path) => existsSync(path))).toEqual([])
    expect(await Promise.all(['cache', 'runs', 'imports'].map(bed.names))).toEqual(before)
    const [{ id, latestRunId }] = await bed.workstation.call('library.list', {})
    await bed.workstation.call('series.open', { seriesId: id })
    expect(bed.reader.opened).toHaveLength(1)
    await bed.workstation.call('runs.open', { runId: latestRunId! })
  })

  test('what somebody else put there is not touched', async () => {
    const bed = await screened()
    const others = await Promise.all(['runs', 'imports'].map((folder) => leave(bed, folder, 'my notes')))
    await bed.restart()
    expect(others.every((path) => existsSync(path))).toBe(true)
  })

  test('results and uploads stay while a damaged library lies aside, for it may be mended', async () => {
    const bed = await screened()
    const before = await Promise.all(['runs', 'imports'].map(bed.names))
    await bed.workstation.close()
    await writeFile(join(bed.dataFolder, 'library.sqlite'), 'damaged'.repeat(1000))
    await rm(join(bed.dataFolder, 'library.sqlite-wal'), { force: true })
    await bed.restart()
    expect(await bed.workstation.call('library.list', {})).toEqual([])
    expect(await Promise.all(['runs', 'imports'].map(bed.names))).toEqual(before)
    expect(await bed.names('cache')).toEqual([])
    await bed.restart()
    expect(await Promise.all(['runs', 'imports'].map(bed.names))).toEqual(before)
  })

  describe('with an empty library', () => {
    const NOTICE = { code: 'output/unclaimed-data', values: { runs: 1, uploads: 1 } }
    const lost = async (bed: Bed) => {
      await bed.workstation.close()
      for (const suffix of ['', '-wal', '-shm'])
        await rm(join(bed.dataFolder, `library.sqlite${suffix}`), { force: true })
      await bed.restart()
    }

    test('results and uploads that another one left stay, and a sentence says how many and where', async () => {
      const bed = await screened()
      const before = await Promise.all(['runs', 'imports'].map(bed.names))
      await lost(bed)
      expect(await Promise.all(['runs', 'imports'].map(bed.names))).toEqual(before)
      const { notices } = await bed.workstation.call('app.info', {})
      expect(notices).toMatchObject([NOTICE])
      expect(notices[0]!.message).toBe(
        `1 screening result (in ${join(bed.dataFolder, 'runs')}) and 1 uploaded scan (in ${join(bed.dataFolder, 'imports')}) belong to no library and were left where they are.`,
      )
      expect(bed.workstation.notices, 'for the log of the host').toEqual(notices)
    })

    test('they stay when the library is no longer empty, while its own leftovers go', async () => {
      const bed = await screened()
      const [before] = await Promise.all(['runs'].map(bed.names))
      await lost(bed)
      await addSource(bed)
      const own = await leave(bed, 'runs')
      await bed.restart()
      expect(existsSync(own)).toBe(false)
      expect(await bed.names('runs')).toEqual(before)
      expect(bed.workstation.notices).toMatchObject([NOTICE])
      expect(await bed.workstation.call('settings.all', {})).toEqual({})
    })

    test('what was made before an older copy of the library was put back stays, too', async () => {
      const bed = await screened()
      await bed.workstation.close()
      const copies = await Promise.all(
        (await readdir(bed.dataFolder))
          .filter((name) => name.startsWith('library.sqlite'))
          .map(async (name) => ({ name, bytes: await readFile(join(bed.dataFolder, name)) })),
      )
      await bed.restart()
      await runIs(bed, (await startRun(bed, (await addSource(bed)).series.id)).id, 'done')
      const after = await bed.names('runs')
      expect(after).toHaveLength(2)
      await bed.workstation.close()
      for (const { name, bytes } of copies) await writeFile(join(bed.dataFolder, name), bytes)
      await bed.restart()
      expect(await bed.names('runs')).toEqual(after)
      expect(bed.workstation.notices).toMatchObject([{ ...NOTICE, values: { runs: 1, uploads: 0 } }])
    })

    test('nothing is said any more once they were taken away', async () => {
      const bed = await screened()
      await lost(bed)
      for (const folder of ['runs', 'imports']) {
        await rm(join(bed.dataFolder, folder), { recursive: true })
      }
      await bed.restart()
      expect(bed.workstation.notices).toEqual([])
    })
  })
})
