import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { UploadLimits } from '../../../main/hosts/handler/uploads.ts'
import { createHandler, type Handler } from '../../../main/hosts/handler.ts'
import { type FakeWorkstation, fakeWorkstation } from './fakeWorkstation.ts'

let folder: string
let workstation: FakeWorkstation
let handler: Handler

function start(uploadLimits: Partial<UploadLimits> = {}): void {
  workstation = fakeWorkstation(folder)
  handler = createHandler({ workstation, windowFolder: folder, uploadLimits })
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'screener-uploads-'))
  start()
})

afterEach(async () => {
  handler.close()
  await rm(folder, { recursive: true })
})

const ask = (path: string, init?: RequestInit) => handler.fetch(new Request(`http://host${path}`, init))
// biome-ignore lint/suspicious/noExplicitAny: what the wire carries is what is tested
const json = (response: Response): Promise<any> => response.json()

describe('an upload', () => {
  const begin = async () => (await json(await ask('/api/upload', { method: 'POST' }))).value.upload
  const put = (id: string, path: string, body: string, length = body.length) =>
    ask(`/api/upload/${id}?path=${encodeURIComponent(path)}`, {
      method: 'PUT',
      body,
      headers: { 'content-length': String(length) },
    })
  const finish = (id: string) => ask(`/api/upload/${id}/done`, { method: 'POST' })

  it('keeps the folder that was dropped as it was', async () => {
    const id = await begin()
    await put(id, 'study/series 1/image 1.dcm', 'one')
    await put(id, 'study/series 2/image 1.dcm', 'two')
    const { value } = await json(await finish(id))
    expect(value.name).toBe('study')
    expect(await readFile(join(workstation.granted[0], 'series 2', 'image 1.dcm'), 'utf8')).toBe('two')
  })

  it('of several files is one folder; of one file, that file', async () => {
    const several = await begin()
    await put(several, '1.dcm', 'one')
    await put(several, '2.dcm', 'two')
    await finish(several)
    expect((await readdir(workstation.granted[0])).sort()).toEqual(['1.dcm', '2.dcm'])
    const single = await begin()
    await put(single, 'scan.nii', 'scan')
    expect((await json(await finish(single))).value.name).toBe('scan.nii')
  })

  it('keeps files whose names differ only in what cannot be kept', async () => {
    const id = await begin()
    await put(id, 'a:b.dcm', 'one')
    await put(id, 'a?b.dcm', 'two')
    await finish(id)
    expect((await readdir(workstation.granted[0])).sort()).toEqual(['a_b (2).dcm', 'a_b.dcm'])
  })

  it.each(['../x', 'a/../../x', '/etc/x', 'a//x', './x', '', 'a/', 'x'.repeat(256), `${'a/'.repeat(40)}x`])(
    'refuses the path %j',
    async (path) => {
      const response = await put(await begin(), path, 'x')
      expect(response.status).toBe(400)
      expect((await json(response)).error.code).toBe('usage/upload')
    },
  )

  it.each(['..\\x', 'C:\\x', 'con.txt', 'a\u0000b', 'end.'])(
    'keeps a file called %j in its folder under a harmless name',
    async (path) => {
      const id = await begin()
      expect((await put(id, path, 'x')).status).toBe(200)
      await finish(id)
      expect(workstation.granted[0]).toMatch(/upload-\w+\/(\.\._x|C__x|_con\.txt|a_b|end_)$/)
    },
  )

  it('leaves no file that came shorter or longer than announced', async () => {
    const id = await begin()
    expect(await json(await put(id, 'short', 'x', 2))).toMatchObject({
      error: { code: 'input/cut-short' },
    })
    expect(await json(await put(id, 'long', 'xxx', 2))).toMatchObject({
      error: { code: 'input/too-large' },
    })
    expect(await json(await finish(id))).toMatchObject({ error: { code: 'input/nothing-dropped' } })
  })

  it('says what is wrong with a place that cannot be had, and not that the file was cut short', async () => {
    const id = await begin()
    await put(id, 'study', 'a file')
    const { error } = await json(await put(id, 'study/image.dcm', 'one'))
    expect(error).toMatchObject({
      code: 'output/not-writable',
      message: expect.stringContaining('study/image'),
    })
  })

  it('is refused where it would fill the disk or be endless', async () => {
    start({ reserveBytes: Number.MAX_SAFE_INTEGER })
    expect((await put(await begin(), 'x', 'x')).status).toBe(507)
    start({ maxFileBytes: 1 })
    expect((await put(await begin(), 'x', 'xx')).status).toBe(413)
    start({ maxFiles: 1 })
    const id = await begin()
    expect((await put(id, '1', 'x')).status).toBe(200)
    expect((await put(id, '2', 'x')).status).toBe(413)
  })

  it('that was given up leaves nothing, and takes nothing more', async () => {
    const id = await begin()
    await put(id, 'x', 'x')
    await ask(`/api/upload/${id}`, { method: 'DELETE' })
    expect((await readdir(folder)).filter((name) => name.startsWith('upload-'))).toEqual([])
    expect((await put(id, 'y', 'y')).status).toBe(400)
    expect((await finish('unknown')).status).toBe(400)
  })
})
