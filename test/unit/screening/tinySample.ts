import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { makeSample, SAMPLE_FILES } from '../../../main/screening/sample.ts'

/** A whole patient in 6 mm voxels: small enough to be screened in a second. */
export const TINY_DIMS = [64, 64, 54] as const

/** Makes the sample once for a test file, and removes it after. */
export function useTinySample() {
  const at = { sample: '', series: '' }
  beforeAll(async () => {
    at.sample = join(await mkdtemp(join(tmpdir(), 'screener-test-')), 'sample')
    at.series = join(at.sample, SAMPLE_FILES.series)
    await makeSample(at.sample, { seed: 3, dims: TINY_DIMS })
  })
  afterAll(() => rm(join(at.sample, '..'), { recursive: true, force: true }))
  return at
}
