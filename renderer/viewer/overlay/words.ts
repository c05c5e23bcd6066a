import { dot } from '../../../main/imaging/vector.ts'
import type { Vec3 } from '../../../main/imaging/volume.ts'
import type { SeriesEntry } from '../../../preload/records.ts'
import { t } from '../../i18n/index.ts'
import { useOverlay } from '../../state/overlay.ts'
import { type OpenScan, useSession } from '../../state/session.ts'
import type { PaneId, ViewState } from '../../state/view.ts'
import { dateWords } from '../../words/dates.ts'
import { levelWords } from '../../words/level.ts'
import { type Axes, slicePlace, voxelAt } from '../geometry/planes.ts'

/** DICOM's PN (PS3.5 6.2): family^given^middle^prefix^suffix. */
export function personName(name: string): string {
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = name.split('=')[0]!.split('^')
  const rest = [prefix, given, middle, suffix].filter(Boolean).join(' ')
  return [family, rest].filter(Boolean).join(', ')
}

export function patientLines(series: SeriesEntry): string[] {
  return [
    personName(series.patientName),
    [series.patientId, series.patientSex, dateWords(series.patientBirthDate)].filter(Boolean).join('  '),
    [dateWords(series.studyDate), series.studyDescription].filter(Boolean).join('  '),
  ]
}

export function seriesLine(series: SeriesEntry): string {
  const number = series.seriesNumber && t('viewer.seriesNumber', { number: series.seriesNumber })
  return [number, series.seriesDescription].filter(Boolean).join('  ')
}

const POSITIVE = ['L', 'P', 'S'] as const
const NEGATIVE = ['R', 'A', 'I'] as const

/** A patient position as `L 12.5  P 40.0  S 310.0 mm`. */
export function positionWords(positionMm: Vec3): string {
  const parts = positionMm.map(
    (value, a) => `${(value < 0 ? NEGATIVE : POSITIVE)[a]} ${Math.abs(value).toFixed(1)}`,
  )
  return t('unit.mm', { value: parts.join('  ') })
}

/** Slice number of a plane, what it is made of, and how thick it is shown. */
export function sliceLines(scan: OpenScan, pane: PaneId, axes: Axes, view: ViewState): string[] {
  const { grid } = scan
  const place = slicePlace(grid, axes.normal, view.crosshairMm)
  const fourth = pane === 'fourth'
  const thickness = fourth ? view.fourthThicknessMm : view.slabThicknessMm
  const lines: string[] = []
  if (!fourth) {
    lines.push(t('viewer.slice', { index: place.index + 1, count: place.count }))
    const at = place.sourceAxis === null ? dot(axes.normal, view.crosshairMm) : place.offsetMm
    lines.push(alongWords(axes.normal, at))
  }
  lines.push(
    thickness > 0
      ? t(`viewer.slab.${view.slabMode}`, { thickness: round(thickness) })
      : t('viewer.thickness', { thickness: round(place.stepMm) }),
  )
  if (place.sourceAxis === null && !fourth) lines.push(t('viewer.oblique'))
  if (!fourth && place.sourceAxis === 2 && scan.filledSlices.includes(place.sourceIndex))
    lines.push(t('viewer.filledSlice'))
  return lines
}

/** `S 312.5 mm`: how far along the normal's main patient axis. */
function alongWords(normal: Vec3, offsetMm: number): string {
  const axis = [0, 1, 2].reduce((a, b) => (Math.abs(normal[b]!) > Math.abs(normal[a]!) ? b : a), 0)
  const value = normal[axis]! < 0 ? -offsetMm : offsetMm
  return t('unit.mm', { value: `${(value < 0 ? NEGATIVE : POSITIVE)[axis]} ${Math.abs(value).toFixed(1)}` })
}

const round = (mm: number): string => `${Number(mm.toFixed(2))}`

/** HU and anomaly level of the voxel at a position, read from the data; none outside the scan. */
export function probeLines(positionMm: Vec3): string[] {
  const { scan, result } = useSession.getState()
  if (!scan) return []
  const voxel = voxelAt(scan.grid, positionMm)
  if (voxel < 0) return []
  const lines = [positionWords(positionMm), t('unit.hu', { value: scan.voxels[voxel] })]
  const { steps } = useOverlay.getState()
  if (result && steps) {
    const step = result.stepMap[voxel]!
    lines.push(step === 0 ? t('viewer.belowLevels') : probedLevelWords(steps.level[step - 1]!))
  }
  return lines
}

export function probedLevelWords(level: number): string {
  return t('viewer.level', { level: levelWords(level) })
}
