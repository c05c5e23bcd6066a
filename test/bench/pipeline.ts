import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { RunRecord } from '../../main/exporting/runRecord.ts'
import { makeBenchScan, SERIES_FOLDER } from './benchSeries.ts'
import { measured, nodePath, ROOT } from './childProcess.ts'
import { findPyTorch, type PyTorchRun, runPyTorch } from './pytorch.ts'

/**
 * `npm run bench`: the real `screen` command, its reading and writing included, on synthetic DICOM series of 512 × 512 × N
 * voxels; and on one of them the same job with the same weights in PyTorch, from the same files to a score map on the scan's
 * grid, with a plain sliding window (pytorch_window.py) and with MONAI's where it is installed. One table, and with --json the same for machines.
 *
 *   npm run bench -- [--slices 100,200,400,800] [--compare 100|none] [--python python3] [--model FOLDER]
 *                    [--device cpu] [--threads 2] [--json FILE]
 *
 * Wall time says little where other work shares the machine: so processor time is beside it, and the load.
 * Each series is made by a process of its own, so that no measured process has held it before.
 */

const STAGES = [
  'reading',
  'starting',
  'preprocessing',
  'inference',
  'mapping',
  'findings',
  'writing',
] as const

const { values: flags } = parseArgs({
  options: {
    slices: { type: 'string', default: '100,200,400,800' },
    compare: { type: 'string', default: '100' },
    python: { type: 'string', default: 'python3' },
    model: { type: 'string', default: 'models/screener-ct-small' },
    device: { type: 'string', default: 'cpu' },
    threads: { type: 'string', default: '2' },
    json: { type: 'string' },
    make: { type: 'string' },
  },
})

type Measured = Awaited<ReturnType<typeof runPyTorch>>

interface Row {
  slices: number
  run: RunRecord
  seconds: number
  cpuSeconds: number
  /** One-minute average when the run began. */
  loadBefore: number
  pytorch: Measured[]
  /** Version of MONAI; null where it is not installed, absent where nothing was compared. */
  monai?: string | null
}

if (flags.make) await makeBenchScan(flags.make, Number(flags.slices))
else await bench(flags.slices.split(',').map(Number))

async function bench(sizes: number[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'screener-bench-'))
  const rows: Row[] = []
  try {
    for (const slices of sizes) {
      const scan = join(folder, String(slices))
      console.error(`512 × 512 × ${slices}: making the series …`)
      const maker = [nodePath(), fileURLToPath(import.meta.url), '--make', scan, '--slices', String(slices)]
      await measured(maker, join(folder, 'times'))
      rows.push(await screenAndCompare(folder, scan, slices))
      await rm(scan, { recursive: true, force: true })
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  if (flags.json) {
    const machine = { cpu: cpus()[0]?.model, logicalCpus: cpus().length, node: process.version }
    await writeFile(flags.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`)
  }
  printTables(rows)
}

async function screenAndCompare(folder: string, scan: string, slices: number): Promise<Row> {
  const timesFile = join(folder, 'times')
  const { device, threads, model } = flags
  const out = join(folder, 'out')
  console.error(`512 × 512 × ${slices}: screening …`)
  const loadBefore = loadavg()[0]!
  const cli = [nodePath(), 'main/hosts/cli.ts', 'screen', join(scan, SERIES_FOLDER), '--out', out, '--json']
  const screened = await measured(
    [...cli, '--model', model, '--device', device, '--threads', threads],
    timesFile,
  )
  const row: Row = { slices, ...screened, run: JSON.parse(screened.stdout), loadBefore, pytorch: [] }
  if (flags.compare !== String(slices)) return row

  const { windows, monai } = await findPyTorch(flags.python, timesFile)
  row.monai = monai
  if (windows.length === 0)
    console.error(
      `${flags.python} has not all of PyTorch, onnx, SciPy, scikit-image, nibabel and pydicom: not compared`,
    )
  const score = join(out, 'score.nii.gz')
  const request = { scan, packageDir: join(ROOT, model), threads: Number(threads), score, timesFile }
  for (const window of windows) {
    console.error(`512 × 512 × ${slices}: PyTorch, ${window} …`)
    const run = await runPyTorch(flags.python, window, request)
    console.error(`… ${run.tiles} tiles, ${tenths(run.cpuSeconds)} s of CPU time`)
    row.pytorch.push(run)
  }
  return row
}

function tenths(value: number): number {
  return Number(value.toFixed(1))
}

function gigabytes(bytes: number): number {
  return Number((bytes / 1e9).toFixed(2))
}

function printTables(rows: Row[]): void {
  const { model } = rows[0]!.run
  console.log(`Model ${model.name} ${model.version}, ${cpus().length} × ${cpus()[0]?.model}`)
  console.table(
    rows.map(({ slices, run, seconds, cpuSeconds, loadBefore }) => ({
      scan: `512 × 512 × ${slices}`,
      tiles: run.result.tiles,
      device: `${run.device.device} × ${run.device.threads}`,
      ...Object.fromEntries(STAGES.map((stage) => [`${stage} s`, tenths(run.seconds[stage]!)])),
      'total s': tenths(seconds),
      'CPU s': tenths(cpuSeconds),
      'CPU s per 100 slices': tenths((100 * cpuSeconds) / slices),
      'peak GB': gigabytes(run.memory.parentPeakBytes + run.memory.enginePeakBytes),
      load: tenths(loadBefore),
    })),
  )
  for (const row of rows) if (row.pytorch.length > 0) printComparison(row)
}

/**
 * Both from the DICOM files to the score map in a file, and how many times longer PyTorch takes in all. The product also checks
 * its device, finds findings, and writes two maps more.
 */
function printComparison({ slices, run, seconds, cpuSeconds, pytorch, monai }: Row): void {
  console.log(
    `The same scan and weights, 512 × 512 × ${slices}, float32, tiles of 96³; ratio: PyTorch's total to ours`,
  )
  const name: Record<PyTorchRun['window'], string> = {
    plain: 'PyTorch, plain window, every tile',
    skipping: 'PyTorch, body crop, tiles with body',
    monai: 'PyTorch, MONAI’s window, every tile',
    'monai-cropped': 'PyTorch, body crop, MONAI’s window',
  }
  const ours = {
    engine: 'Screener Workstation',
    tiles: run.result.tiles,
    'reading s': tenths(run.seconds.reading!),
    'preprocessing s': tenths(run.seconds.preprocessing!),
    'inference s': tenths(run.seconds.inference!),
    'writing s': tenths(run.seconds.mapping! + run.seconds.writing!),
    'total s': tenths(seconds),
    'CPU s': tenths(cpuSeconds),
    'peak GB': gigabytes(run.memory.parentPeakBytes + run.memory.enginePeakBytes),
  }
  const theirs = pytorch.map((p) => ({
    engine: `${name[p.window]} (${p.torch})`,
    MONAI: p.window.startsWith('monai') ? monai : '',
    tiles: p.tiles,
    'reading s': tenths(p.reading.seconds),
    'preprocessing s': tenths(p.preprocessing.seconds),
    'inference s': tenths(p.inference.seconds),
    'writing s': tenths(p.writing.seconds),
    'total s': tenths(p.seconds),
    'CPU s': tenths(p.cpuSeconds),
    'peak GB': gigabytes(p.peakBytes),
    'ratio of time': tenths(p.seconds / seconds),
    'ratio of CPU': tenths(p.cpuSeconds / cpuSeconds),
    'inference CPU s per tile': tenths(p.inference.cpuSeconds / p.tiles),
  }))
  console.table([ours, ...theirs])
  if (!monai) console.log('MONAI is not installed: its window was not compared')
  for (const { agreement } of pytorch) {
    if (!agreement) continue
    const { voxels, relative999, tail } = agreement
    console.log(
      `Score against PyTorch's at ${voxels} voxels of the scan: relative difference ${relative999.toExponential(1)} at ` +
        `the 99.9th percentile; the percentiles themselves differ by ${tail.toExponential(1)} (goal: 1e-3)`,
    )
  }
}
