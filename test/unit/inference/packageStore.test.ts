import { createHash } from 'node:crypto'
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { WorkstationError } from '../../../main/errors.ts'
import { EngineClient } from '../../../main/inference/client.ts'
import type { ModelManifest } from '../../../main/inference/manifest.ts'
import { loadPackage, type ModelPackage } from '../../../main/inference/package.ts'
import { copyPackage } from '../../../main/inference/packageSource.ts'
import { type ImportOptions, PackageStore } from '../../../main/inference/packageStore.ts'
import { type Packed, packZip } from '../imaging/zipWriter.ts'
import { packageWith, RESIDUAL_MODEL, TINY_MODEL, temporaryFolder, withNetwork } from './packages.ts'

const client = new EngineClient()
afterAll(() => client.close())

async function aStore() {
  const folder = await temporaryFolder(onTestFinished)
  const builtIn = join(folder, 'product')
  await cp(TINY_MODEL, join(builtIn, 'tinymodel'), { recursive: true })
  const user = join(folder, 'user', 'models')
  return { store: new PackageStore({ builtIn, user, standard: 'tinymodel' }), user, folder }
}

/** A copy of the residual package, changed. */
async function copyOf(folder: string, edit: (manifest: ModelManifest) => void = () => {}): Promise<string> {
  const dir = join(folder, `copy-${Math.random().toString(36).slice(2)}`)
  await cp(RESIDUAL_MODEL, dir, { recursive: true })
  const manifest: ModelManifest = JSON.parse(await readFile(join(dir, 'model.json'), 'utf8'))
  edit(manifest)
  await writeFile(join(dir, 'model.json'), JSON.stringify(manifest))
  return dir
}

async function zipOf(
  dir: string,
  target: string,
  { prefix = '', extra = [] as Packed[] } = {},
): Promise<string> {
  const entries: Packed[] = []
  for (const name of await readdir(dir)) {
    entries.push({ name: prefix + name, data: await readFile(join(dir, name)) })
  }
  await writeFile(target, packZip([...entries, ...extra]))
  return target
}

const failure = (promise: Promise<unknown>): Promise<WorkstationError> =>
  promise.then(
    () => expect.unreachable('it should have failed'),
    (error) => error,
  )

/** Imports, expects a refusal of one line, and that nothing is left of it. */
async function refused(
  { store, user }: Awaited<ReturnType<typeof aStore>>,
  path: string,
  more: Partial<ImportOptions> = {},
): Promise<WorkstationError> {
  const before = await readdir(user).catch(() => [])
  const error = await failure(store.import(path, { client, ...more }))
  expect(error.message).not.toContain('\n')
  expect(await readdir(user).catch(() => [])).toEqual(before)
  return error
}

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
    expect(await refused(at, RESIDUAL_MODEL)).toMatchObject({
      code: 'usage/model-installed',
      message: 'The model residualmodel 2.1.0 is already installed.',
    })
    const twin = await copyOf(folder, (m) => (m.title = 'Another'))
    expect((await refused(at, twin, { replace: true })).message).toMatch(/calls itself residualmodel 2\.1\.0/)
    const newer = await copyOf(folder, (m) => (m.version = '2.2.0'))
    expect((await refused(at, newer)).message).toMatch(
      /installed in version 2\.1\.0; ask for it to be replaced/,
    )
    expect((await store.import(newer, { client, replace: true })).replaced).toBe('2.1.0')
    expect((await store.find('residualmodel')).manifest.version).toBe('2.2.0')
  })

  test('under the name of a built-in package is refused', async () => {
    const at = await aStore()
    const mine = await packageWith(at.folder, undefined, (m) => (m.version = '9.0.0'))
    expect((await refused(at, mine, { replace: true })).message).toMatch(
      /comes with the program; give .* another name/,
    )
  })

  test('that the user or the signal ends leaves nothing', async () => {
    const at = await aStore()
    expect((await refused(at, RESIDUAL_MODEL, { onPackage: () => false })).code).toBe('cancelled')
    expect((await refused(at, RESIDUAL_MODEL, { signal: AbortSignal.abort() })).code).toBe('cancelled')
  })

  test('ends within a second of the signal, in the middle of the check tile', async () => {
    const at = await aStore()
    const slow = await packageWith(at.folder, 'slow', (m) => (m.name = 'slowmodel'))
    const controller = new AbortController()
    let aborted = 0
    const onPackage = () => {
      setTimeout(() => {
        aborted = performance.now()
        controller.abort()
      }, 1500)
      return true
    }
    const error = await refused(at, slow, { signal: controller.signal, onPackage })
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

describe('what is refused, in one sentence and without a trace', () => {
  type Make = (folder: string) => Promise<string>
  const edited =
    (edit: (m: ModelManifest) => void): Make =>
    (folder) =>
      copyOf(folder, edit)
  const network =
    (change: (bytes: Buffer) => Buffer): Make =>
    async (folder) => {
      const dir = await copyOf(folder)
      await withNetwork(dir, change)
      return dir
    }
  const swap = (from: string, to: string): Make =>
    network((bytes) => Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1'))
  const inZip =
    (extra: Packed[]): Make =>
    (folder) =>
      zipOf(RESIDUAL_MODEL, join(folder, 'bad.zip'), { extra })

  test.each<[string, Make, string, RegExp]>([
    ['nothing there', async (folder) => join(folder, 'nowhere'), 'model/not-a-package', /neither a folder/],
    ['a folder without a manifest', async (folder) => folder, 'model/not-a-package', /neither a folder/],
    [
      'a file that is no ZIP',
      async (folder) => {
        await writeFile(join(folder, 'a.zip'), 'hello, hello')
        return join(folder, 'a.zip')
      },
      'model/not-a-package',
      /nor a ZIP file of one/,
    ],
    [
      'a ZIP cut short',
      async (folder) => {
        const zip = await zipOf(RESIDUAL_MODEL, join(folder, 'cut.zip'))
        await truncate(zip, 3000)
        return zip
      },
      'model/damaged',
      /damaged or cut short/,
    ],
    [
      'two files of one name',
      inZip([{ name: 'model.json', data: Buffer.from('{}') }]),
      'model/zip-ambiguous',
      /twice/,
    ],
    [
      'a deflate bomb',
      inZip([{ name: 'zeros', data: Buffer.alloc(80 * 2 ** 20) }]),
      'model/zip-too-large',
      /many times its size/,
    ],
    [
      'a thousand files',
      inZip(Array.from({ length: 1001 }, (_, i) => ({ name: `${i}`, data: Buffer.alloc(0) }))),
      'model/zip-too-large',
      /lists 101\d files/,
    ],
    [
      'a path out of the folder',
      edited((m) => (m.golden.input.path = '..')),
      'model/manifest',
      /golden\.input\.path/,
    ],
    [
      'a wrong hash',
      edited((m) => (m.network.file.sha256 = '0'.repeat(64))),
      'model/file-changed',
      /residual\.onnx is not the one/,
    ],
    [
      'a missing file',
      async (folder) => {
        const dir = await copyOf(folder)
        await rm(join(dir, 'golden_score_8.f32'))
        return dir
      },
      'model/file-missing',
      /golden_score_8\.f32 is not in/,
    ],
    [
      'an operator set too new',
      swap('\x10\x0d', '\x10\x63'),
      'model/network',
      /operator set 99; 7 to 20 can be run/,
    ],
    [
      'another input name',
      edited((m) => (m.network.input = 'image')),
      'model/network',
      /no input named image, only ct/,
    ],
    [
      'another output name',
      edited((m) => (m.network.scoreOutput = 'score')),
      'model/network',
      /no output named score/,
    ],
    [
      'a descriptor that is not there',
      edited((m) => (m.network.descriptorOutput = 'descriptor')),
      'model/network',
      /no output named descriptor/,
    ],
    [
      'other channels than the network takes',
      (folder) =>
        packageWith(folder, undefined, (m) =>
          Object.assign(m, { name: 'mine', network: { ...m.network, patchSize: [64, 32, 16] } }),
        ),
      'model/network',
      /image has the shape \[1, 2, 32, 32, 32\], where its model\.json asks for \[1, 2, 16, 32, 64\]/,
    ],
    [
      'a network of a type that is not float32',
      // TensorProto.FLOAT → DOUBLE in the type of input and output.
      swap('\x08\x01\x12', '\x08\x0b\x12'),
      'model/network',
      /cannot be read as ONNX|not float32/,
    ],
    [
      'a check tile that would pass anything',
      edited((m) => (m.golden.tolerance = 3)),
      'model/golden',
      /proves nothing: its expected scores span .*, where deviations of .* are accepted/,
    ],
    [
      'a check tile that expects NaN',
      async (folder) => {
        const dir = await copyOf(folder)
        const bytes = await readFile(join(dir, 'golden_score.f32'))
        bytes.writeFloatLE(Number.NaN, 40)
        await writeFile(join(dir, 'golden_score.f32'), bytes)
        const manifest: ModelManifest = JSON.parse(await readFile(join(dir, 'model.json'), 'utf8'))
        manifest.golden.score.sha256 = createHash('sha256').update(bytes).digest('hex')
        await writeFile(join(dir, 'model.json'), JSON.stringify(manifest))
        return dir
      },
      'model/golden',
      /expected scores are not all numbers/,
    ],
    [
      'a wrong answer to the check tile of a smaller size',
      edited((m) => (m.network.smallerTiles![0].golden.tolerance = 1e-12)),
      'engine/golden-mismatch',
      /deviates by .* It was not imported\.$/,
    ],
  ])('%s', async (_, make, code, sentence) => {
    const at = await aStore()
    const error = await refused(at, await make(at.folder))
    expect(error.message).toMatch(sentence)
    expect(error.code).toBe(code)
  })

  test('a ZIP damaged anywhere: one sentence, or the very package that was packed', async () => {
    const at = await aStore()
    const sound = await readFile(await zipOf(RESIDUAL_MODEL, join(at.folder, 'sound.zip')))
    const { hash } = await loadPackage(RESIDUAL_MODEL)
    const damage = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const bytes = Buffer.from(sound)
        for (const [offset, value] of changes) bytes[offset] = value
        const zip = join(at.folder, 'damaged.zip')
        await writeFile(zip, bytes)
        const into = await mkdtemp(join(at.folder, 'into-'))
        try {
          await copyPackage(zip, into)
          expect((await loadPackage(into)).hash).toBe(hash)
        } catch (error) {
          expect(error).toBeInstanceOf(WorkstationError)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('a ZIP whose entry is shorter than it says', async () => {
    const at = await aStore()
    const names = await readdir(RESIDUAL_MODEL)
    const read = async (name: string) => ({ name, data: await readFile(join(RESIDUAL_MODEL, name)) })
    const entries: Packed[] = await Promise.all(names.map(read))
    const zip = join(at.folder, 'short.zip')
    const lie = (entry: Packed) =>
      entry.name === 'residual.onnx' ? { ...entry, declaredSize: 60_000 } : entry
    await writeFile(zip, packZip(entries.map(lie)))
    expect((await refused(at, zip)).code).toBe('model/damaged')
  })

  test('a file in the package that is a link to a folder', async () => {
    const at = await aStore()
    const dir = await copyOf(at.folder)
    await rm(join(dir, 'residual.onnx'))
    await symlink(at.folder, join(dir, 'residual.onnx'))
    expect((await refused(at, dir)).code).toBe('model/file-missing')
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
