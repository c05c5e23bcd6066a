import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { buildComponentTree } from '../../main/findings/componentTree.ts'
import { decodeTree, encodeTree } from '../../main/findings/componentTreeFile.ts'
import { treeComponentsAt } from '../../main/findings/componentTreeQuery.ts'
import { findFindings } from '../../main/findings/findings.ts'
import type { Calibration } from '../../main/findings/level.ts'
import { stepMap, thresholdSteps } from '../../main/findings/steps.ts'
import { type Grid, IDENTITY, voxelCount } from '../../main/imaging/volume.ts'

/**
 * Time and memory of the component tree of a smooth random score map, and of asking it, beside labelling again:
 *
 *   node test/bench/componentTree.ts [--slices 500] [--above 0.05] [--min-ml 0.02]
 *
 * `above` is the share of the voxels at or above the lowest step. Noise everywhere has far more components than a
 * patient: this is the worst that a scan of that size can ask.
 */
const { values: flags } = parseArgs({
  options: {
    slices: { type: 'string', default: '500' },
    above: { type: 'string', default: '0.05' },
    'min-ml': { type: 'string', default: '0.02' },
  },
})

const manifest = new URL('../../models/screener-ct-small/model.json', import.meta.url)
const calibration = (JSON.parse(readFileSync(manifest, 'utf8')) as { calibration: Calibration }).calibration
const steps = thresholdSteps(calibration)
const grid: Grid = {
  dims: [512, 512, Number(flags.slices)],
  spacing: [0.7, 0.7, 1],
  origin: [0, 0, 0],
  direction: IDENTITY,
}
const [nx, ny, nz] = grid.dims
const slice = nx * ny
const score = smoothNoise()
const hu = new Int16Array(voxelCount(grid))
const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
const part = <T extends Float32Array | Int16Array | Uint8Array>(of: T, k: number) =>
  of.subarray(k * slice, (k + 1) * slice) as T
function timed<T>(what: string, work: () => T, note: (result: T) => string = () => ''): T {
  const started = performance.now()
  const result = work()
  console.log(
    `${what.padEnd(46)} ${(performance.now() - started).toFixed(1).padStart(9)} ms  ${note(result)}`,
  )
  return result
}

const before = process.resourceUsage().maxRSS * 1024
console.log(`${grid.dims.join(' × ')} voxels, score and HU held: ${megabytes(before)}`)
const map = timed(
  'step map',
  () => {
    const made = new Uint8Array(score.length)
    for (let k = 0; k < nz; k++) stepMap(part(score, k), steps, part(made, k))
    return made
  },
  (made) => `${((100 * made.reduce((n, step) => n + Number(step > 0), 0)) / made.length).toFixed(1)} % above`,
)
const built = timed(
  'tree',
  () =>
    buildComponentTree({
      grid,
      steps,
      map,
      scoreSlice: (k) => part(score, k),
      huSlice: (k) => part(hu, k),
      calibration,
      minComponentMl: Number(flags['min-ml']),
    }),
  (tree) => `${tree.nodes.step.length} nodes`,
)
const after = process.resourceUsage().maxRSS * 1024
console.log(`most memory, beyond score and HU: ${megabytes(after - before)}`)
const bytes = timed(
  'encode',
  () => encodeTree(built),
  (b) => megabytes(b.byteLength),
)
const tree = timed('decode', () => decodeTree(bytes))
for (const level of [90, 99, 99.9]) {
  const step = steps.level.indexOf(level) + 1
  // The second time: the first compiles.
  treeComponentsAt(tree, step)
  for (const maxFindings of [500, 0xffff])
    timed(
      `findings at ${level}, at most ${maxFindings}`,
      () => treeComponentsAt(tree, step, { maxFindings }),
      (found) => `${found.length}`,
    )
  timed(
    `the same by labelling again`,
    () =>
      findFindings({
        volume: { ...grid, voxels: hu },
        score,
        calibration,
        level,
        minVolumeMl: tree.minComponentMl,
      }),
    ({ findings }) => `${findings.length}`,
  )
}

/** Noise on a lattice of 4 voxels, interpolated, with the given share above level 90 and a few above the table. */
function smoothNoise(): Float32Array {
  const cell = 4
  const [cx, cy, cz] = [nx, ny, nz].map((n) => Math.floor(n / cell) + 2)
  let state = 1
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const lattice = Float32Array.from(
    { length: cx * cy * cz },
    () => random() + random() + random() + random() - 2,
  )
  const made = new Float32Array(voxelCount(grid))
  for (let z = 0, o = 0; z < nz; z++) {
    const [z0, wz] = [Math.floor(z / cell), (z % cell) / cell]
    for (let y = 0; y < ny; y++) {
      const [y0, wy] = [Math.floor(y / cell), (y % cell) / cell]
      for (let x = 0; x < nx; x++, o++) {
        const wx = (x % cell) / cell
        const at = Math.floor(x / cell) + cx * (y0 + cy * z0)
        const along = (p: number) => lattice[p] * (1 - wx) + lattice[p + 1] * wx
        const near = along(at) * (1 - wy) + along(at + cx) * wy
        const far = along(at + cx * cy) * (1 - wy) + along(at + cx * cy + cx) * wy
        made[o] = near * (1 - wz) + far * wz
      }
    }
  }
  const sorted = Float32Array.from(
    { length: 200_000 },
    (_, i) => made[Math.floor((i * made.length) / 200_000)],
  )
  sorted.sort()
  const floor = sorted[Math.floor(sorted.length * (1 - Number(flags.above)))]
  const scale = (calibration.score.at(-1)! - steps.score[0]) / (sorted.at(-1)! - floor)
  for (let i = 0; i < made.length; i++) made[i] = steps.score[0] + (made[i] - floor) * scale
  return made
}
