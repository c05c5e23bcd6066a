import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WorkstationError } from '../../../main/errors.ts'
import { describeInput, openCt } from '../../../main/imaging/open.ts'
import { voxelCount } from '../../../main/imaging/volume.ts'
import { GOLDEN, seriesCopy, temporaryFolder } from './readerFixtures.ts'

/** A damaged input is opened or refused with a sentence; no other error, no volume that contradicts its grid. */
async function opensOrRefuses(path: string): Promise<void> {
  for (const work of [openCt, describeInput]) {
    try {
      const result = await work(path)
      if ('volume' in result) {
        expect(result.volume.voxels.length).toBe(voxelCount(result.volume))
        expect(
          [...result.volume.spacing, ...result.volume.origin, ...result.volume.direction].every(
            Number.isFinite,
          ),
        ).toBe(true)
      }
    } catch (error) {
      expect(error).toBeInstanceOf(WorkstationError)
      expect((error as WorkstationError).kind).toBe('input')
    }
  }
}

describe('an input damaged at random', () => {
  const series = ['axial', 'implicit', 'big-endian', 'deflated', 'rle', 'jpeg-lossless-70']

  it.each(series)('DICOM %s is opened or refused', async (name) => {
    const folder = seriesCopy(name)
    const file = join(folder, readdirSync(folder).sort()[0]!)
    const whole = new Uint8Array(readFileSync(file))
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 128, max: whole.length - 1 }),
        fc.nat(255),
        fc.boolean(),
        async (at, value, cut) => {
          const spoilt = cut ? whole.slice(0, at) : whole.slice()
          if (!cut) spoilt[at] = value
          writeFileSync(file, spoilt)
          await opensOrRefuses(folder)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('NIfTI is opened or refused', async () => {
    const cases = JSON.parse(readFileSync(join(GOLDEN, 'nifti.json'), 'utf8')) as {
      file: string
      gz: boolean
    }[]
    const path = join(temporaryFolder(), 'ct.nii')
    await fc.assert(
      fc.asyncProperty(
        fc.nat(cases.length - 1),
        fc.nat(10_000),
        fc.nat(255),
        fc.boolean(),
        async (n, at, value, cut) => {
          const bytes = new Uint8Array(Buffer.from(cases[n]!.file, 'base64'))
          const position = at % bytes.length
          bytes[position] = value
          writeFileSync(path, cut ? bytes.subarray(0, position) : bytes)
          await opensOrRefuses(path)
        },
      ),
      { numRuns: 300 },
    )
  })
})
