import { mkdir, readdir, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { StoredSeries } from '../../../main/library/types.ts'
import { VoxelCache } from '../../../main/workstation/voxelCache.ts'
import { temporaryFolder } from '../inference/packages.ts'
import { fakeReaders, makeSource, type ReaderScript } from './fakes.ts'

/** A cache with room for one series of 1024 bytes. */
async function makeCache() {
  const home = await temporaryFolder(onTestFinished)
  const folder = join(home, 'cache')
  await mkdir(folder)
  const script: ReaderScript = { opened: [] }
  const reader = fakeReaders(script)()
  onTestFinished(() => reader.close())
  const cache = new VoxelCache({ folder, limitBytes: 1500 })
  const open = async (id: string) => {
    const inputs = [await makeSource(home, id)]
    const series = {
      id,
      dims: [8, 8, 8],
      source: { inputs, seriesId: '' },
    } as Partial<StoredSeries> as StoredSeries
    return cache.open(series, { signal: new AbortController().signal, reader, onProgress: () => {} })
  }
  return { cache, open, folder, kept: async () => (await readdir(folder)).sort() }
}

test('what is let go is what nobody uses', async () => {
  const { open, kept } = await makeCache()
  const used = await open('a')
  const second = await open('b')
  expect(await kept()).toEqual(['a', 'b'])
  used.release()
  second.release()
  const third = await open('c')
  expect(await kept()).toEqual(['c'])
  third.release()
})

test('what the window shows stays, for it fetches the voxels after the opening', async () => {
  const { cache, open, kept } = await makeCache()
  const shown = await open('a')
  cache.show('a')
  shown.release()
  for (const id of ['b', 'c']) (await open(id)).release()
  expect(await kept()).toEqual(['a', 'c'])
})

test('a release counts once', async () => {
  const { cache, open, kept } = await makeCache()
  const one = await open('a')
  const two = await cache.peek('a')
  one.release()
  one.release()
  ;(await open('b')).release()
  expect(await kept()).toContain('a')
  two?.release()
})

describe('after the process ended', () => {
  test('voxels are there if they had reached the disk', async () => {
    const { cache, open, kept } = await makeCache()
    ;(await open('a')).release()
    await cache.close()
    await cache.tidy()
    expect(await kept()).toEqual(['a'])
  })

  test.each<[string, (folder: string) => Promise<unknown>]>([
    ['before all of them had', (folder) => rm(join(folder, 'flushed'))],
    ['when others had', (folder) => utimes(join(folder, 'volume.i16'), 1, 1)],
    ['and something took them', (folder) => rm(join(folder, 'volume.i16'))],
  ])('%s, they are removed, to be read again', async (_, change) => {
    const { cache, open, kept, folder } = await makeCache()
    ;(await open('a')).release()
    await cache.close()
    await change(join(folder, 'a'))
    await cache.tidy()
    expect(await kept()).toEqual([])
  })
})
