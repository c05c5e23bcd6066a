import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Grid, IDENTITY, type Mat3, voxelCount } from '../../../main/imaging/volume.ts'
import { EngineClient, type EngineJob } from '../../../main/inference/client.ts'
import { loadPackage } from '../../../main/inference/package.ts'
import { WORK_FILES } from '../../../main/inference/protocol.ts'
import { readRaw, writeRaw } from '../../../main/processes/rawFile.ts'
import { TINY_MODEL, temporaryFolder } from './packages.ts'

const tiny = await loadPackage(TINY_MODEL)
const lowest = tiny.manifest.calibration.score[0]
const client = new EngineClient()
afterAll(() => client.close())

const [NX, NY, NZ] = [36, 32, 34]
const SLICE = NX * NY

/** A soft-tissue box in air, with one dense rod through the slices 9 to 23 of its middle. */
function boxWithRod(direction: Mat3): { grid: Grid; voxels: Int16Array } {
  const grid: Grid = { dims: [NX, NY, NZ], spacing: [4, 4, 4], origin: [-50, 20, -300], direction }
  const voxels = new Int16Array(voxelCount(grid)).fill(-1000)
  for (let z = 2; z < NZ - 2; z++) {
    for (let y = 2; y < NY - 2; y++) {
      for (let x = 2; x < NX - 2; x++) {
        const rod = Math.abs(x - NX / 2) < 3 && Math.abs(y - NY / 2) < 3 && z >= 9 && z <= 23
        voxels[x + NX * (y + NY * z)] = rod ? 900 : 40
      }
    }
  }
  return { grid, voxels }
}

async function run(more: Partial<EngineJob>, direction: Mat3 = IDENTITY) {
  const workFolder = await temporaryFolder(onTestFinished)
  const { grid, voxels } = boxWithRod(direction)
  await writeRaw(join(workFolder, WORK_FILES.volume), voxels)
  const findings = { level: 99, minVolumeMl: 1 }
  const job: EngineJob = { pkg: tiny, device: 'cpu', threads: 1, workFolder, grid, findings, ...more }
  const outcome = await client.screen(job)
  const score = await readRaw(join(workFolder, WORK_FILES.score), new Float32Array(voxels.length))
  const mask = job.findings
    ? await readRaw(join(workFolder, WORK_FILES.mask), new Uint16Array(voxels.length))
    : new Uint16Array(0)
  return { ...outcome, score, mask }
}

const slice = <T extends Float32Array | Uint16Array>(map: T, k: number) =>
  map.subarray(k * SLICE, (k + 1) * SLICE)

/** Slices of the source as it is stored, however it lies in the patient. */
const ORIENTATIONS: [string, Mat3][] = [
  ['axial slices', IDENTITY],
  ['axial slices, stored from the head down', [1, 0, 0, 0, 1, 0, 0, 0, -1]],
  ['sagittal slices', [0, 0, 1, 1, 0, 0, 0, -1, 0]],
]

describe.each(ORIENTATIONS)('a scan of %s whose slices 15 and 16 fill a gap', (_, direction) => {
  test('has no score there, and everywhere else the score it would have had', async () => {
    const whole = await run({}, direction)
    const { score } = await run({ filledSlices: [15, 16] }, direction)
    for (let k = 0; k < NZ; k++) {
      const scoredBefore = slice(whole.score, k).some((s) => s > lowest)
      if (k === 15 || k === 16) {
        expect(scoredBefore, 'the network sees the slice').toBe(true)
        expect(slice(score, k).every((s) => s === lowest)).toBe(true)
      } else expect([k, slice(score, k)]).toEqual([k, slice(whole.score, k)])
    }
  })

  test('has no finding there: what lies on both sides of the gap is two findings', async () => {
    const whole = await run({}, direction)
    const gap = await run({ filledSlices: [15, 16] }, direction)
    expect(whole.findings).toHaveLength(1)
    expect(gap.findings).toHaveLength(2)
    for (const k of [15, 16]) {
      expect(slice(whole.mask, k).some((n) => n > 0)).toBe(true)
      expect(slice(gap.mask, k).every((n) => n === 0)).toBe(true)
    }
    const outside = whole.mask.filter((n, i) => n > 0 && ![15, 16].includes(Math.floor(i / SLICE))).length
    expect(gap.findings.reduce((sum, f) => sum + f.voxelCount, 0)).toBe(outside)
    const spans = gap.findings.map((f) => [f.extentIndex.min[2], f.extentIndex.max[2]])
    for (const [first, last] of spans) expect(last < 15 || first > 16).toBe(true)
  })
})

test('a filled slice is told from a low score by NaN, as other unscored voxels are', async () => {
  const { score } = await run({ filledSlices: [12], findings: null, unscored: 'nan' })
  expect(slice(score, 12).every(Number.isNaN)).toBe(true)
  expect(slice(score, 11).every(Number.isNaN)).toBe(false)
})

test('a slice that the scan does not have is an error, not a scan with another slice left out', async () => {
  const failed = run({ filledSlices: [NZ] })
  await expect(failed).rejects.toMatchObject({
    code: 'engine/failed',
    message: expect.stringMatching(/no slice 34/),
  })
})
