import type { Grid, Vec3 } from '../../../main/imaging/volume.ts'
import type { ExportReviewJob } from '../../../main/workstation/exportReview.ts'
import {
  CALIBRATION,
  offsetOf,
  outlineOf,
  review,
  runFiles,
  temporaryFolder,
} from '../exporting/reviewCases.ts'
import { SEG_CASES, segRequest } from '../exporting/segCases.ts'

// On grids of at least 6 × 5 × 4 voxels: two of the machine's findings, and what the reader drew.
export const FOUND = { min: [0, 0, 0], max: [1, 1, 0], score: 2.5 } as const
const SUSPECT = { min: [4, 0, 2], max: [5, 0, 2], score: 1.5 } as const
export const CORRECTED = { min: [3, 0, 1], max: [5, 1, 3] } as const
export const DRAWN = { min: [0, 3, 1], max: [2, 4, 2] } as const
export const NOT_DRAWN: Vec3 = [1, 4, 2]
export const NODULE = { text: 'Nodule', code: { scheme: 'SCT', value: '27925004', meaning: 'Nodule' } }

export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
  'base64',
)

const caseNamed = (name: string) => SEG_CASES.findIndex((c) => c.name === name)
export const isDrawn = (voxel: Vec3) => voxel.some((index, axis) => index !== NOT_DRAWN[axis])

export function job(name = 'oblique', change: Partial<ExportReviewJob['request']> = {}): ExportReviewJob {
  const index = caseNamed(name)
  const { volume, source, warnings = [] } = segRequest(SEG_CASES[index], index).opened
  const grid: Grid = volume
  const suspect = `peak-${offsetOf(grid, SUSPECT.min)}`
  return {
    request: {
      level: 99,
      minVolumeMl: 0,
      states: ['unreviewed', 'confirmed'],
      formats: ['score', 'level', 'mask', 'seg', 'csv', 'json', 'key-images'],
      keyImages: [{ key: suspect, png: PNG.toString('base64') }],
      ...change,
    },
    parent: temporaryFolder(),
    title: 'Thorax  1.0/B70f:*',
    run: {
      id: 'run-1',
      model: { name: 'tiny', version: '1.2.3', title: 'Tiny' },
      device: 'CPU, 2 threads',
      deviceRequested: 'auto',
      warnings: [{ code: 'w', message: 'Look here.' }],
      finishedAt: '2026-01-02T03:04:05.000Z',
    },
    packageHash: 'ab'.repeat(32),
    calibration: CALIBRATION,
    files: runFiles(grid, [FOUND, SUSPECT]),
    scan: { grid, source, filledSlices: [], warnings: [...warnings] },
    reviews: [
      review(suspect, { outline: outlineOf(CORRECTED), label: NODULE, note: '=1+1 größer' }),
      review('drawn-abcdefgh', {
        outline: outlineOf(DRAWN, (voxel) => !isDrawn(voxel)),
        label: { text: 'Implant', code: { scheme: 'SCT', value: '40388003', meaning: 'Implant' } },
      }),
      review('drawn-not-asked-for', { outline: outlineOf(FOUND), state: 'uncertain' }),
    ],
    reviewFinished: true,
  }
}
