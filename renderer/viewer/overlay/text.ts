/** What is written over images: white with a dark edge, so that it is read on bone as on air. */
export const FONT = '11px system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif'
const LINE_PX = 14
export const MARGIN_PX = 8

export interface Corner {
  x: number
  y: number
  align: CanvasTextAlign
  /** Whether lines are stacked upwards from y. */
  upwards?: boolean
}

/** Of the lines that paintLines writes, px. */
export function linesHeight(lines: readonly string[]): number {
  return lines.filter((line) => line !== '').length * LINE_PX
}

export function paintLines(
  context: CanvasRenderingContext2D,
  lines: readonly string[],
  corner: Corner,
): void {
  const shown = lines.filter((line) => line !== '')
  context.textAlign = corner.align
  context.textBaseline = corner.upwards ? 'bottom' : 'top'
  const first = corner.upwards ? corner.y - (shown.length - 1) * LINE_PX : corner.y
  shown.forEach((line, i) => {
    paintText(context, line, corner.x, first + i * LINE_PX)
  })
}

export function paintText(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  colour = '#e9ecef',
): void {
  context.font ||= FONT
  context.lineJoin = 'round'
  context.lineWidth = 3
  context.strokeStyle = 'rgb(0 0 0 / 0.75)'
  context.strokeText(text, x, y)
  context.fillStyle = colour
  context.fillText(text, x, y)
}

/** Cut with an ellipsis where it is wider than there is room. */
export function shortened(context: CanvasRenderingContext2D, text: string, widthPx: number): string {
  if (context.measureText(text).width <= widthPx) return text
  let kept = text
  while (kept.length > 1 && context.measureText(`${kept}…`).width > widthPx) kept = kept.slice(0, -1)
  return `${kept}…`
}
