/** Values as DICOM text (PS3.5 Table 6.2-1). */

/**
 * Decimal String: the shortest text of at most 16 characters that reads back as near to `value` as 16 characters
 * allow. A value that was read from a DS comes back unchanged.
 * @throws RangeError for NaN and infinity, which DS cannot hold
 */
export function ds(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`DICOM decimal strings hold finite numbers, not ${value}`)
  const shortest = String(value === 0 ? 0 : value)
  if (shortest.length <= 16) return shortest
  for (let digits = 16; digits > 0; digits--) {
    const text = String(Number(value.toPrecision(digits)))
    if (text.length <= 16) return text
  }
  return '0'
}

/** Date (DA): YYYYMMDD, local time. */
export function da(date: Date): string {
  return pad(date.getFullYear(), 4) + pad(date.getMonth() + 1, 2) + pad(date.getDate(), 2)
}

/** Time (TM): HHMMSS, local time. */
export function tm(date: Date): string {
  return pad(date.getHours(), 2) + pad(date.getMinutes(), 2) + pad(date.getSeconds(), 2)
}

/** Long String (LO): one value of at most 64 characters; a backslash would start a second one. */
export function lo(text: string): string {
  return text.replaceAll('\\', '/').slice(0, 64)
}

/** Short String (SH): one value of at most 16 characters. */
export function sh(text: string): string {
  return text.replaceAll('\\', '/').slice(0, 16)
}

const VALID = {
  DA: /^\d{8}$/,
  TM: /^\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?$/,
  SH: /^[^\\]{0,16}$/,
  /** Enumerated Values of Patient's Sex (0010,0040). */
  sex: /^[MFO]$/,
}

/**
 * A value copied from a source that breaks the standard, left empty: for Type 2 attributes, which may be unknown, and
 * where half a value would be a wrong one.
 */
export function validOrEmpty(kind: keyof typeof VALID, text: string): string {
  return VALID[kind].test(text) ? text : ''
}

function pad(n: number, width: number): string {
  return String(n).padStart(width, '0')
}
