import { parseArgs } from 'node:util'
import { bodyBox } from '../../main/imaging/bodyCrop.ts'
import { bodyMask } from '../../main/imaging/bodyMask.ts'
import { clahe } from '../../main/imaging/clahe.ts'
import { huMap } from '../../main/imaging/huMap.ts'
import { resampleCanonical } from '../../main/imaging/resample.ts'
import type { Vec3 } from '../../main/imaging/volume.ts'
import { makeBenchVolume } from './benchSeries.ts'

/**
 * Time of each step of preprocessing (main/imaging/preprocess.ts) on a synthetic scan of 512 × 512 × N voxels, in a process
 * that has not run them before; the parameters are those of screener-ct-small.
 *
 *   node test/bench/preprocessing.ts [--slices 500]
 */

const { values: flags } = parseArgs({ options: { slices: { type: 'string', default: '500' } } })

const MODEL_SPACING_MM: Vec3 = [2, 2, 2]
const THRESHOLD_HU = -500

const rows: { step: string; 'wall s': number; 'CPU s': number }[] = []

function timed<T>(step: string, work: () => T): T {
  const cpu = process.cpuUsage()
  const wall = performance.now()
  const result = work()
  const { user, system } = process.cpuUsage(cpu)
  rows.push({
    step,
    'wall s': rounded((performance.now() - wall) / 1e3),
    'CPU s': rounded((user + system) / 1e6),
  })
  return result
}

function rounded(seconds: number): number {
  return Number(seconds.toFixed(2))
}

const ct = makeBenchVolume(Number(flags.slices))
const box = timed('body crop', () => bodyBox(ct, { blockMm: 5, thresholdHu: THRESHOLD_HU }))
const { voxels: hu, dims } = timed('reorient and resample', () =>
  resampleCanonical(ct, box, MODEL_SPACING_MM),
)
timed('body mask', () => bodyMask(hu, dims, THRESHOLD_HU))
const mapped = timed('HU map', () => huMap(hu, [-1000, -200, 200, 1500], [0, 0.33, 0.67, 1], hu))
timed('CLAHE', () => clahe(mapped, dims, 0.025))
const sum = (key: 'wall s' | 'CPU s') => rounded(rows.reduce((total, row) => total + row[key], 0))
rows.push({ step: 'together', 'wall s': sum('wall s'), 'CPU s': sum('CPU s') })
console.log(`${ct.dims.join(' × ')} to ${dims.join(' × ')} voxels`)
console.table(rows)
