import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { writeNifti } from '../../../main/exporting/nifti.ts'
import { RunRecord } from '../../../main/exporting/runRecord.ts'
import { levelOf } from '../../../main/findings/level.ts'
import { readNifti } from '../../../main/imaging/nifti/read.ts'
import { openCt } from '../../../main/imaging/open.ts'
import { EngineClient } from '../../../main/inference/client.ts'
import { loadPackage } from '../../../main/inference/package.ts'
import { ReaderClient } from '../../../main/reading/client.ts'
import { scoreScan } from '../../../main/screening/scoreScan.ts'
import { type ScreenRequest, screen } from '../../../main/screening/screen.ts'
import { packageWith, TINY_MODEL, temporaryFolder } from '../inference/packages.ts'
import { useTinySample } from './tinySample.ts'

const made = useTinySample()
const tiny = await loadPackage(TINY_MODEL)
const client = new EngineClient()
const reader = new ReaderClient()
afterAll(() => Promise.all([client.close(), reader.close()]))

async function request(more: Partial<ScreenRequest> = {}): Promise<ScreenRequest> {
  const out = join(await temporaryFolder(onTestFinished), 'results')
  return { input: made.series, out, pkg: tiny, device: 'cpu', threads: 2, level: 99, minVolumeMl: 1, ...more }
}

/** Temporary files of this test file's own process only, so that what is left there was left by it. */
const temporary = mkdtempSync(join(tmpdir(), 'screener-test-'))
vi.stubEnv('TMPDIR', temporary)
vi.stubEnv('TEMP', temporary)
afterAll(() => rmSync(temporary, { recursive: true, force: true }))
/** The reading process has a folder of its own for as long as it lives, which is longer than a run. */
const workFolders = async () =>
  (await readdir(tmpdir())).filter((name) => /^screener-(?!test-|reading-)/.test(name))

describe('a DICOM series', () => {
  test('becomes maps and mask on its own grid, a segmentation, findings and a run record', async () => {
    const asked = await request()
    const result = await screen(asked, { client, reader })
    expect((await readdir(asked.out)).sort()).toEqual([
      'findings.csv',
      'level.nii.gz',
      'mask.nii.gz',
      'run.json',
      'score.nii.gz',
      'seg.dcm',
    ])
    expect(result.findings.length).toBeGreaterThan(0)
    expect(await workFolders()).toEqual([])

    const { volume } = await openCt(made.series)
    const mask = await readNifti(join(asked.out, 'mask.nii.gz'))
    expect(mask.volume.dims).toEqual(volume.dims)
    expect(mask.volume.origin).toEqual(volume.origin.map((mm) => expect.closeTo(mm, 3)))
    const first = result.findings[0]
    const count = mask.volume.voxels.reduce((sum, value) => sum + (value === 1 ? 1 : 0), 0)
    expect(count).toBe(first.voxelCount)
  })

  test('the level map is the calibrated score map', async () => {
    const asked = await request({ formats: ['nifti'] })
    const { findings } = await screen(asked, { client, reader })
    // The CT reader rounds to whole numbers; that is enough to tell a level map from anything else.
    const level = await readNifti(join(asked.out, 'level.nii.gz'))
    const { score } = await scoreScan(
      made.series,
      { client, reader },
      { pkg: tiny, device: 'cpu', threads: 2 },
    )
    const wanted = Int16Array.from(score, (s) => Math.round(levelOf(s, tiny.manifest.calibration)))
    let different = 0
    for (let i = 0; i < wanted.length; i++) if (Math.abs(wanted[i] - level.volume.voxels[i]) > 1) different++
    expect(different).toBe(0)
    const highest = wanted.reduce((a, b) => Math.max(a, b))
    expect(highest).toBe(Math.round(findings[0].peakLevel))
  })

  test('run.json says what made the results, and does not name the patient', async () => {
    const asked = await request({ device: 'auto' })
    await screen(asked, { client, reader })
    const text = await readFile(join(asked.out, 'run.json'), 'utf8')
    const run = RunRecord.parse(JSON.parse(text))
    expect(run).toMatchObject({
      input: { kind: 'dicom', slices: 54 },
      model: { name: 'tinymodel', version: '1.0.0', hash: tiny.hash },
      device: { requested: 'auto' },
      parameters: { level: 99, minVolumeMl: 1, formats: ['nifti', 'seg'] },
    })
    expect(['cpu', 'cuda', 'dml']).toContain(run.device.device)
    expect(run.memory.enginePeakBytes).toBeGreaterThan(30e6)
    expect(run.memory.readerPeakBytes).toBeGreaterThan(30e6)
    expect(Object.keys(run.seconds)).toEqual(
      expect.arrayContaining(['reading', 'starting', 'inference', 'writing']),
    )
    expect(text).not.toMatch(/Phantom\^|PHANTOM-/)
  })

  test('another run with fewer formats leaves no result of the earlier one behind', async () => {
    const asked = await request()
    await screen(asked, { client, reader })
    await screen({ ...asked, formats: ['seg'] }, { client, reader })
    expect((await readdir(asked.out)).sort()).toEqual(['findings.csv', 'run.json', 'seg.dcm'])
  })
})

describe('a NIfTI scan', () => {
  test('has the findings of the DICOM series it was made of, and no segmentation', async () => {
    const opened = await openCt(made.series)
    const input = join(await temporaryFolder(onTestFinished), 'ct.nii.gz')
    await writeNifti(input, opened.volume, opened.volume.voxels, opened.source)
    const asked = await request({ input })
    const fromNifti = await screen(asked, { client, reader })
    const fromDicom = await screen(await request(), { client, reader })
    expect(fromNifti.findings.map((f) => f.voxelCount)).toEqual(fromDicom.findings.map((f) => f.voxelCount))
    const [nifti, dicom] = [fromNifti, fromDicom].map((result) => result.findings[0].centreMm)
    expect(nifti).toEqual(dicom.map((mm) => expect.closeTo(mm, 3)))
    expect(existsSync(join(asked.out, 'seg.dcm'))).toBe(false)
  })

  test('with --format seg is bad usage, and nothing is written', async () => {
    const asked = await request({ input: join(made.sample, 'truth.nii.gz'), formats: ['seg'] })
    await expect(screen(asked, { client, reader })).rejects.toMatchObject({ code: 'usage/seg-needs-dicom' })
    expect(existsSync(asked.out)).toBe(false)
  })
})

describe('what fails leaves nothing', () => {
  test('a model that fails on its device', async () => {
    const pkg = await loadPackage(await packageWith(await temporaryFolder(onTestFinished), 'nan'))
    const asked = await request({ pkg })
    await expect(screen(asked, { client, reader })).rejects.toMatchObject({ code: 'engine/golden-mismatch' })
    expect(existsSync(asked.out)).toBe(false)
    expect(await workFolders()).toEqual([])
  })

  test('a failed run leaves the results of the run before it as they were', async () => {
    const asked = await request()
    await screen(asked, { client, reader })
    const before = await readFile(join(asked.out, 'run.json'), 'utf8')
    const pkg = await loadPackage(await packageWith(await temporaryFolder(onTestFinished), 'zero'))
    await expect(screen({ ...asked, pkg }, { client, reader })).rejects.toMatchObject({ kind: 'engine' })
    expect(await readFile(join(asked.out, 'run.json'), 'utf8')).toBe(before)
    expect(await readdir(asked.out)).toHaveLength(6)
  })

  test.each(['scanning', 'reading', 'preprocessing', 'inference', 'findings', 'writing'])(
    'cancelled while %s',
    async (stage) => {
      const asked = await request()
      const controller = new AbortController()
      const onProgress = (progress: { stage: string }) => progress.stage === stage && controller.abort()
      const run = screen(asked, { client, reader, signal: controller.signal, onProgress })
      await expect(run).rejects.toMatchObject({ code: 'cancelled' })
      expect(existsSync(asked.out)).toBe(false)
      expect(await workFolders()).toEqual([])
    },
  )

  test('an input that does not exist', async () => {
    const asked = await request({ input: join(made.sample, 'nothing') })
    await expect(screen(asked, { client, reader })).rejects.toMatchObject({ code: 'input/not-found' })
    expect(existsSync(asked.out)).toBe(false)
  })

  test('an output folder that is a file', async () => {
    const asked = await request()
    await mkdir(join(asked.out, '..'), { recursive: true })
    await writeFile(asked.out, 'a file')
    await expect(screen(asked, { client, reader })).rejects.toMatchObject({ kind: 'output' })
    expect(await readFile(asked.out, 'utf8')).toBe('a file')
  })

  test('a level that the model does not know', async () => {
    const asked = await request({ level: 99.999 })
    await expect(screen(asked, { client, reader })).rejects.toMatchObject({
      code: 'usage/level',
      message: expect.stringContaining('between 0 and 99.99'),
    })
  })
})
