import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Preprocessed } from '../../main/imaging/preprocess.ts'
import { IDENTITY, type Vec3, voxelCount } from '../../main/imaging/volume.ts'
import { loadPackage } from '../../main/inference/package.ts'
import { journalFile } from '../../main/inference/resume.ts'
import { scoreTiles } from '../../main/inference/scoreTiles.ts'
import type { ModelSession } from '../../main/inference/session.ts'
import { tileOptions } from '../../main/inference/tileOptions.ts'
import { TileWriter } from '../../main/inference/tileWriter.ts'

/**
 * What keeping the finished tiles of a run costs on a device that takes MS for a tile: the tiles of a scan are scored
 * with and without a journal, in turns. The network is a wait that gives noise, so all else is the product's own.
 * Processor time is that of the thread that computes; its wall time says little where other work shares the machine.
 *
 *   node test/bench/journal.ts [--ms 30] [--rounds 5] [--folder FOLDER, on the disk in question]
 */

const { values: flags } = parseArgs({
  options: {
    ms: { type: 'string', default: '30' },
    rounds: { type: 'string', default: '5' },
    folder: { type: 'string', default: tmpdir() },
  },
})

/** A trunk at 2 mm. */
const DIMS: Vec3 = [200, 160, 384]

const pkg = await loadPackage('models/screener-ct-small')
const [tile] = tileOptions(pkg.manifest)
const grid = { dims: DIMS, spacing: [2, 2, 2], origin: [0, 0, 0], direction: IDENTITY } as const
const report = { device: 'cuda', goldenTolerance: 1e-2 } as ModelSession['report']
const noise = Float32Array.from({ length: voxelCount({ dims: tile!.patchSize }) }, () => Math.random())
const clock = new Int32Array(new SharedArrayBuffer(4))
const model: ModelSession = {
  pkg,
  tile: tile!,
  report,
  runTile: async () => {
    // As the runtime does: one turn of the event loop, then the process is blocked, its processor free.
    await turn()
    Atomics.wait(clock, 0, 0, Number(flags.ms))
    return noise
  },
  verify: async () => 0,
  release: async () => {},
}

interface Run {
  wallMs: number
  cpuMs: number
  tiles: number
  kept: number
}

async function run(resumeFolder: string | undefined): Promise<Run> {
  const channels = ['clahe', 'hu'].map(() => new Float32Array(voxelCount(grid)).fill(0.3))
  const body = new Uint8Array(voxelCount(grid)).fill(1)
  const prepared = { grid, channels, body, cropBox: { start: [0, 0, 0], end: DIMS } } as Preprocessed
  const request = { resumeFolder, grid } as Parameters<typeof scoreTiles>[2]
  // In the product it starts before the scan is prepared.
  const writer = resumeFolder === undefined ? undefined : new TileWriter()
  await writer?.ready
  const cpu = process.threadCpuUsage()
  const wall = performance.now()
  const { tiles } = await scoreTiles(model, prepared, request, () => {}, writer)
  const { user, system } = process.threadCpuUsage(cpu)
  const wallMs = performance.now() - wall
  const bytes = resumeFolder === undefined ? 0 : (await stat(journalFile(resumeFolder, report.device))).size
  return { wallMs, cpuMs: (user + system) / 1e3, tiles, kept: Math.floor(bytes / noise.byteLength) }
}

const [without, kept]: [Run[], Run[]] = [[], []]
for (let round = 0; round < Number(flags.rounds); round++) {
  without.push(await run(undefined))
  const folder = await mkdtemp(join(flags.folder, 'screener-bench-'))
  kept.push(await run(folder))
  await rm(folder, { recursive: true })
}

const least = (runs: Run[], of: (run: Run) => number) => Math.min(...runs.map(of))
const rounded = (value: number, digits: number) => Number(value.toFixed(digits))

function row(run: string, runs: Run[]) {
  const { tiles } = runs[0]!
  const [wall, cpu] = [least(runs, (r) => r.wallMs), least(runs, (r) => r.cpuMs)]
  const more = (of: (run: Run) => number, now: number) => now - least(without, of)
  const percent = (ms: number) => rounded((100 * ms) / least(without, (r) => r.wallMs), 1)
  return {
    run,
    tiles,
    'fewest kept': least(runs, (r) => r.kept),
    'wall ms per tile': rounded(wall / tiles, 2),
    'CPU ms per tile': rounded(cpu / tiles, 2),
    'wall, more %': percent(more((r) => r.wallMs, wall)),
    'CPU, more % of wall': percent(more((r) => r.cpuMs, cpu)),
  }
}
console.log(`A tile in ${flags.ms} ms, the least of ${flags.rounds} runs each`)
console.table([row('no journal', without), row('journal', kept)])
