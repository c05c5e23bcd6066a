import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ReaderClient } from '../../../main/reading/client.ts'
import { fuzz } from '../../fuzz/fuzz.ts'

/** `npm run fuzz -- --seed 1 --case N` repeats the case that a failure names. */
const SEED = 1
const CASES = 20_000
/** Reading processes at a time. */
const LANES = 2

describe('inputs damaged at random: DICOM headers and pictures, DICOMDIR, ZIP, NIfTI, NRRD, MetaImage', () => {
  it(`${CASES} of them are opened or refused with a sentence; none ends, hangs or bloats the reading process`, {
    timeout: 45 * 60_000,
  }, async () => {
    const lanes = await Promise.all(
      Array.from({ length: LANES }, async (_, lane) => {
        const folder = mkdtempSync(join(tmpdir(), 'fuzz-'))
        const reader = new ReaderClient()
        const cases = Array.from({ length: CASES / LANES }, (_, i) => lane + i * LANES)
        try {
          return await fuzz({ reader, folder, seed: SEED, cases })
        } finally {
          await reader.close()
          rmSync(folder, { recursive: true, force: true })
        }
      }),
    )
    expect(lanes.flatMap(({ failures }) => failures)).toEqual([])
    // A fuzzer that only ever sees refusals, or only sound scans, tests nothing.
    const count = (outcome: string) =>
      lanes.reduce((sum, { outcomes }) => sum + (outcomes.get(outcome) ?? 0), 0)
    expect(count('opened')).toBeGreaterThan(CASES / 20)
    expect(count('input/damaged')).toBeGreaterThan(CASES / 20)
  })
})
