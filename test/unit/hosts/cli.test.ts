import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { writeNifti } from '../../../main/exporting/nifti.ts'
import { openCt } from '../../../main/imaging/open.ts'
import { GOLDEN, setElement } from '../imaging/readerFixtures.ts'
import { packageWith, TINY_MODEL, temporaryFolder } from '../inference/packages.ts'
import { useTinySample } from '../screening/tinySample.ts'

const CLI = join(import.meta.dirname, '../../../main/hosts/cli.ts')
const made = useTinySample()

interface Outcome {
  code: number | null
  stdout: string
  stderr: string
}

/**
 * Starts the command line as a shell would, with a folder of its own for temporary files and for whatever a library
 * would keep at home (ONNX Runtime's telemetry keeps a device identifier there, where it is not switched off).
 */
function start(args: string[], temporary: string): { child: ChildProcess; outcome: Promise<Outcome> } {
  const folders = { TMPDIR: temporary, TEMP: temporary, HOME: temporary }
  // The compiled modules of the reader are kept on purpose; without them nothing at all may be left.
  const env = { ...process.env, ...folders, NODE_DISABLE_COMPILE_CACHE: '1' }
  const child = spawn(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const outcome = new Promise<Outcome>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
  return { child, outcome }
}

/** Resolves when the program has said something on stderr. */
function said(child: ChildProcess, words: string): Promise<void> {
  return new Promise((resolve) => {
    child.stderr!.on('data', (text: string) => text.includes(words) && resolve())
  })
}

/** A run to its end, and a look at what it left among the temporary files. */
async function screener(...args: string[]): Promise<Outcome & { left: string[] }> {
  const temporary = await temporaryFolder(onTestFinished)
  const outcome = await start(args, temporary).outcome
  return { ...outcome, left: await readdir(temporary) }
}

const outFolder = async () => join(await temporaryFolder(onTestFinished), 'out')
const screenTiny = (input: string, out: string, ...more: string[]) =>
  screener('screen', input, '--out', out, '--model', TINY_MODEL, '--device', 'cpu', '--level', '99', ...more)

describe('screen', () => {
  test('goes on to the end when nobody reads its output any more', async () => {
    const out = await outFolder()
    const args = ['screen', made.series, '--out', out, '--model', TINY_MODEL, '--device', 'cpu']
    const { child, outcome } = start(args, await temporaryFolder(onTestFinished))
    child.stdout!.destroy()
    const { code, stderr } = await outcome
    expect(stderr).not.toContain('EPIPE')
    expect(code).toBe(0)
    expect(await readdir(out)).toContain('score.nii.gz')
  })

  test('prints the findings, tells its progress on stderr, and leaves only results', async () => {
    const out = await outFolder()
    const { code, stdout, stderr, left } = await screenTiny(made.series, out)
    expect(code).toBe(0)
    expect(stdout).toMatch(/findings? at anomaly level 99 \(1 in 100 normal voxels\), 0\.1 mL or more/)
    expect(stdout).toContain('Research use only — not for diagnosis')
    expect(stderr).toMatch(
      /^Model tinymodel 1\.0\.0, licence MIT\. .*\nLooking through the files …\nReading the scan …\n/s,
    )
    expect(stderr).toMatch(/Scoring: tile \d+ of \d+/)
    expect(stderr).toMatch(/Running on the processor \(CPU\)/)
    const files = ['findings.csv', 'level.nii.gz', 'mask.nii.gz', 'run.json', 'score.nii.gz', 'seg.dcm']
    expect((await readdir(out)).sort()).toEqual(files)
    expect(left).toEqual([])
  })

  test('--json prints one object: the run record with its findings', async () => {
    const out = await outFolder()
    const { code, stdout } = await screenTiny(
      made.series,
      out,
      '--json',
      '--format',
      'nifti',
      '--threads',
      '1',
    )
    expect(code).toBe(0)
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({
      notice: 'Research use only — not for diagnosis',
      device: { requested: 'cpu', device: 'cpu', threads: 1 },
      parameters: { level: 99, minVolumeMl: 0.1, formats: ['nifti'] },
      out,
    })
    expect(result.findings).toHaveLength(result.result.findings)
    const run = JSON.parse(await readFile(join(out, 'run.json'), 'utf8'))
    expect(result).toMatchObject(run)
  })
})

describe('bad usage ends with 2, one sentence, and nothing written', () => {
  test.each<[string[], RegExp]>([
    [[], /Name a command|Usage/],
    [['polish'], /unknown command 'polish'/],
    [['screen', 'somewhere'], /--out <dir>' not specified/],
    [['screen', 'somewhere', '--out', ''], /'--out <dir>' argument '' is invalid\. It must not be empty/],
    [['info', ''], /It must not be empty/],
    [['screen', 'somewhere', '--out', 'x', '--level', '101'], /number from 0 to 100/],
    [['screen', 'somewhere', '--out', 'x', '--min-volume', '-1'], /number at least 0/],
    [['screen', 'somewhere', '--out', 'x', '--threads', '1.5'], /whole number, at least 1/],
    [['screen', 'somewhere', '--out', 'x', '--device', 'abacus'], /Allowed choices are auto, cpu/],
    [['screen', 'somewhere', '--out', 'x', '--format', 'png'], /nifti, seg or nifti,seg, not png/],
    [['screen', 'somewhere', '--out', 'x', '--model', 'no-such-model'], /There is no model no-such-model/],
    [['screen', 'somewhere', '--out', 'x', '--polish'], /unknown option '--polish'/],
  ])('%j', async (args, sentence) => {
    const { code, stdout, stderr } = await screener(...args)
    expect(code).toBe(2)
    expect(stderr).toMatch(sentence)
    expect(stdout).toBe('')
    expect(existsSync('x')).toBe(false)
  })

  test('--json gives the error as an object on stdout', async () => {
    const { code, stdout, stderr } = await screener('screen', '--json')
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'usage/command-line', message: expect.stringContaining('not specified') },
    })
    expect(stderr).toBe('')
  })
})

describe('bad input ends with 3, one sentence, and nothing written', () => {
  type MakeInput = (folder: string) => Promise<string>
  test.each<[string, string, MakeInput]>([
    ['an empty folder', 'input/', async (folder) => folder],
    ['a path that is not there', 'input/not-found', async (folder) => join(folder, 'nowhere')],
    [
      'a file that is no image',
      'input/',
      async (folder) => {
        await writeFile(join(folder, 'letter.txt'), 'Dear colleague, '.repeat(100))
        return join(folder, 'letter.txt')
      },
    ],
    [
      'a series with a truncated slice',
      'input/',
      async (folder) => {
        await cp(made.series, folder, { recursive: true })
        await truncate(join(folder, 'IM00020.dcm'), 3000)
        return folder
      },
    ],
    [
      'two series in one folder',
      'input/',
      async (folder) => {
        await cp(made.series, join(folder, 'a'), { recursive: true })
        const other = await openCt(made.series)
        const { writeCtSeries } = await import('../../../main/exporting/dicomSeries.ts')
        await writeCtSeries(join(folder, 'b'), other.volume, { patientName: 'Other', patientId: 'OTHER' })
        return folder
      },
    ],
  ])('%s', async (_, codePrefix, makeInput) => {
    const input = await makeInput(await temporaryFolder(onTestFinished))
    const out = await outFolder()
    const { code, stdout, stderr, left } = await screenTiny(input, out, '--json')
    expect(code).toBe(3)
    const { error } = JSON.parse(stdout)
    expect(error.code.startsWith(codePrefix)).toBe(true)
    expect(error.message).toMatch(/^\S.{20,}/)
    expect(stderr).not.toContain('    at ')
    expect(existsSync(out)).toBe(false)
    expect(left).toEqual([])
  })

  test('an output folder that cannot be made', async () => {
    const folder = await temporaryFolder(onTestFinished)
    await writeFile(join(folder, 'file'), '')
    const { code, stderr } = await screenTiny(made.series, join(folder, 'file', 'out'))
    expect(code).toBe(3)
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^[A-Z].*\.$/)
    expect(await readdir(folder)).toEqual(['file'])
  })
})

describe('an engine that fails ends with 4', () => {
  test('a model that gives NaN', async () => {
    const model = await packageWith(await temporaryFolder(onTestFinished), 'nan')
    const out = await outFolder()
    const { code, stderr, left } = await screener('screen', made.series, '--out', out, '--model', model)
    expect(code).toBe(4)
    expect(stderr).toContain('values are not numbers')
    expect(existsSync(out)).toBe(false)
    expect(left).toEqual([])
  })

  test('a damaged model package', async () => {
    const model = await packageWith(await temporaryFolder(onTestFinished))
    await writeFile(join(model, 'network.onnx'), 'damaged')
    const { code, stderr } = await screener(
      'screen',
      made.series,
      '--out',
      await outFolder(),
      '--model',
      model,
    )
    expect(code).toBe(4)
    expect(stderr).toContain('is damaged or was changed')
  })
})

describe.skipIf(process.platform === 'win32')('a signal ends with 130 within a second', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s in the middle of a tile', async (signal) => {
    const model = await packageWith(await temporaryFolder(onTestFinished), 'slow')
    const temporary = await temporaryFolder(onTestFinished)
    const out = await outFolder()
    const { child, outcome } = start(['screen', made.series, '--out', out, '--model', model], temporary)
    await Promise.race([said(child, 'Preparing the scan'), outcome])
    await sleep(1000)
    const started = performance.now()
    child.kill(signal)
    const { code, stderr } = await outcome
    expect(performance.now() - started).toBeLessThan(1000)
    expect(code).toBe(130)
    expect(stderr).toContain('The screening was cancelled.')
    expect(existsSync(out)).toBe(false)
    expect(await readdir(temporary)).toEqual([])
  })

  test('SIGINT while a sample is drawn', async () => {
    const folder = await temporaryFolder(onTestFinished)
    const { child, outcome } = start(['sample', '--out', join(folder, 'sample')], folder)
    await Promise.race([said(child, 'Drawing a patient'), outcome])
    await sleep(300)
    const started = performance.now()
    child.kill('SIGINT')
    expect((await outcome).code).toBe(130)
    expect(performance.now() - started).toBeLessThan(1000)
    expect(await readdir(folder)).toEqual([])
  })
})

describe('the other commands', () => {
  test('demo compares what is found with what is in the sample', async () => {
    const out = await outFolder()
    const { code, stdout } = await screener(
      ...['demo', '--sample', made.sample, '--out', out, '--model', TINY_MODEL, '--level', '90'],
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/The sample has \d+ lesions; findings touch \d+ of them/)
    expect(stdout).toContain('Research use only — not for diagnosis')
    expect(existsSync(join(out, 'run.json'))).toBe(true)
  })

  test('info says what a folder holds, and --json says it to programs', async () => {
    const text = await screener('info', made.series)
    expect(text.code).toBe(0)
    expect(text.stdout).toContain('64 × 64 × 54 voxels')
    expect(text.stdout).toContain('Left, Posterior, Superior')
    const json = await screener('info', made.series, '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({
      kind: 'dicom',
      series: [{ canScreen: true, dims: [64, 64, 54] }],
    })
  })

  test('info gives patient, study and volume, then in short what else is there', async () => {
    const folder = await temporaryFolder(onTestFinished)
    for (const name of ['axial', 'coronal'])
      await cp(join(GOLDEN, 'dicom', name), join(folder, name), { recursive: true })
    const slice = await readFile(join(GOLDEN, 'dicom/implicit/00.dcm'))
    await writeFile(join(folder, 'single.dcm'), slice)
    const mr = setElement(await readFile(join(GOLDEN, 'dicom/sagittal/00.dcm')), '00080060', 'CS', 'MR')
    await writeFile(join(folder, 'mr.dcm'), setElement(mr, '0008103e', 'LO', 'evil\u001b[2J'))
    const { code, stdout } = await screener('info', folder)
    expect(code).toBe(0)
    expect(stdout).toContain(`${folder}: DICOM, 2 CT volumes; 2 other series`)
    expect(stdout).toContain('Müller, Jörg')
    expect(stdout).toContain('study 2026-01-02')
    expect(stdout).toMatch(/Series 1: Case 1, kernel B40f\n {4}Slices {5}5, [\d.]+ mm apart, [\d.]+ mm thick/)
    expect(stdout).toMatch(/Geometry {3}coronal/)
    expect(stdout).toContain('    Id         2.25.4183.6.2')
    expect(stdout).toMatch(/Not CT volumes:\n {4}1 × CT image, too few for a volume/)
    expect(stdout).toMatch(/1 × MR image \(series 5 evil ?\[2J\)/)
    expect(stdout).not.toContain('\u001b')
    expect(stdout.replace(/\s+/g, ' ')).toContain('chosen by its id (for instance: --series 2.25.4183.1.2)')
  })

  test.each([
    [
      'NRRD',
      'ct.nrrd',
      'NRRD0004\ntype: short\ndimension: 3\nsizes: 4 4 4\nendian: little\nencoding: raw\n' +
        'space: left-posterior-superior\nspace directions: (1,0,0) (0,1,0) (0,0,3)\nspace origin: (0,0,0)\n\n',
    ],
    [
      'MetaImage',
      'ct.mha',
      'ObjectType = Image\nNDims = 3\nDimSize = 4 4 4\nElementSpacing = 1 1 3\nElementType = MET_SHORT\nElementDataFile = LOCAL\n',
    ],
  ])('info names a %s file', async (format, name, header) => {
    const file = join(await temporaryFolder(onTestFinished), name)
    await writeFile(file, Buffer.concat([Buffer.from(header), Buffer.alloc(128)]))
    const { code, stdout } = await screener('info', file)
    expect(code).toBe(0)
    expect(stdout.startsWith(`${file}: ${format}\n`)).toBe(true)
    expect(stdout).toContain('4 × 4 × 4 voxels of 1 × 1 × 3 mm')
  })

  test('info and screen take several files of one scan', async () => {
    const names = (await readdir(made.series)).sort()
    const files = names.map((name) => join(made.series, name))
    const { stdout } = await screener('info', ...files.slice(0, 4), '--json')
    expect(JSON.parse(stdout).series).toMatchObject([{ kind: 'ct-volume', sliceCount: 4, canScreen: true }])
    const out = await outFolder()
    const flags = ['--out', out, '--model', TINY_MODEL, '--device', 'cpu', '--format', 'nifti']
    const { code, stderr } = await screener('screen', ...files, ...flags)
    expect([code, stderr]).toEqual([0, expect.stringContaining('Reading the scan')])
    const run = JSON.parse(await readFile(join(out, 'run.json'), 'utf8'))
    expect(run.input.path).toBe(files.join(', '))
  })

  test('models lists what is installed as an object', async () => {
    const { code, stdout } = await screener('models', '--json')
    expect(code).toBe(0)
    expect(Array.isArray(JSON.parse(stdout).models)).toBe(true)
  })

  test('evaluate measures a case and goes on past a broken one', async () => {
    const cases = await temporaryFolder(onTestFinished)
    const { volume, source } = await openCt(made.series)
    await mkdir(join(cases, 'a-phantom'))
    await mkdir(join(cases, 'b-broken'))
    await writeNifti(join(cases, 'a-phantom', 'ct.nii.gz'), volume, volume.voxels, source)
    await cp(join(made.sample, 'truth.nii.gz'), join(cases, 'a-phantom', 'mask.nii.gz'))
    const out = await outFolder()
    const file = join(out, 'evaluation.json')
    const files = ['--json', file, '--csv', join(out, 'cases.csv'), '--html', join(out, 'page.html')]
    const flags = ['--model', TINY_MODEL, ...files, '--resume', join(out, 'measured')]
    const { code, stdout } = await screener('evaluate', cases, ...flags)
    expect(code).toBe(0)
    expect(stdout).toContain('| a-phantom')
    expect(stdout).toMatch(/Not measured:\n- b-broken/)
    const result = JSON.parse(await readFile(file, 'utf8'))
    expect(result.cases[0]).toMatchObject({ case: 'a-phantom', ok: true })
    expect(result.cases[0].auroc).toBeGreaterThan(0)
    expect(await readFile(join(out, 'cases.csv'), 'utf8')).toMatch(/^row,case,.*\r\ncase,a-phantom,/)
    expect(await readFile(join(out, 'page.html'), 'utf8')).toContain('<strong>a-phantom</strong>')

    const again = await screener('evaluate', cases, ...flags)
    expect(again.stderr).toContain('Case 1 of 2: a-phantom, measured before')
    expect(again.stdout).toBe(stdout)
  })

  test('evaluate refuses a place for its results before it measures anything', async () => {
    const folder = await temporaryFolder(onTestFinished)
    await writeFile(join(folder, 'file'), '')
    const flags = ['--model', TINY_MODEL, '--html', join(folder, 'file', 'page.html')]
    const { code, stderr } = await screener('evaluate', folder, ...flags)
    expect([code, stderr]).toEqual([3, expect.stringMatching(/^Cannot write to .*file: a file stands where/)])
  })

  test.each(['screen', 'sample', 'demo', 'models', 'devices', 'info', 'evaluate'])(
    '%s --help has examples and the notice',
    async (name) => {
      const { code, stdout } = await screener(name, '--help')
      expect(code).toBe(0)
      expect(stdout).toMatch(new RegExp(`Examples:\\n  npm run ${name}`))
      expect(stdout).toContain('Research use only — not for diagnosis')
    },
  )

  test('--help names the exit codes', async () => {
    const { code, stdout } = await screener('--help')
    expect(code).toBe(0)
    expect(stdout).toContain('Exit codes: 0 done, 2 bad usage, 3 bad input or output')
  })
})
