import type { Warning } from '../errors.ts'
import type { Finding } from '../findings/findings.ts'
import { formatLevel } from '../findings/level.ts'
import { RESEARCH_USE_ONLY } from './runRecord.ts'
import { asciiText } from './scanNotes.ts'

/** What made a table of findings; repeated on each row, so that rows of many scans can be put together. */
export interface CsvProvenance {
  model: { name: string; version: string }
  /** Lowest anomaly level of a finding's voxels, 0 to 100. */
  level: number
  minVolumeMl: number
  /** The device that really ran. */
  device: string
  /** What the reader warns of in the scan; none where absent. */
  warnings?: readonly Warning[]
}

export interface Column<Row> {
  /** Unit at the end of the name. */
  name: string
  value: (row: Row) => number | string
}

// Decimals hold more than a scan can: a reader's table should not show sixteen digits. The file's first two
// letters must not be "ID", which Excel takes for a SYLK file.
const FINDING: readonly Column<Finding>[] = [
  { name: 'number', value: (f) => f.number },
  { name: 'volume_ml', value: (f) => round(f.volumeMl, 4) },
  { name: 'peak_level_percentile', value: (f) => round(f.peakLevel, 6) },
  { name: 'peak_rarity', value: (f) => formatLevel(f.peakLevel) },
  { name: 'mean_level_percentile', value: (f) => round(f.meanLevel, 6) },
  { name: 'peak_score_neg_log_q', value: (f) => round(f.peakScore, 4) },
  { name: 'mean_score_neg_log_q', value: (f) => round(f.meanScore, 4) },
  { name: 'centre_left_mm', value: (f) => round(f.centreMm[0], 2) },
  { name: 'centre_posterior_mm', value: (f) => round(f.centreMm[1], 2) },
  { name: 'centre_superior_mm', value: (f) => round(f.centreMm[2], 2) },
  { name: 'extent_x_mm', value: (f) => round(f.extentMm[0], 2) },
  { name: 'extent_y_mm', value: (f) => round(f.extentMm[1], 2) },
  { name: 'extent_z_mm', value: (f) => round(f.extentMm[2], 2) },
  { name: 'mean_hu', value: (f) => round(f.huMean, 1) },
  { name: 'sd_hu', value: (f) => round(f.huSd, 1) },
  { name: 'voxels', value: (f) => f.voxelCount },
]

const PROVENANCE: readonly Column<CsvProvenance>[] = [
  { name: 'model', value: (p) => `${p.model.name} ${p.model.version}` },
  { name: 'threshold_level_percentile', value: (p) => p.level },
  { name: 'smallest_volume_ml', value: (p) => p.minVolumeMl },
  { name: 'device', value: (p) => p.device },
  // Plain ASCII: without a byte order mark Excel does not take the file for UTF-8.
  { name: 'notice', value: () => asciiText(RESEARCH_USE_ONLY) },
  { name: 'scan_warnings', value: (p) => asciiText((p.warnings ?? []).map((w) => w.message).join(' ')) },
]

/**
 * `findings.csv` (RFC 4180: commas, CRLF, a header row, quotes where a field needs them; UTF-8 without a byte order
 * mark): one row per finding in order of rank. Centre in LPS mm; extent along the scan's voxel axes, whole voxels;
 * HU standard deviation of the population. With `provenance`, six more columns say what made the row
 * and what is wrong with the scan.
 * @param more columns between those two
 */
export function findingsCsv<F extends Finding>(
  findings: readonly F[],
  provenance?: CsvProvenance,
  more: readonly Column<F>[] = [],
): string {
  const made = provenance === undefined ? [] : PROVENANCE
  const ofFinding: readonly Column<F>[] = [...FINDING, ...more]
  const lines = [[...ofFinding, ...made].map((column) => column.name)]
  for (const finding of findings) {
    const row = ofFinding.map((column) => column.value(finding))
    if (provenance !== undefined) row.push(...made.map((column) => column.value(provenance)))
    lines.push(row.map(field))
  }
  return lines.map((line) => `${line.join(',')}\r\n`).join('')
}

/**
 * One field of a CSV file; a number that is none is left empty. Text that a spreadsheet would run as a formula gets an
 * apostrophe before it (OWASP, "CSV Injection"): a model's name comes from whoever made the package.
 */
export function field(value: number | string): string {
  if (typeof value === 'number') return Number.isFinite(value) ? plainDecimal(value) : ''
  const text = /^[\s]*[=+\-@|]|^[\t\r\n]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals))
}

/** Without an exponent, which some readers take for text; the numbers here have at most ten decimals. */
function plainDecimal(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(Math.abs(value) < 1 ? 10 : 0) : text
}
