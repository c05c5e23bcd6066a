import type { InputReport, SeriesReport } from '../../imaging/inputReport.ts'
import { wrap } from './text.ts'

/** What `info` prints: patients, their studies, in each the CT volumes and then in short all else. */

const FORMAT: Record<InputReport['kind'], string> = {
  dicom: 'DICOM',
  nifti: 'NIfTI',
  nrrd: 'NRRD',
  metaimage: 'MetaImage',
}

/** Labels of a block's rows end in this column. */
const LABEL = 11

export function reportText(report: InputReport): string {
  const shown = report.series.filter((series) => hasBlock(series, report))
  const path = clean(report.path)
  const ids = shown.filter((series) => series.kind === 'ct-volume').length > 1
  const parts = [
    report.kind === 'dicom' ? `${path}: DICOM, ${summary(report)}` : `${path}: ${FORMAT[report.kind]}`,
  ]
  for (const study of groups(report.series, (s) => [s.patientId, s.patientName, s.studyInstanceUid])) {
    const blocks = study.filter((series) => shown.includes(series)).map((series) => block(series, ids))
    const others = study.filter((series) => !shown.includes(series))
    if (others.length > 0) blocks.push(otherSeries(others))
    const text = blocks.join('\n\n')
    parts.push(report.kind === 'dicom' ? `${heading(study[0]!)}\n${text}` : text)
  }
  for (const { message } of report.warnings) parts.push(`Note: ${wrap(clean(message), ' '.repeat(6))}`)
  return parts.join('\n\n')
}

/** Volumes are told of at length; single CT images only where there is nothing better. */
function hasBlock({ kind }: SeriesReport, { series }: InputReport): boolean {
  return kind === 'ct-volume' || (kind === 'ct-images' && !series.some((s) => s.kind === 'ct-volume'))
}

function summary({ series }: InputReport): string {
  const volumes = series.filter((s) => s.kind === 'ct-volume')
  const ready = volumes.filter((s) => s.canScreen).length
  const others = series.length - volumes.length
  const words = [volumes.length === 0 ? 'no CT volume' : count(volumes.length, 'CT volume')]
  if (ready < volumes.length) words[0] += `, ${ready === 0 ? 'none' : ready} can be screened`
  if (others > 0) words.push(`${others} other series`)
  return words.join('; ')
}

/** Series in their order, those with the same key together. */
function groups(all: readonly SeriesReport[], key: (series: SeriesReport) => unknown[]): SeriesReport[][] {
  const found = new Map<string, SeriesReport[]>()
  for (const series of all) {
    const name = JSON.stringify(key(series))
    found.set(name, [...(found.get(name) ?? []), series])
  }
  return [...found.values()]
}

function heading(series: SeriesReport): string {
  const name = personName(series.patientName)
  const id = clean(series.patientId)
  const patient =
    id && id !== name ? `${name || 'Patient without a name'} (${id})` : name || 'Patient not named'
  const study = [date(series.studyDate), clean(series.studyDescription)].filter(Boolean)
  return `${patient}${study.length > 0 ? `, study ${study.join(' ')}` : ''}`
}

function block(series: SeriesReport, withId: boolean): string {
  const { dims, spacingMm, direction } = series
  const thick = series.sliceThicknessMm === null ? '' : `, ${mm(series.sliceThicknessMm)} mm thick`
  const apart = spacingMm ? `, ${mm(spacingMm[2])} mm apart` : ''
  const volume = dims && spacingMm ? `${dims.join(' × ')} voxels of ${spacingMm.map(mm).join(' × ')} mm` : ''
  const rows: [string, string][] = [
    [
      series.sliceCount === null ? 'Images' : 'Slices',
      isDicom(series) ? `${series.sliceCount ?? series.imageCount}${apart}${thick}` : '',
    ],
    ['Volume', volume],
    ['Geometry', direction ? `${plane(direction)}; x, y, z grow to ${axes(direction)}` : ''],
    ['Scanner', clean(`${series.manufacturer} ${series.manufacturerModelName}`)],
    ['Stored as', `${clean(series.encoding)}${series.lossy ? ', lossy' : ''}`],
    ['Id', withId ? clean(series.id) : ''],
    ['Screening', series.reason ? `not possible: ${clean(series.reason.message)}` : 'possible'],
  ]
  const title = [clean(series.seriesDescription), kernel(series)].filter(Boolean).join(', ')
  const number = clean(series.seriesNumber)
  const lines = rows.filter(([, text]) => text !== '').map(([label, text]) => row(label, text))
  if (isDicom(series)) {
    lines.unshift(`  Series${number ? ` ${number}` : ' without a number'}${title ? `: ${title}` : ''}`)
  }
  if (series.warnings.length > 0) lines.push(notes(series.warnings))
  return lines.join('\n')
}

/** One line for each sort of object, with the series that hold them. */
function otherSeries(others: readonly SeriesReport[]): string {
  const lines = groups(others, (s) => [s.kind, what(s)]).map((same) => {
    const total = same.reduce((sum, s) => sum + s.imageCount, 0)
    const names = same.map((s) => clean([s.seriesNumber, s.seriesDescription].join(' '))).filter(Boolean)
    // As many names as a line or two hold.
    const shown = [...new Set(names)].slice(0, 6)
    const more = new Set(names).size > shown.length ? ', …' : ''
    const where = shown.length > 0 ? ` (series ${shown.join(', ')}${more})` : ''
    return `    ${wrap(`${total} × ${what(same[0]!)}${where}`, ' '.repeat(6))}`
  })
  return `  Not CT volumes:\n${lines.join('\n')}`
}

function what({ kind, className, modality }: SeriesReport): string {
  switch (kind) {
    case 'localizer':
      return 'localizer'
    case 'ct-images':
      return 'CT image, too few for a volume'
    case 'dose-report':
      return 'dose report'
    case 'secondary-capture':
      return modality === 'CT' ? 'secondary capture of a CT' : 'secondary capture'
    default:
      if (className) return className
      if (modality === '') return 'object of unknown kind'
      return `${clean(modality)} ${kind === 'other-modality' ? 'image' : 'object'}`
  }
}

const kernel = ({ convolutionKernel }: SeriesReport) =>
  convolutionKernel ? `kernel ${clean(convolutionKernel)}` : ''

const row = (label: string, text: string) => `    ${label.padEnd(LABEL)}${wrap(text, ' '.repeat(4 + LABEL))}`

const notes = (warnings: readonly { message: string }[]) =>
  warnings.map(({ message }) => row('Note', clean(message))).join('\n')

const isDicom = ({ className, transferSyntaxUid, id }: SeriesReport) =>
  className !== '' || transferSyntaxUid !== '' || id !== ''

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`

const mm = (value: number) => String(Number(value.toFixed(4)))

/** A stranger's text on a terminal: no control characters, nothing that turns the direction of writing. */
function clean(text: string): string {
  return text
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .replace(/ +/g, ' ')
    .trim()
}

/** "Müller, Jörg" of Müller^Jörg: the first of the name's groups that says anything (DICOM PS3.5 6.2, PN). */
function personName(value: string): string {
  const group = value.split('=').find((part) => part.replaceAll('^', '').trim() !== '') ?? ''
  const [family = '', ...given] = group.split('^').map(clean)
  return [family, given.filter(Boolean).join(' ')].filter(Boolean).join(', ')
}

/** 2026-01-02 of 20260102; what is not a DICOM date stays as it is. */
function date(value: string): string {
  return clean(value).replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3')
}

/** How the slices lie in the patient: by the direction in which they follow each other. */
function plane(direction: readonly number[]): string {
  const { row: main, oblique } = pointing(direction, 2)
  return `${['sagittal', 'coronal', 'axial'][main]}${oblique ? ', oblique' : ''}`
}

/** Where each index axis mostly points, e.g. "Left, Posterior, Superior"; "oblique" where it is off by over 1°. */
function axes(direction: readonly number[]): string {
  const names = [
    ['Left', 'Right'],
    ['Posterior', 'Anterior'],
    ['Superior', 'Inferior'],
  ]
  return [0, 1, 2]
    .map((column) => {
      const { row: main, positive, oblique } = pointing(direction, column)
      return names[main]![positive ? 0 : 1] + (oblique ? ' (oblique)' : '')
    })
    .join(', ')
}

/** Patient axis (0 left, 1 posterior, 2 superior) that a column of the direction matrix is nearest to. */
function pointing(direction: readonly number[], column: number) {
  const along = [0, 1, 2].map((row) => direction[3 * row + column]!)
  const row = along.reduce((best, value, i) => (Math.abs(value) > Math.abs(along[best]!) ? i : best), 0)
  return { row, positive: along[row]! > 0, oblique: Math.abs(along[row]!) < Math.cos(Math.PI / 180) }
}
