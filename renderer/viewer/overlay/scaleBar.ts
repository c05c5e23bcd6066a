import { t } from '../../i18n/index.ts'

/** Lengths of a scale bar, mm: round, and told apart at a glance. */
const LENGTHS_MM = [1, 2, 5, 10, 20, 50, 100, 200, 500]
const LONGEST_PX = 120

/** The longest round length that fits, or that part of the pane where it is small. */
export function scaleBarMm(mmPerPx: number, paneWidthPx: number): number {
  const room = Math.min(LONGEST_PX, paneWidthPx / 3) * mmPerPx
  return LENGTHS_MM.findLast((length) => length <= room) ?? LENGTHS_MM[0]!
}

export function scaleBarText(lengthMm: number): string {
  return lengthMm >= 10 ? t('unit.cm', { value: lengthMm / 10 }) : t('unit.mm', { value: lengthMm })
}

/** A bar with ticks at its tenths or fifths, its left end at (x, y). */
export function paintScaleBar(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  lengthMm: number,
  mmPerPx: number,
): void {
  const width = lengthMm / mmPerPx
  const parts = lengthMm >= 10 && width / (lengthMm / 10) >= 5 ? lengthMm / 10 : 1
  const path = new Path2D()
  path.moveTo(x, y)
  path.lineTo(x + width, y)
  for (let i = 0; i <= parts; i++) {
    const at = x + (width * i) / parts
    path.moveTo(at, y)
    path.lineTo(at, y - (i === 0 || i === parts ? 6 : 3))
  }
  context.strokeStyle = 'rgb(0 0 0 / 0.75)'
  context.lineWidth = 3
  context.stroke(path)
  context.strokeStyle = '#e9ecef'
  context.lineWidth = 1
  context.stroke(path)
}
