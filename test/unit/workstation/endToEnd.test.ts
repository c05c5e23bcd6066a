import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { writeCtSeries } from '../../../main/exporting/dicomSeries.ts'
import { decodeTree } from '../../../main/findings/componentTreeFile.ts'
import { treeComponentsAt } from '../../../main/findings/componentTreeQuery.ts'
import { nearestStep, thresholdSteps } from '../../../main/findings/steps.ts'
import { IDENTITY, voxelCount } from '../../../main/imaging/volume.ts'
import { createWorkstation } from '../../../main/workstation/index.ts'
import { calls } from '../../../preload/contract.ts'
import { SMALL_CT_IDENTITY } from '../exporting/smallCt.ts'
import { runIs } from './bed.ts'

/** Temporary files of this test only, so that what is left there was left by it. */
const temporary = mkdtempSync(join(tmpdir(), 'screener-test-'))
vi.stubEnv('TMPDIR', temporary)
vi.stubEnv('TEMP', temporary)
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

test('a sample is added, opened, screened, reviewed, exported, and found again after a restart', async () => {
  const dataFolder = join(temporary, 'library')
  const chosen = join(temporary, 'chosen')
  const start = () =>
    createWorkstation({
      dataFolder,
      roots: [],
      abilities: { host: 'web', picker: 'list' },
      modelsFolder: join(import.meta.dirname, '../../golden'),
      sample: { seed: 3, dims: [64, 64, 54] },
    })
  let workstation = await start()
  onTestFinished(() => workstation.close())
  const fetched = async (url: string) => {
    const response = await workstation.data(new Request(`http://host${url}`))
    expect(response.status).toBe(200)
    return response.arrayBuffer()
  }

  const series = calls['library.addSample'].output.parse(
    await workstation.call('library.addSample', { job: 'sample' }),
  )
  expect(series).toMatchObject({ sample: true, canScreen: true, state: 'new', kind: 'dicom' })
  const seriesId = series.id

  const opened = calls['series.open'].output.parse(await workstation.call('series.open', { seriesId }))
  const voxels = new Int16Array(await fetched(opened.voxelsUrl))
  expect(voxels).toHaveLength(voxelCount(opened.grid))
  expect(opened.frameOfReferenceUid).not.toBe('')

  const { id: runId } = await workstation.call('runs.start', { seriesId, model: 'tinymodel', device: 'cpu' })
  const bed = { workstation } as Parameters<typeof runIs>[0]
  await runIs(bed, runId, 'done')
  const run = calls['runs.open'].output.parse(await workstation.call('runs.open', { runId }))
  const steps = thresholdSteps(run.calibration)
  const map = new Uint8Array(await fetched(run.stepsUrl))
  const tree = decodeTree(await fetched(run.treeUrl))
  const step = nearestStep(steps, 99)
  const [finding] = treeComponentsAt(tree, step, { minVolumeMl: 1 })
  const offset = finding.peakIndex.reduce((sum, at, axis) => sum + at * [1, 64, 64 * 64][axis], 0)
  expect(map[offset]).toBeGreaterThanOrEqual(step)
  expect(JSON.parse(new TextDecoder().decode(await fetched(run.profileUrl)))).toBeTypeOf('object')

  const record = { key: `peak-${offset}`, state: 'confirmed', label: null, note: 'a lesion' } as const
  const said = { ...record, outline: null, thresholdLevel: 99, updatedAt: null }
  const stored = await workstation.call('reviews.put', { runId, record: said })
  await workstation.call('reviews.finish', { runId, finished: true })

  await mkdir(chosen)
  const exported = await workstation.call('export.write', {
    job: 'export',
    runId,
    level: 99,
    minVolumeMl: 1,
    states: ['confirmed'],
    formats: ['mask', 'csv'],
    folder: workstation.grantPath(chosen).handle,
    keyImages: [],
  })
  expect(exported).toMatchObject({ findings: 1, path: expect.stringContaining(chosen) })
  for (const { name, sizeBytes } of exported.files)
    expect((await stat(join(exported.path, name))).size).toBe(sizeBytes)

  await workstation.close()
  expect(await readdir(temporary)).toEqual(['chosen', 'library'])
  expect(existsSync(join(dataFolder, 'library.sqlite-wal'))).toBe(false)

  workstation = await start()
  expect(await workstation.call('library.list', {})).toMatchObject([
    { id: seriesId, state: 'reviewed', latestRunId: runId },
  ])
  expect(await workstation.call('reviews.get', { runId })).toEqual([stored])
  expect(await workstation.call('runs.open', { runId })).toEqual({ ...run, reviewFinished: true })
  expect((await workstation.call('series.open', { seriesId })).voxelsUrl).toBe(opened.voxelsUrl)
})

test('the first opening adds what only the images say of the patient', async () => {
  const source = join(temporary, 'series')
  const grid = { dims: [32, 32, 24], spacing: [8, 8, 8], origin: [0, 0, 0], direction: IDENTITY } as const
  await writeCtSeries(
    source,
    { ...grid, voxels: new Int16Array(voxelCount(grid)).fill(40) },
    SMALL_CT_IDENTITY,
  )
  const workstation = await createWorkstation({
    dataFolder: join(temporary, 'another'),
    roots: [],
    abilities: { host: 'web', picker: 'list' },
  })
  onTestFinished(() => workstation.close())
  const handles = [workstation.grantPath(source).handle]
  const { added } = await workstation.call('library.add', { job: 'add', handles })
  const { series } = await workstation.call('series.open', { seriesId: added[0].id })
  expect(series).toMatchObject({ id: added[0].id, patientBirthDate: '19700101', patientSex: 'O' })
})
