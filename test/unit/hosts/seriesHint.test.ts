import { expect, test } from 'vitest'
import { WorkstationError } from '../../../main/errors.ts'
import { withSeriesHint } from '../../../main/hosts/cli/screenCommand.ts'

const several = new WorkstationError(
  'input/several-series',
  'There are 2 CT series in /x; name one by its Series Instance UID:\n  1.2.3#1  lung, 40 images\n  1.2.3#2  lung, 40 images',
)

test('where a series must be named, the command line says how, quoted for the shell', () => {
  const hinted = withSeriesHint(several) as WorkstationError
  expect(hinted.message).toBe(`${several.message}\nName it with --series, such as --series '1.2.3#1'.`)
  expect(hinted.code).toBe('input/several-series')
})

test('any other failure is left as it is', () => {
  const other = new WorkstationError('input/not-ct', 'There is no CT.')
  expect(withSeriesHint(other)).toBe(other)
})
