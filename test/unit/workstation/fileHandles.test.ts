import { mkdir, realpath, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FileHandles } from '../../../main/workstation/fileHandles.ts'
import { FileHandle, FolderListing } from '../../../preload/records.ts'
import { temporaryFolder } from '../inference/packages.ts'
import { failure } from './bed.ts'

/** root/{b.dcm, a10.dcm, a9.dcm, .hidden, scans/, out → outside, in → scans}, outside/secret.dcm */
async function makeTree() {
  const folder = await realpath(await temporaryFolder(onTestFinished))
  const root = join(folder, 'root')
  const outside = join(folder, 'root-outside')
  for (const dir of [root, outside, join(root, 'scans')]) await mkdir(dir)
  for (const file of ['b.dcm', 'a10.dcm', 'a9.dcm', '.hidden']) await writeFile(join(root, file), 'x')
  await writeFile(join(outside, 'secret.dcm'), 'x')
  await symlink(outside, join(root, 'out'))
  await symlink(join(root, 'scans'), join(root, 'in'))
  return { folder, root, outside, files: await FileHandles.create([root, join(folder, 'missing')]) }
}

describe('a listing', () => {
  test('has folders, then files as people count, without what is hidden or leads out', async () => {
    const { files, root } = await makeTree()
    const [top] = (await files.list(null)).entries
    const listing = FolderListing.parse(await files.list(top.handle))
    expect(listing.entries.map(({ name }) => name)).toEqual(['in', 'scans', 'a9.dcm', 'a10.dcm', 'b.dcm'])
    expect(listing).toMatchObject({ path: root, parent: null, folder: { name: 'root' } })
  })

  test('of no folder is the list of the roots that are there', async () => {
    const { files, root } = await makeTree()
    const listing = FolderListing.parse(await files.list(null))
    expect(listing.entries.map(({ name }) => name)).toEqual([root])
    expect(await files.list(listing.folder.handle)).toEqual(listing)
  })

  test('leads back up, but not above the root', async () => {
    const { files, root } = await makeTree()
    const scans = await files.resolve(join(root, 'scans'))
    const { parent } = await files.list(scans.handle)
    expect(files.path(parent!.handle)).toBe(root)
  })

  test.each([
    '/',
    '/etc',
    '/root-outside',
    'out',
    'out/secret.dcm',
    '..',
    'scans/../../root-outside',
    'in/../../x',
  ])('and a typed path do not lead to %s', async (where) => {
    const { files, root, folder } = await makeTree()
    const path =
      where === '/' || where === '/etc' ? where : where.startsWith('/') ? folder + where : `${root}/${where}`
    expect(await failure(files.resolve(path))).toMatchObject({ code: 'usage/outside-roots' })
    expect(await failure(files.list(files.grant(path).handle))).toMatchObject({ code: 'usage/outside-roots' })
  })

  test('of what is not there, or is a file, says so', async () => {
    const { files, root } = await makeTree()
    expect(await failure(files.resolve(join(root, 'no')))).toMatchObject({ code: 'input/not-found' })
    const { handle } = await files.resolve(join(root, 'b.dcm'))
    expect(await failure(files.list(handle))).toMatchObject({ code: 'input/not-a-folder' })
    expect(await failure(files.resolve('scans'))).toMatchObject({ code: 'usage/relative-path' })
  })
})

describe('a handle', () => {
  test('is the same for the same path, says nothing of it, and cannot be made up', async () => {
    const { files, root } = await makeTree()
    const granted = FileHandle.parse(files.grant(join(root, 'b.dcm')))
    expect(files.grant(join(root, 'b.dcm'))).toEqual(granted)
    expect(granted.name).toBe('b.dcm')
    expect(files.path(granted.handle)).toBe(join(root, 'b.dcm'))
    expect(() => files.path('A'.repeat(32))).toThrow(/no longer known/)
  })
})

describe('a new folder', () => {
  test('is made in a root and can be listed', async () => {
    const { files, root } = await makeTree()
    const parent = await files.resolve(root)
    const made = await files.makeFolder(parent.handle, 'Études 2')
    expect(await files.list(made.handle)).toMatchObject({ path: join(root, 'Études 2'), entries: [] })
    expect(await failure(files.makeFolder(parent.handle, 'Études 2'))).toMatchObject({
      code: 'output/exists',
    })
  })

  test.each(['..', '.', '../x', 'a/b', 'a\\b', ' ', 'a\u0000b'])('is not named %j', async (name) => {
    const { files, root } = await makeTree()
    const { handle } = await files.resolve(root)
    expect(await failure(files.makeFolder(handle, name))).toMatchObject({ code: 'usage/folder-name' })
  })

  test('is not made outside', async () => {
    const { files, outside } = await makeTree()
    const { handle } = files.grant(outside)
    expect(await failure(files.makeFolder(handle, 'x'))).toMatchObject({ code: 'usage/outside-roots' })
  })
})
