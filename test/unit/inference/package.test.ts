import { rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { WorkstationError } from '../../../main/errors.ts'
import type { ModelManifest } from '../../../main/inference/manifest.ts'
import { listPackages, loadPackage } from '../../../main/inference/package.ts'
import { packageWith, TINY_MODEL, temporaryFolder } from './packages.ts'

const refused = (dir: string): Promise<WorkstationError> =>
  loadPackage(dir).then(
    () => expect.unreachable('the package should have been refused'),
    (error) => error,
  )

const copy = async (edit?: (manifest: ModelManifest) => void) =>
  packageWith(await temporaryFolder(onTestFinished), undefined, edit)

describe('loadPackage', () => {
  test('reads a sound package, and its hash says whether two packages are the same', async () => {
    const original = await loadPackage(TINY_MODEL)
    expect(original.manifest).toMatchObject({ name: 'tinymodel', version: '1.0.0' })
    expect(original.hash).toMatch(/^[0-9a-f]{64}$/)
    expect((await loadPackage(TINY_MODEL)).hash).toBe(original.hash)
    const other = await loadPackage(await copy((m) => (m.version = '1.0.1')))
    expect(other.hash).not.toBe(original.hash)
  })

  test.each(['network.onnx', 'golden_input.u8', 'golden_score.f32'])('refuses a changed %s', async (file) => {
    const dir = await copy()
    await writeFile(join(dir, file), 'something else')
    const error = await refused(dir)
    expect(error.code).toBe('model/file-changed')
    expect(error.message).toContain(file)
    expect(error.detail).toMatch(/expected [0-9a-f]{64}, found [0-9a-f]{64}/)
  })

  test('says which file is missing', async () => {
    const dir = await copy()
    await rm(join(dir, 'network.onnx'))
    const error = await refused(dir)
    expect(error.code).toBe('model/file-missing')
    expect(error.message).toContain('network.onnx')
  })

  test('refuses a format version it does not know, and says which it knows', async () => {
    const error = await refused(await copy((m) => Object.assign(m, { schemaVersion: 2 })))
    expect(error.code).toBe('model/schema-version')
    expect(error.message).toMatch(/format version 2; this program reads version 1/)
  })

  test('names the field that is missing', async () => {
    const error = await refused(await copy((m) => Reflect.deleteProperty(m.network, 'patchSize')))
    expect(error.code).toBe('model/manifest')
    expect(error.message).toContain('network.patchSize')
  })

  test.each<[string, (m: ModelManifest) => void]>([
    ['huPivots.hu must ascend', (m) => m.preprocessing.huPivots.hu.reverse()],
    ['calibration.score must ascend', (m) => m.calibration.score.reverse()],
    ['calibration.percentile and calibration.score differ', (m) => m.calibration.score.pop()],
    ['spacingMm must lie between', (m) => (m.preprocessing.spacingMm = [1, 0, 1])],
    ['spacingMm must lie between', (m) => (m.preprocessing.spacingMm = [1, 0.01, 1])],
    ['network.overlap', (m) => (m.network.overlap = 0.99)],
    ['two of its files have one name', (m) => (m.golden.score.path = 'NETWORK.onnx')],
    ['more than any device can hold', (m) => (m.network.patchSize = [1024, 1024, 1024])],
    ['patchSize must be whole', (m) => (m.network.patchSize = [32, 32.5, 32])],
    ['golden_input.u8 has 65536 bytes', (m) => (m.network.patchSize = [16, 16, 16])],
    ['path', (m) => (m.network.file.path = '../network.onnx')],
  ])('refuses a manifest that makes no sense: %s', async (what, edit) => {
    const error = await refused(await copy(edit))
    expect(error.code).toBe('model/manifest')
    expect(error.message).toContain(what)
  })

  test('refuses a folder that is no package, and a model.json that is no JSON', async () => {
    const folder = await temporaryFolder(onTestFinished)
    expect((await refused(folder)).code).toBe('model/not-a-package')
    await writeFile(join(folder, 'model.json'), '{ "schemaVersion": 1, ')
    expect((await refused(folder)).code).toBe('model/manifest')
  })
})

describe('listPackages', () => {
  test('lists sound and damaged packages alike, and passes over other folders', async () => {
    const folder = await temporaryFolder(onTestFinished)
    await packageWith(folder, 'nan')
    await rm(join(await packageWith(folder, 'zero'), 'network.onnx'))
    await writeFile(join(folder, 'README.md'), '')
    const listings = await listPackages(folder)
    expect(listings.map((l) => [basename(l.dir), l.ok])).toEqual([
      ['tinymodel-nan', true],
      ['tinymodel-zero', false],
    ])
  })

  test('a folder that is not there holds no packages', async () => {
    expect(await listPackages('/no/such/folder')).toEqual([])
  })
})
