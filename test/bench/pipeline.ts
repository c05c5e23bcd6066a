import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeCtSeries } from '../../main/exporting/dicomSeries.ts'
import type { RunRecord } from '../../main/exporting/runRecord.ts'
import { makePhantom } from '../../main/imaging/phantom/index.ts'
import { type CtVolume, type Vec3, voxelCount } from '../../main/imaging/volume.ts'

/**
 * `npm run bench`: time of each stage and largest resident size of both processes, for the real `screen` command on
 * synthetic DICOM series of 512 × 512 × {100, 300, 500} voxels.
 *
 *   npm run bench -- [--slices 100,300,500] [--model NAME|PATH] [--device DEVICE] [--threads N] [--json FILE]
 *
 * Each series is made by a process of its own, so that no measured process has held it before.
 */

const SPACING: Vec3 = [0.7, 0.7, 0.8]
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const STAGES = ['reading', 'starting', 'preprocessing', 'inference', 'mapping', 'findings', 'writing']

const { values: flags } = parseArgs({
  options: {
    slices: { type: 'string', default: '100,300,500' },
    model: { type: 'string' },
    device: { type: 'string', default: 'cpu' },
    threads: { type: 'string' },
    json: { type: 'string' },
    make: { type: 'string' },
  },
})

if (flags.make) await makeSeries(flags.make, Number(flags.slices))
else await bench(flags.slices.split(',').map(Number))

/** A phantom at half resolution, doubled along every axis, with noise so that no two voxels repeat by design. */
async function makeSeries(dir: string, slices: number): Promise<void> {
  const half: Vec3 = [256, 256, Math.ceil(slices / 2)]
  const spacing: Vec3 = [2 * SPACING[0], 2 * SPACING[1], 2 * SPACING[2]]
  const { volume } = makePhantom({ seed: 1, dims: half, spacing, lesions: true })
  const dims: Vec3 = [512, 512, slices]
  const voxels = new Int16Array(voxelCount({ dims }))
  let random = 1
  for (let z = 0, at = 0; z < slices; z++) {
    for (let y = 0; y < 512; y++) {
      const row = half[0] * ((y >> 1) + half[1] * (z >> 1))
      for (let x = 0; x < 512; x++, at++) {
        random = (Math.imul(random, 1103515245) + 12345) >>> 0
        voxels[at] = volume.voxels[row + (x >> 1)] + (random >>> 27) - 16
      }
    }
  }
  const doubled: CtVolume = { ...volume, dims, spacing: SPACING, voxels }
  await writeCtSeries(dir, doubled, { patientName: 'Bench', patientId: 'BENCH' })
}

async function bench(sizes: number[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'screener-bench-'))
  const runs: RunRecord[] = []
  try {
    for (const slices of sizes) {
      console.error(`512 × 512 × ${slices}: making the series …`)
      const series = join(folder, `series-${slices}`)
      await node([fileURLToPath(import.meta.url), '--make', series, '--slices', String(slices)])
      console.error(`512 × 512 × ${slices}: screening …`)
      const args = ['main/hosts/cli.ts', 'screen', series, '--out', join(folder, 'out'), '--json']
      for (const name of ['model', 'device', 'threads'] as const) {
        if (flags[name]) args.push(`--${name}`, flags[name])
      }
      runs.push(JSON.parse(await node(args)))
      await rm(series, { recursive: true, force: true })
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  printTable(runs)
  if (flags.json) {
    const machine = { cpu: cpus()[0]?.model, logicalCpus: cpus().length, node: process.version }
    await writeFile(flags.json, `${JSON.stringify({ machine, runs }, null, 2)}\n`)
  }
}

/** Runs Node on a script of the project; resolves with its stdout. */
function node(args: string[]): Promise<string> {
  const local = join(ROOT, 'node_modules/.bin/node')
  const executable = existsSync(local) ? local : process.execPath
  return new Promise((resolve, reject) => {
    const child = spawn(executable, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text
    })
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve(stdout) : reject(new Error(`${args[0]} ended with ${code}: ${stdout}`)),
    )
  })
}

function printTable(runs: RunRecord[]): void {
  const megabytes = (bytes: number) => Math.round(bytes / 1e6)
  const rows = runs.map(({ input, result, seconds, memory, device }) => ({
    scan: input.grid.dims.join(' × '),
    'model grid': result.modelGrid.dims.join(' × '),
    tiles: result.tiles,
    device: `${device.device} × ${device.threads}`,
    ...Object.fromEntries(STAGES.map((stage) => [`${stage} s`, Number(seconds[stage].toFixed(1))])),
    'total s': Number(
      Object.values(seconds)
        .reduce((a, b) => a + b, 0)
        .toFixed(1),
    ),
    'parent peak MB': megabytes(memory.parentPeakBytes),
    'engine peak MB': megabytes(memory.enginePeakBytes),
    'sum of peaks MB': megabytes(memory.parentPeakBytes + memory.enginePeakBytes),
  }))
  console.log(`Model ${runs[0].model.name} ${runs[0].model.version}, ${cpus()[0]?.model}`)
  console.table(rows)
}
