import { expect, it } from 'vitest'
import { reviewedCsv } from '../../../main/exporting/reviewedCsv.ts'
import type { ReviewedFinding } from '../../../main/exporting/reviewedFindings.ts'

const FINDING: ReviewedFinding = {
  number: 1,
  volumeMl: 1,
  voxelCount: 10,
  peakLevel: 99.9,
  meanLevel: 99.5,
  peakScore: 2,
  meanScore: 1,
  centreMm: [0, 0, 0],
  peakIndex: [0, 0, 0],
  extentIndex: { min: [0, 0, 0], max: [1, 1, 1] },
  extentMm: [1, 1, 1],
  huMean: 40,
  huSd: 2,
  key: 'peak-17',
  origin: 'corrected',
  state: 'confirmed',
  label: { text: 'Nodule', code: { scheme: 'SCT', value: '27925004', meaning: 'Nodule' } },
  note: 'plain',
  updatedAt: null,
  regionLevel: null,
  maskVoxelCount: 9,
}
const MADE = { model: { name: 'tiny', version: '1' }, level: 99, minVolumeMl: 0, device: 'CPU' }

/** A note as it lies in the table, quotes and all. */
function cellOf(note: string): string {
  const csv = reviewedCsv([{ ...FINDING, note }], MADE, true)
  return csv.slice(csv.indexOf('27925004,SCT,Nodule,') + 20, csv.indexOf(',corrected,'))
}

it('says what the reader said beside what was measured', () => {
  const [header, row] = reviewedCsv([FINDING], MADE, false).split('\r\n')
  expect(header).toContain(
    ',voxels,state,label,label_code,label_code_scheme,label_code_meaning,note,outline,region_level_percentile,voxels_in_mask,key,review,model,',
  )
  expect(row).toContain(
    ',10,confirmed,Nodule,27925004,SCT,Nodule,plain,corrected,,9,peak-17,not finished,tiny 1,',
  )
})

it.each([
  ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
  ['  @SUM(A1)', `'  @SUM(A1)`],
  ['＝1+1', `'＝1+1`],
  ['left; =cmd', `left; '=cmd`],
  ['two\n-1+cmd', `"two\n'-1+cmd"`],
  ['4 mm; stable, -20 HU', `"4 mm; stable, -20 HU"`],
  ['5 × 4 mm – größer', '5 × 4 mm – größer'],
])('lets no spreadsheet run the note %j', (note, cell) => {
  expect(cellOf(note)).toBe(cell)
})

it('begins with a byte order mark where Excel needs one, and only there', () => {
  expect(reviewedCsv([FINDING], MADE, true).codePointAt(0)).toBe('n'.codePointAt(0))
  expect(reviewedCsv([{ ...FINDING, note: 'größer' }], MADE, true).codePointAt(0)).toBe(0xfeff)
})
