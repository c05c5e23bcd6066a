import { describe, expect, test } from 'vitest'
import { checkReview } from '../../../main/workstation/reviews.ts'
import type { OutlineRecord, ReviewRecord } from '../../../preload/records.ts'

const grid = { dims: [10, 20, 30] as const }
const drawn = 'drawn-0123456789'
const record = (more: Partial<ReviewRecord>): ReviewRecord => ({
  key: 'peak-0',
  state: 'confirmed',
  label: null,
  note: '',
  outline: null,
  thresholdLevel: null,
  updatedAt: null,
  ...more,
})
/** 3 × 3 × 1 voxels: 9 bits in two bytes. */
const outline = (more: Partial<OutlineRecord> = {}): OutlineRecord => ({
  min: [7, 17, 29],
  max: [9, 19, 29],
  bits: Buffer.from([255, 1]).toString('base64'),
  ...more,
})

describe('what is said of a finding', () => {
  test.each([
    ['a peak in the first voxel', record({})],
    ['a peak in the last voxel', record({ key: 'peak-5999' })],
    ['an outline at the edge of the grid', record({ outline: outline() })],
    ['a drawn finding', record({ key: drawn, outline: outline() })],
  ])('is accepted for %s', (_what, said) => {
    expect(() => checkReview(said, grid)).not.toThrow()
  })

  test.each([
    ['a peak outside the grid', record({ key: 'peak-6000' }), 'usage/finding-key'],
    ['a drawn finding without an outline', record({ key: drawn }), 'usage/outline'],
    ['a box that leaves the grid', record({ outline: outline({ max: [10, 19, 29] }) }), 'usage/outline'],
    ['a box below the grid', record({ outline: outline({ min: [-1, 17, 29] }) }), 'usage/outline'],
    [
      'a box inside out',
      record({ outline: outline({ min: [9, 17, 29], max: [7, 19, 29] }) }),
      'usage/outline',
    ],
    ['a box between voxels', record({ outline: outline({ min: [7.5, 17, 29] }) }), 'usage/outline'],
    ['too few bits', record({ outline: outline({ bits: 'AA==' }) }), 'usage/outline'],
    ['too many bits', record({ outline: outline({ bits: 'AAAA' }) }), 'usage/outline'],
  ])('is refused for %s', (_what, said, code) => {
    expect(() => checkReview(said, grid)).toThrow(expect.objectContaining({ code }))
  })
})
