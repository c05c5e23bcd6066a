import type { RunDetails } from '../../preload/modelRecords.ts'
import { t } from '../i18n/index.ts'

/** `4.8e-7 before the run, 4.8e-7 after it; at most 1.0e-3 accepted`. */
export function deviationWords({
  goldenDeviation,
  goldenDeviationAtEnd,
  goldenTolerance,
}: Pick<RunDetails, 'goldenDeviation' | 'goldenDeviationAtEnd' | 'goldenTolerance'>): string {
  const values = { begin: goldenDeviation.toExponential(1), tolerance: goldenTolerance.toExponential(1) }
  return goldenDeviationAtEnd === null
    ? t('made.deviationBegin', values)
    : t('made.deviationValue', { ...values, end: goldenDeviationAtEnd.toExponential(1) })
}
