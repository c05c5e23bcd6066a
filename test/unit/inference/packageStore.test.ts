import { mkdir, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { EngineClient } from '../../../main/inference/client.ts'
import type { ModelPackage } from '../../../main/inference/package.ts'
import { PackageStore } from '../../../main/inference/packageStore.ts'
import { aStore, copyOf, failure, refused, zipOf } from './importing.ts'
import { packageWith, RESIDUAL_MODEL } from './packages.ts'

const client = new EngineClient()
afterAll(() => client.close())

describe('an import', () => {
  test('from a folder: shows the package, proves it, and keeps what the manifest names and the licence', async () => {
    const { store, user, folder } = await aStore()
    const dir = await copyOf(folder)
    await writeFile(join(dir, 'LICENSE'), 'MIT')
    await writeFile(join(dir, 'training.log'), 'private')
    const shown: ModelPackage[] = []
    const imported = await store.import(dir, { client, onPackage: (pkg) => shown.push(pkg) > 0 })

    expect(shown.map(({ manifest }) => manifest.licence)).toEqual(['MIT'])
    expect(imported).toMatchObject({ replaced: null, package: { dir: join(user, 'residualmodel') } })
    expect(imported.proofs.map(({ patchSize }) => patchSize)).toEqual([
      [20, 16, 12],
      [12, 10, 8],
      [8, 8, 6],
    ])
    for (const { goldenDeviation } of imported.proofs) expect(goldenDeviation).toBeLessThan(1e-5)
    expect(await readdir(user)).toEqual(['residualmodel'])
    const kept = await readdir(join(user, 'residualmodel'))
    expect(kept).toContain('LICENSE')
    expect(kept).not.toContain('training.log')
    expect((await store.find('residualmodel')).hash).toBe(imported.package.hash)
    expect((await store.list()).map(({ name, origin, isDefault }) => [name, origin, isDefault])).toEqual([
      ['tinymodel', 'built-in', true],
      ['residualmodel', 'imported', false],
    ])
  })

  test.each(['', 'my-model/'])('from a ZIP, its files in "%s"; names are never paths', async (prefix) => {
    const { store, user, folder } = await aStore()
    const extra = [{ name: '../../escaped.txt', data: Buffer.from('x') }]
    const zip = await zipOf(RESIDUAL_MODEL, join(folder, 'model.zip'), { prefix, extra })
    const { package: pkg } = await store.import(zip, { client })
    expect(pkg.manifest.name).toBe('residualmodel')
    expect(await readdir(user)).toEqual(['residualmodel'])
    expect((await readdir(folder)).sort()).toEqual(['model.zip', 'product', 'user'])
  })

  test('of the same again says so; of another version only on request, and then in its place', async () => {
    const at = await aStore()
    const { store, folder } = at
    await store.import(RESIDUAL_MODEL, { client })
    expect(await refused(at, RESIDUAL_MODEL, { client })).toMatchObject({
      code: 'usage/model-installed',
      message: 'The model residualmodel 2.1.0 is already installed.',
    })
    const twin = await copyOf(folder, (m) => (m.title = 'Another'))
    expect((await refused(at, twin, { client, replace: true })).message).toMatch(
      /calls itself residualmodel 2\.1\.0/,
    )
    const newer = await copyOf(folder, (m) => (m.version = '2.2.0'))
    expect((await refused(at, newer, { client })).message).toMatch(
      /installed in version 2\.1\.0; ask for it to be replaced/,
    )
    expect((await store.import(newer, { client, replace: true })).replaced).toBe('2.1.0')
    expect((await store.find('residualmodel')).manifest.version).toBe('2.2.0')
  })

  test('under the name of a built-in package is refused', async () => {
    const at = await aStore()
    const mine = await packageWith(at.folder, undefined, (m) => (m.version = '9.0.0'))
    expect((await refused(at, mine, { client, replace: true })).message).toMatch(
      /comes with the program; give .* another name/,
    )
  })

  test('that the user or the signal ends leaves nothing', async () => {
    const at = await aStore()
    expect((await refused(at, RESIDUAL_MODEL, { client, onPackage: () => false })).code).toBe('cancelled')
    expect((await refused(at, RESIDUAL_MODEL, { client, signal: AbortSignal.abort() })).code).toBe(
      'cancelled',
    )
  })

  test('ends within a second of the signal, in the middle of the check tile', async () => {
    const at = await aStore()
    const slow = await packageWith(at.folder, 'slow', (m) => (m.name = 'slowmodel'))
    const controller = new AbortController()
    let aborted = 0
    const proving = vi.spyOn(client, 'prove')
    onTestFinished(() => proving.mockRestore())
    // From the moment on that the network is being proved: how long the way there takes is the machine's affair.
    proving.mockImplementationOnce((...asked) => {
      setTimeout(() => {
        aborted = performance.now()
        controller.abort()
      }, 50)
      return EngineClient.prototype.prove.apply(client, asked)
    })
    const error = await refused(at, slow, { client, signal: controller.signal })
    expect(error.code).toBe('cancelled')
    expect(performance.now() - aborted).toBeLessThan(1000)
  })

  test('into a folder that cannot be made says so', async () => {
    const { folder } = await aStore()
    await writeFile(join(folder, 'taken'), '')
    const user = join(folder, 'taken', 'models')
    const store = new PackageStore({ builtIn: folder, user, standard: 'tinymodel' })
    const error = await failure(store.import(RESIDUAL_MODEL, { client }))
    expect(error.code).toBe('output/write-failed')
    expect(error.message).toContain(user)
  })

  test('that was cut off by force is put right by the next one', async () => {
    const { store, user } = await aStore()
    await store.import(RESIDUAL_MODEL, { client })
    await rename(join(user, 'residualmodel'), join(user, '.replaced-residualmodel'))
    await mkdir(join(user, '.importing-old'))
    await utimes(join(user, '.importing-old'), new Date(0), new Date(0))
    expect((await failure(store.import(RESIDUAL_MODEL, { client }))).code).toBe('usage/model-installed')
    expect(await readdir(user)).toEqual(['residualmodel'])
  })
})

describe('removing and the default', () => {
  test('an imported package is gone when it is removed, and the default is the product’s own again', async () => {
    const { store, user } = await aStore()
    await store.import(RESIDUAL_MODEL, { client })
    await store.setDefault('residualmodel')
    expect(await store.defaultName()).toBe('residualmodel')
    expect((await store.find()).manifest.name).toBe('residualmodel')
    await store.remove('residualmodel')
    expect(await readdir(user)).toEqual([])
    expect((await store.find()).manifest.name).toBe('tinymodel')
  })

  test('a built-in package stays, and what is not there cannot be removed or chosen', async () => {
    const { store } = await aStore()
    expect((await failure(store.remove('tinymodel'))).code).toBe('usage/model-built-in')
    for (const name of ['nothing', '../user', '.importing-x']) {
      expect((await failure(store.remove(name))).code).toBe('usage/model-not-found')
      expect((await failure(store.setDefault(name))).code).toBe('usage/model-not-found')
    }
  })

  test('a damaged imported package is listed with what is wrong, and can be removed', async () => {
    const { store, user } = await aStore()
    await store.import(RESIDUAL_MODEL, { client })
    await rm(join(user, 'residualmodel', 'residual.onnx'))
    const [, damaged] = await store.list()
    expect(damaged).toMatchObject({ ok: false, name: 'residualmodel', origin: 'imported' })
    await store.remove('residualmodel')
    expect((await store.list()).map(({ name }) => name)).toEqual(['tinymodel'])
  })

  test('a package by the path of its folder needs no import', async () => {
    const { store } = await aStore()
    expect(basename((await store.find(RESIDUAL_MODEL)).dir)).toBe('residualmodel')
  })
})
