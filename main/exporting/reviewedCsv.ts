import { type Column, type CsvProvenance, findingsCsv } from './findingsCsv.ts'
import type { ReviewedFinding } from './reviewedFindings.ts'

const BYTE_ORDER_MARK = '\ufeff'

const columns = (reviewFinished: boolean): Column<ReviewedFinding>[] => [
  { name: 'state', value: (f) => f.state },
  { name: 'label', value: (f) => cell(f.label?.text ?? '') },
  { name: 'label_code', value: (f) => cell(f.label?.code?.value ?? '') },
  { name: 'label_code_scheme', value: (f) => cell(f.label?.code?.scheme ?? '') },
  { name: 'label_code_meaning', value: (f) => cell(f.label?.code?.meaning ?? '') },
  { name: 'note', value: (f) => cell(f.note) },
  { name: 'outline', value: (f) => f.origin },
  { name: 'region_level_percentile', value: (f) => f.regionLevel ?? '' },
  { name: 'voxels_in_mask', value: (f) => f.maskVoxelCount },
  { name: 'key', value: (f) => f.key },
  { name: 'review', value: () => (reviewFinished ? 'finished' : 'not finished') },
]

/**
 * `findings.csv` of a reviewed run: the columns of `findingsCsv` and what the reader said. SCT is SNOMED CT. Begins with
 * a byte order mark where a reader's text is more than ASCII: Excel would spoil it without one.
 */
export function reviewedCsv(
  findings: readonly ReviewedFinding[],
  provenance: CsvProvenance,
  reviewFinished: boolean,
): string {
  const csv = findingsCsv(findings, provenance, columns(reviewFinished))
  return /[^\0-\x7f]/.test(csv) ? BYTE_ORDER_MARK + csv : csv
}

/**
 * A reader's text. Where lists are separated by semicolons or tabs, a spreadsheet breaks fields at those as well, and
 * what follows may be a formula (OWASP, "CSV Injection"); full-width signs count as signs there. `findingsCsv` guards
 * the beginning of a field.
 */
function cell(text: string): string {
  return text.replace(/([;\t\r\n]\s*"?\s*)([=+@＝＋＠－-])/g, "$1'$2").replace(/^\s*[＝＋＠－]/, "'$&")
}
