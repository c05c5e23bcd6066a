import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PNG } from 'pngjs'
import { describe, expect, test } from 'vitest'
import { addSource, failure, makeBed, runIs, startRun } from './bed.ts'

async function withRun() {
  const bed = await makeBed()
  const { series } = await addSource(bed)
  const { voxelsUrl } = await bed.workstation.call('series.open', { seriesId: series.id })
  const { id } = await startRun(bed, series.id)
  await runIs(bed, id, 'done')
  const { stepsUrl } = await bed.workstation.call('runs.open', { runId: id })
  const get = (url: string, headers: Record<string, string> = {}, method = 'GET') =>
    bed.workstation.data(new Request(`http://host${url}`, { headers, method }))
  return { ...bed, series, voxelsUrl, stepsUrl, get }
}

const bytesOf = async (response: Response) => [...new Uint8Array(await response.arrayBuffer())]

describe('the data plane', () => {
  test('sends voxels and results with their length, to be kept nowhere', async () => {
    const { get, voxelsUrl, stepsUrl } = await withRun()
    const voxels = await get(voxelsUrl)
    expect(voxels.headers.get('content-length')).toBe('1024')
    expect([...new Int16Array(await voxels.arrayBuffer())]).toEqual(Array(512).fill(40))
    const steps = await get(stepsUrl)
    for (const response of [voxels, steps]) expect(response.headers.get('cache-control')).toBe('no-store')
    expect((await bytesOf(steps)).slice(250, 258)).toEqual([250, 251, 252, 253, 254, 255, 0, 1])
  })

  test.each([
    ['bytes=3-5', 206, [3, 4, 5], 'bytes 3-5/512'],
    ['bytes=510-', 206, [254, 255], 'bytes 510-511/512'],
    ['bytes=-2', 206, [254, 255], 'bytes 510-511/512'],
    ['bytes=511-9999', 206, [255], 'bytes 511-511/512'],
    ['bytes=512-', 416, [], 'bytes */512'],
    ['bytes=-0', 416, [], 'bytes */512'],
  ])('answers the range %s', async (range, status, bytes, contentRange) => {
    const { get, stepsUrl } = await withRun()
    const response = await get(stepsUrl, { range })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-range')).toBe(contentRange)
    expect(await bytesOf(response)).toEqual(bytes)
  })

  test.each(['bytes=5-3', 'bytes=0-1,4-5', 'lines=1-2', 'bytes=-'])(
    'sends all for the range %s',
    async (range) => {
      const { get, stepsUrl } = await withRun()
      const response = await get(stepsUrl, { range })
      expect(response.status).toBe(200)
      expect(await bytesOf(response)).toHaveLength(512)
    },
  )

  test('sends only the head where asked, and takes nothing', async () => {
    const { get, stepsUrl } = await withRun()
    const head = await get(stepsUrl, {}, 'HEAD')
    expect(head.headers.get('content-length')).toBe('512')
    expect(await bytesOf(head)).toEqual([])
    expect((await get(stepsUrl, {}, 'POST')).status).toBe(405)
  })

  test('knows nothing but what the library knows', async () => {
    const { get, series, stepsUrl } = await withRun()
    for (const url of [
      '/data/runs/../../library.sqlite',
      '/data/runs/%2e%2e%2f%2e%2e/steps',
      stepsUrl.replace('steps', 'run.json'),
      stepsUrl.replace('steps', 'score'),
      `/data/series/${series.id}/..%2fvoxels`,
      '/data/series/nobody/voxels',
      `/data/thumbnails/${series.id}`,
      '/data/',
    ])
      expect([url, (await get(url)).status]).toEqual([url, 404])
  })

  test('asks to open a series again whose voxels were let go or are others', async () => {
    const { get, series, voxelsUrl, dataFolder } = await withRun()
    expect((await get(`/data/series/${series.id}/voxels?v=older`)).status).toBe(410)
    await rm(join(dataFolder, 'cache', series.id), { recursive: true })
    expect((await get(voxelsUrl)).status).toBe(410)
  })

  test('shows the thumbnail that the window drew', async () => {
    const { get, series, workstation } = await withRun()
    const png = PNG.sync.write(new PNG({ width: 128, height: 96 }))
    const entry = await workstation.call('series.setThumbnail', {
      seriesId: series.id,
      png: png.toString('base64'),
    })
    const response = await get(entry.thumbnailUrl!)
    expect(response.headers.get('content-type')).toBe('image/png')
    expect(Buffer.from(await response.arrayBuffer()).equals(png)).toBe(true)
  })

  test('keeps no picture that is too large or none', async () => {
    const { series, workstation } = await withRun()
    const large = PNG.sync.write(new PNG({ width: 129, height: 1 })).toString('base64')
    for (const png of [large, Buffer.from('<svg onload="…">'.repeat(4)).toString('base64')])
      expect(
        await failure(workstation.call('series.setThumbnail', { seriesId: series.id, png })),
      ).toMatchObject({
        code: 'usage/thumbnail',
      })
  })
})
