import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { WorkstationError } from '../../../main/errors.ts'
import { EngineClient } from '../../../main/inference/client.ts'
import type { ModelManifest } from '../../../main/inference/manifest.ts'
import { loadPackage } from '../../../main/inference/package.ts'
import { copyPackage } from '../../../main/inference/packageSource.ts'
import { type Packed, packZip } from '../imaging/zipWriter.ts'
import { aStore, copyOf, refused, zipOf } from './importing.ts'
import { packageWith, RESIDUAL_MODEL, withNetwork } from './packages.ts'

const client = new EngineClient()
afterAll(() => client.close())

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
      'a channel nobody computes',
      edited((m) => (m.preprocessing.channels = ['position-t' as 'hu'])),
      'model/manifest',
      /preprocessing\.channels\.0: Invalid option: expected one of "clahe"\|"hu"\|"position-x"/,
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
    const error = await refused(at, await make(at.folder), { client })
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
    expect((await refused(at, zip, { client })).code).toBe('model/damaged')
  })

  test('a file in the package that is a link to a folder', async () => {
    const at = await aStore()
    const dir = await copyOf(at.folder)
    await rm(join(dir, 'residual.onnx'))
    await symlink(at.folder, join(dir, 'residual.onnx'))
    expect((await refused(at, dir, { client })).code).toBe('model/file-missing')
  })
})
