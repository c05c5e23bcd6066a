/** One line of the benchmark: every value that was measured. */
export interface Measured {
  what: string
  values: number[]
  unit: 'ms' | 'MB' | 'tasks' | '%'
}

/** Nearest-rank percentile of values, 0 to 100; NaN of none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((part / 100) * sorted.length) - 1)] ?? Number.NaN
}

const digits = (value: number) =>
  value < 100 && !Number.isInteger(value) ? value.toFixed(1) : value.toFixed(0)

/** `12.0 ms`; median, p95, most and number of several; `none` of none. */
export function summary({ values, unit }: Measured): string {
  if (values.length === 0) return 'none'
  if (values.length === 1) return `${digits(values[0]!)} ${unit}`
  const [median, p95, most] = [50, 95, 100].map((part) => digits(percentile(values, part)))
  return `median ${median}, p95 ${p95}, most ${most} ${unit} (${values.length})`
}

export function printTable(rows: readonly Measured[]): void {
  const width = Math.max(...rows.map(({ what }) => what.length))
  for (const row of rows) console.log(`${row.what.padEnd(width)}  ${summary(row)}`)
}
