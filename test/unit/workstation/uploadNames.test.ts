import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { WorkstationError } from '../../../main/errors.ts'
import type { InputReport } from '../../../main/imaging/inputReport.ts'
import { uploadNames } from '../../../main/workstation/uploadNames.ts'

const UPLOADS = join('/home', 'a+b', 'uploads')
const UPLOAD = join(UPLOADS, '0f8fad5b-d9cb-469f-a165-70867728950e')
const names = uploadNames(UPLOADS)

describe('a sentence about an upload', () => {
  test.each([
    [`${join(UPLOAD, 'scan.nii')} is damaged.`, 'scan.nii is damaged.'],
    [`There is no CT series in ${UPLOAD}.`, 'There is no CT series in what you dropped.'],
    [`${join('/data', 'scan.nii')} is damaged.`, `${join('/data', 'scan.nii')} is damaged.`],
  ])('%s says what the reader dropped, and no folder of the program', (before, after) => {
    const error = names.error(new WorkstationError('input/damaged', before)) as WorkstationError
    expect(error).toMatchObject({ code: 'input/damaged', message: after })
  })

  test('keeps the folder for a bug report', () => {
    const error = names.error(new WorkstationError('input/damaged', `${UPLOAD} is empty.`))
    expect(error).toMatchObject({ detail: `${UPLOAD} is empty.` })
  })

  test('is the same in a report: of why a series cannot be screened, and of what is doubtful', () => {
    const message = `${join(UPLOAD, 'a', 'b.dcm')} is cut short.`
    const told = { code: 'input/damaged', message }
    const report = names.report({
      warnings: [told],
      series: [{ reason: told, warnings: [told] }],
    } as unknown as InputReport)
    const named = { code: 'input/damaged', message: `${join('a', 'b.dcm')} is cut short.` }
    expect(report).toEqual({ warnings: [named], series: [{ reason: named, warnings: [named] }] })
  })
})
