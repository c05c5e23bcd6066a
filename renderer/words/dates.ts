/** Dates as the whole window says them: the reader's locale, with the month in letters, which no reader mistakes. */

const DATE = { year: 'numeric', month: 'short', day: 'numeric' } as const

/** DICOM DA (YYYYMMDD) as a date; what it says where it is no date, '' for ''. */
export function dateWords(da: string, locale?: string): string {
  const match = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(da.trim())
  if (!match) return da.trim()
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number]
  const date = new Date(Date.UTC(year, month - 1, day))
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return da.trim()
  // A date alone has no time zone.
  return date.toLocaleDateString(locale, { ...DATE, timeZone: 'UTC' })
}

/** The day of a moment (ISO 8601) in the reader's time zone. */
export function dayWords(iso: string, locale?: string): string {
  return new Date(iso).toLocaleDateString(locale, DATE)
}

/** A moment (ISO 8601) in the reader's time zone, to the minute. */
export function momentWords(iso: string, locale?: string): string {
  return new Date(iso).toLocaleString(locale, { ...DATE, hour: 'numeric', minute: '2-digit' })
}
