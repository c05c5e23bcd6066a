import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serialize } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { exportReview } from '../../../main/workstation/exportReview.ts'
import { temporaryFolder } from '../exporting/reviewCases.ts'
import { job } from './exportJob.ts'

describe('an export that does not come to its end leaves nothing behind', () => {
  it('when it is cancelled, at any stage', async () => {
    for (const stage of ['findings', 'measuring', 'writing']) {
      const asked = job()
      const controller = new AbortController()
      const onProgress = (progress: { stage: string }) => {
        if (progress.stage === stage) controller.abort()
      }
      await expect(exportReview(asked, { signal: controller.signal, onProgress })).rejects.toMatchObject({
        code: 'cancelled',
        message: 'The export was cancelled.',
      })
      expect(readdirSync(asked.parent), stage).toEqual([])
    }
  })

  it('when it is cancelled while the segmentation is written in its thread', async () => {
    const asked = job()
    const controller = new AbortController()
    const onProgress = ({ stage, done }: { stage: string; done: number }) => {
      if (stage === 'writing' && done === 1) setTimeout(() => controller.abort(), 5)
    }
    await expect(exportReview(asked, { signal: controller.signal, onProgress })).rejects.toMatchObject({
      code: 'cancelled',
    })
    expect(readdirSync(asked.parent)).toEqual([])
  })

  it('when it is cancelled while its files are given their names: who cancelled was told that there are none', async () => {
    const asked = job()
    asked.request.formats = ['csv', 'json']
    const controller = new AbortController()
    const named = () =>
      readdirSync(asked.parent, { recursive: true }).some((name) => /\/findings/.test(`${name}`))
    const look = () => void (named() ? controller.abort() : setImmediate(look))
    look()
    await expect(exportReview(asked, { signal: controller.signal })).rejects.toMatchObject({
      code: 'cancelled',
    })
    expect(readdirSync(asked.parent)).toEqual([])
  })

  it('when a key image is no picture', async () => {
    const asked = job('oblique')
    asked.request.keyImages[0].png = Buffer.from('<svg onload="x">').toString('base64')
    await expect(exportReview(asked)).rejects.toMatchObject({ code: 'usage/key-image' })
    expect(readdirSync(asked.parent)).toEqual([])
  })

  it('when the chosen folder is gone or is none', async () => {
    const asked = job()
    await expect(exportReview({ ...asked, parent: join(asked.parent, 'gone') })).rejects.toMatchObject({
      code: 'output/not-writable',
      message: expect.stringContaining('there is no such disk or folder'),
    })
    const file = join(asked.parent, 'file')
    writeFileSync(file, '')
    await expect(exportReview({ ...asked, parent: file })).rejects.toMatchObject({
      code: 'output/not-writable',
    })
    expect(readdirSync(asked.parent)).toEqual(['file'])
  })
})

/** Where a user may mount a disk that nobody else sees. */
const NAMESPACE = ['-rm', 'sh', '-c']
const canMount = spawnSync('unshare', [...NAMESPACE, 'mount -t tmpfs tmpfs /mnt']).status === 0

it.skipIf(!canMount)('an export to a disk that is full says so and leaves nothing behind', () => {
  const folder = temporaryFolder()
  const [disk, file] = [join(folder, 'disk'), join(folder, 'job')]
  mkdirSync(disk)
  writeFileSync(file, serialize({ ...job(), parent: disk }))
  const script = fileURLToPath(new URL('./exportChild.ts', import.meta.url))
  // Room for the folder and three small files.
  const { stdout, stderr } = spawnSync(
    'unshare',
    [
      ...NAMESPACE,
      'mount -t tmpfs -o size=12k tmpfs "$0" && exec "$1" "$2" "$3"',
      disk,
      process.execPath,
      script,
      file,
    ],
    { encoding: 'utf8' },
  )
  expect(stderr).not.toContain('rror:')
  expect(JSON.parse(stdout)).toEqual({
    code: 'output/disk-full',
    message: expect.stringMatching(/^The disk is full: the results could not be written to .*Thorax/),
    left: [],
  })
})
