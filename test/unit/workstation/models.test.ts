import { cp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { EngineClient } from '../../../main/inference/client.ts'
import { calls } from '../../../preload/contract.ts'
import { copyOf, zipOf } from '../inference/importing.ts'
import { packageWith, RESIDUAL_MODEL, TINY_MODEL, temporaryFolder } from '../inference/packages.ts'
import { addSource, type Bed, failure, makeBed, runIs } from './bed.ts'

/** With the tiny model built in, and engines for imports that are processes of their own. */
async function modelsBed(): Promise<Bed> {
  const builtIn = await temporaryFolder(onTestFinished)
  await cp(TINY_MODEL, join(builtIn, 'tinymodel'), { recursive: true })
  return makeBed({ modelsFolder: builtIn, newEngine: () => new EngineClient() })
}

let jobs = 0
const importing = ({ workstation }: Bed, path: string, replace = false) =>
  workstation.call('models.import', {
    job: `import-${++jobs}`,
    handle: workstation.grantPath(path).handle,
    replace,
  })
const inspecting = ({ workstation }: Bed, path: string) =>
  workstation.call('models.inspect', { handle: workstation.grantPath(path).handle })
const listed = ({ workstation }: Bed) => workstation.call('models.list', {})
const kept = ({ dataFolder }: Bed) => readdir(join(dataFolder, 'models')).catch(() => [])

describe('a package that was chosen', () => {
  test('says what it is, from a folder or a ZIP, before anything of it is written', async () => {
    const bed = await modelsBed()
    const zip = await zipOf(RESIDUAL_MODEL, join(bed.folder, 'model.zip'), { prefix: 'residual/' })
    for (const path of [RESIDUAL_MODEL, zip]) {
      const seen = calls['models.inspect'].output.strict().parse(await inspecting(bed, path))
      expect(seen).toMatchObject({ name: 'residualmodel', installed: null })
      expect(seen.licence).not.toBe('')
      expect(seen.provenance).not.toBe('')
      expect(seen.sizeBytes).toBeGreaterThan(1000)
    }
    expect(await kept(bed)).toEqual([])
  })

  test('says what would give way to it', async () => {
    const bed = await modelsBed()
    await importing(bed, RESIDUAL_MODEL)
    const newer = await copyOf(bed.folder, (manifest) => {
      manifest.version = '9.0.0'
    })
    const { version } = (await listed(bed)).find(({ name }) => name === 'residualmodel')!
    expect((await inspecting(bed, newer)).installed).toEqual({ version, origin: 'imported' })
    expect((await failure(importing(bed, newer))).code).toBe('usage/model-exists')
    const models = await importing(bed, newer, true)
    expect(models.find(({ name }) => name === 'residualmodel')?.version).toBe('9.0.0')
  })

  test('that is none is refused in a sentence', async () => {
    const bed = await modelsBed()
    const { source } = await addSource(bed)
    const error = await failure(inspecting(bed, source))
    expect(error.code).toBe('model/not-a-package')
    expect(error.message).not.toContain('\n')
  })
})

describe('an import', () => {
  test('is proved, told to every window, screened with and there after a restart', async () => {
    const bed = await modelsBed()
    const told: string[][] = []
    const stages = new Set<string>()
    bed.workstation.on('models.changed', (models) => told.push(models.map(({ name }) => name)))
    bed.workstation.on('job.progress', ({ stage }) => stages.add(stage))
    const models = calls['models.import'].output.parse(await importing(bed, RESIDUAL_MODEL))
    expect(models).toMatchObject([
      { name: 'tinymodel', origin: 'built-in' },
      { name: 'residualmodel', origin: 'imported' },
    ])
    expect(told).toEqual([['tinymodel', 'residualmodel']])
    expect([...stages]).toEqual(['copying', 'proving'])

    await bed.restart()
    expect(await listed(bed)).toEqual(models)
    const { series } = await addSource(bed)
    const run = await bed.workstation.call('runs.start', { seriesId: series.id, model: 'residualmodel' })
    expect((await runIs(bed, run.id, 'done')).model.name).toBe('residualmodel')
  })

  test('of a network that computes something else keeps nothing of it', async () => {
    const bed = await modelsBed()
    const wrong = await packageWith(bed.folder, 'deviating', (manifest) => {
      manifest.name = 'wrong'
    })
    expect((await failure(importing(bed, wrong))).code).toBe('engine/golden-mismatch')
    expect(await kept(bed)).toEqual([])
    expect((await listed(bed)).map(({ name }) => name)).toEqual(['tinymodel'])
  })

  test('of a file that was changed keeps nothing of it', async () => {
    const bed = await modelsBed()
    const changed = await copyOf(bed.folder)
    await writeFile(join(changed, 'residual.onnx'), 'something else')
    expect((await failure(importing(bed, changed))).code).toBe('model/file-changed')
    expect(await kept(bed)).toEqual([])
  })

  test('that is cancelled ends at once and keeps nothing', async () => {
    const bed = await modelsBed()
    const proving = new Promise<string>((resolve) => {
      bed.workstation.on('job.progress', ({ job, stage }) => stage === 'proving' && resolve(job))
    })
    const waiting = failure(importing(bed, RESIDUAL_MODEL))
    const job = await proving
    const from = performance.now()
    await bed.workstation.call('models.cancel', { job })
    expect((await waiting).code).toBe('cancelled')
    expect(performance.now() - from).toBeLessThan(1000)
    await bed.workstation.close()
    expect(await kept(bed)).toEqual([])
  })

  test('of what was sent by a browser leaves no second copy', async () => {
    const bed = await modelsBed()
    const upload = await bed.workstation.uploadFolder()
    await cp(RESIDUAL_MODEL, join(upload, 'residualmodel'), { recursive: true })
    await importing(bed, join(upload, 'residualmodel'))
    expect(await readdir(join(bed.dataFolder, 'uploads'))).toEqual([])
  })
})

describe('an installed model', () => {
  test('can be the default, also after a restart, and is what a run takes that names none', async () => {
    const bed = await modelsBed()
    await importing(bed, RESIDUAL_MODEL)
    await bed.workstation.call('models.setDefault', { name: 'residualmodel' })
    await bed.restart()
    expect((await listed(bed)).filter(({ isDefault }) => isDefault)).toMatchObject([
      { name: 'residualmodel' },
    ])
    const { series } = await addSource(bed)
    const run = await bed.workstation.call('runs.start', { seriesId: series.id })
    expect(run.model.name).toBe('residualmodel')
  })

  test('can be removed if it was imported, not if it came with the program', async () => {
    const bed = await modelsBed()
    await importing(bed, RESIDUAL_MODEL)
    const remove = (name: string) => bed.workstation.call('models.remove', { name })
    expect((await remove('residualmodel')).map(({ name }) => name)).toEqual(['tinymodel'])
    expect((await failure(remove('tinymodel'))).code).toBe('usage/model-built-in')
    expect((await failure(remove('../tinymodel'))).code).toBe('usage/model-not-found')
  })

  test('that was damaged is said to be, and can be removed', async () => {
    const bed = await modelsBed()
    await importing(bed, RESIDUAL_MODEL)
    await rm(join(bed.dataFolder, 'models', 'residualmodel', 'residual.onnx'))
    expect((await listed(bed)).map(({ name }) => name)).toEqual(['tinymodel'])
    expect(await bed.workstation.call('models.damaged', {})).toMatchObject([
      { name: 'residualmodel', origin: 'imported', error: { code: 'model/file-missing' } },
    ])
    await bed.workstation.call('models.remove', { name: 'residualmodel' })
    expect(await bed.workstation.call('models.damaged', {})).toEqual([])
  })
})
