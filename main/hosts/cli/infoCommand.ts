import type { SeriesReport } from '../../imaging/inputReport.ts'
import type { CommandContext } from './execute.ts'
import { wrap } from './text.ts'

/** `info INPUT`: what was read, without screening it. */
export async function infoCommand(input: string, { print, reader, signal }: CommandContext) {
  const report = await reader.describe(input, { signal })
  const count = `${report.series.length} series`
  print(`${report.path}: ${report.kind === 'dicom' ? `DICOM, ${count}` : 'NIfTI'}`)
  for (const series of report.series) print(`\n${describeSeries(series)}`)
  if (report.warnings.length > 0) print(`\n${notes(report.warnings)}`)
  return report
}

function describeSeries(series: SeriesReport): string {
  const numbers = (values: readonly number[] | null, digits: number) =>
    values?.map((v) => String(Number(v.toFixed(digits)))).join(' × ')
  const size =
    series.dims && series.spacingMm
      ? `${numbers(series.dims, 0)} voxels of ${numbers(series.spacingMm, 4)} mm`
      : series.imageCount === 1
        ? 'none: a single object'
        : `none: ${series.imageCount} objects that do not make one`
  const rows: [string, string | undefined][] = [
    ['Series', [series.seriesNumber, series.seriesDescription].filter(Boolean).join(' ')],
    ['Series UID', series.seriesInstanceUid],
    ['Patient', [series.patientName, series.patientId && `(${series.patientId})`].filter(Boolean).join(' ')],
    ['Study', [series.studyDate, series.studyDescription].filter(Boolean).join(' ')],
    ['Scanner', [series.manufacturer, series.manufacturerModelName].filter(Boolean).join(' ')],
    ['Kernel', series.convolutionKernel],
    ['Modality', series.modality],
    ['Stored as', `${series.encoding}${series.lossy ? ', lossy' : ''}`],
    ['Volume', size],
    [
      'Slice',
      series.sliceThicknessMm === null ? undefined : `${Number(series.sliceThicknessMm.toFixed(3))} mm thick`,
    ],
    [
      'Origin',
      series.originMm ? `${numbers(series.originMm, 3)} mm (LPS)`.replaceAll(' × ', ', ') : undefined,
    ],
    ['Axes', series.direction ? `${axes(series.direction)} (direction of growing x, y, z index)` : undefined],
    ['Screening', series.reason ? `not possible: ${series.reason.message}` : 'possible'],
  ]
  const lines = rows
    .filter(([, text]) => text)
    .map(([label, text]) => `  ${label.padEnd(12)}${wrap(text!, ' '.repeat(14))}`)
  if (series.warnings.length > 0) lines.push(notes(series.warnings))
  return lines.join('\n')
}

const notes = (warnings: { message: string }[]) =>
  warnings.map(({ message }) => `  Note        ${wrap(message, ' '.repeat(14))}`).join('\n')

/** Where each index axis mostly points, e.g. "Left, Posterior, Superior"; "oblique" where it is off by over 1°. */
function axes(direction: readonly number[]): string {
  const names = [
    ['Left', 'Right'],
    ['Posterior', 'Anterior'],
    ['Superior', 'Inferior'],
  ]
  const pointing = [0, 1, 2].map((column) => {
    const along = [0, 1, 2].map((row) => direction[3 * row + column])
    const main = along.reduce((best, value, row) => (Math.abs(value) > Math.abs(along[best]) ? row : best), 0)
    const oblique = Math.abs(along[main]) < Math.cos(Math.PI / 180) ? ' (oblique)' : ''
    return names[main][along[main] > 0 ? 0 : 1] + oblique
  })
  return pointing.join(', ')
}
