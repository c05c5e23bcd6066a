import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { decodeTree } from '../../../main/findings/componentTreeFile.ts'
import { treeComponentsAt } from '../../../main/findings/componentTreeQuery.ts'
import type { BodyProfile } from '../../../main/findings/location.ts'
import { nearestStep, stepMap, thresholdSteps } from '../../../main/findings/steps.ts'
import { type Grid, IDENTITY, voxelCount } from '../../../main/imaging/volume.ts'
import { EngineClient, type EngineJob } from '../../../main/inference/client.ts'
import { loadPackage } from '../../../main/inference/package.ts'
import { type EngineProgress, WORK_FILES } from '../../../main/inference/protocol.ts'
import { readRaw, writeRaw } from '../../../main/processes/rawFile.ts'
import { TINY_MODEL, temporaryFolder } from './packages.ts'

const tiny = await loadPackage(TINY_MODEL)
const { calibration } = tiny.manifest
const client = new EngineClient()
afterAll(() => client.close())

const grid: Grid = { dims: [36, 32, 34], spacing: [4, 4, 4], origin: [-50, 20, -300], direction: IDENTITY }

/** A soft-tissue box in air with a dense rod in it, screened. */
async function run(more: Partial<EngineJob>) {
  const workFolder = await temporaryFolder(onTestFinished)
  const [nx, ny, nz] = grid.dims
  const voxels = new Int16Array(voxelCount(grid)).fill(-1000)
  for (let z = 2; z < nz - 2; z++)
    for (let y = 2; y < ny - 2; y++)
      for (let x = 2; x < nx - 2; x++)
        voxels[x + nx * (y + ny * z)] = Math.hypot(x - 18, y - 16) < 3 && z > 9 && z < 24 ? 900 : 40
  await writeRaw(join(workFolder, WORK_FILES.volume), voxels)
  const findings = { level: 99, minVolumeMl: 1 }
  const job: EngineJob = { pkg: tiny, device: 'cpu', threads: 1, workFolder, grid, findings, ...more }
  const progress: EngineProgress[] = []
  const outcome = await client.screen(job, { onProgress: (p) => progress.push(p) })
  return { ...outcome, progress, file: (name: keyof typeof WORK_FILES) => join(workFolder, WORK_FILES[name]) }
}

describe('a screening with a review', () => {
  test('writes the tree of its own findings, the step of every voxel and where the body lies', async () => {
    const { findings, progress, seconds, file } = await run({ review: { minComponentMl: 0.1 } })
    expect(findings.length).toBeGreaterThan(0)

    const tree = decodeTree(new Uint8Array(readFileSync(file('tree'))).buffer)
    expect(tree).toMatchObject({ ...grid, minComponentMl: 0.1 })
    const found = treeComponentsAt(tree, nearestStep(tree.steps, 99), { minVolumeMl: 1 })
    const rounded = (list: typeof findings) =>
      list.map((f) => ({ ...f, meanScore: f.meanScore.toFixed(9), meanLevel: f.meanLevel.toFixed(9) }))
    expect(rounded(found)).toEqual(rounded(findings))

    const score = await readRaw(file('score'), new Float32Array(voxelCount(grid)))
    const steps = await readRaw(file('steps'), new Uint8Array(voxelCount(grid)))
    expect(steps).toEqual(stepMap(score, thresholdSteps(calibration)))

    const profile = JSON.parse(readFileSync(file('profile'), 'utf8')) as BodyProfile
    const { box, s } = profile.slabs[Math.floor(profile.slabs.length / 2)]
    // The box ends half a voxel beyond its outermost voxel centres, −42 … 82 and 28 … 136 mm.
    expect(box?.right).toBeCloseTo(-44, 6)
    expect(box?.left).toBeCloseTo(84, 6)
    expect(box?.anterior).toBeCloseTo(26, 6)
    expect(box?.posterior).toBeCloseTo(138, 6)
    expect(s).toBeGreaterThan(-300)

    const slices = progress.filter((p) => p.stage === 'review')
    expect(slices.at(-1)).toMatchObject({ done: 2 * grid.dims[2], total: 2 * grid.dims[2] })
    expect(seconds.review).toBeGreaterThan(0)
  })

  test('writes nothing more and names no such stage where none is asked for', async () => {
    const { progress, seconds, file } = await run({})
    for (const name of ['steps', 'tree', 'profile'] as const) expect(existsSync(file(name))).toBe(false)
    expect(progress.some((p) => p.stage === 'review')).toBe(false)
    expect(Object.keys(seconds)).toEqual(['preprocessing', 'inference', 'mapping', 'findings'])
  })
})
