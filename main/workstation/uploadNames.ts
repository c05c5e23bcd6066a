import { sep } from 'node:path'
import { WorkstationError } from '../errors.ts'
import type { InputReport } from '../imaging/inputReport.ts'

/**
 * Names uploads as the reader knows them. What was uploaded lies in `uploads/UUID/` under its own name; no sentence
 * should send a radiographer looking for that folder.
 */
export function uploadNames(uploads: string): {
  report: (report: InputReport) => InputReport
  error: (error: unknown) => unknown
} {
  const place = uploads.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const separator = sep === '\\' ? '\\\\' : sep
  const within = new RegExp(`${place}${separator}[0-9a-f-]{36}${separator}`, 'g')
  const whole = new RegExp(`${place}${separator}[0-9a-f-]{36}`, 'g')
  const words = (text: string) => text.replaceAll(within, '').replaceAll(whole, 'what you dropped')
  const told = <T extends { message: string }>(one: T): T => ({ ...one, message: words(one.message) })
  return {
    report: (report) => ({
      ...report,
      warnings: report.warnings.map(told),
      series: report.series.map((series) => ({
        ...series,
        reason: series.reason && told(series.reason),
        warnings: series.warnings.map(told),
      })),
    }),
    error: (error) => {
      if (!(error instanceof WorkstationError) || words(error.message) === error.message) return error
      return new WorkstationError(error.code, words(error.message), error.detail ?? error.message)
    },
  }
}
