import type { Curve } from '../types.ts'
import { escapeHtml } from './markup.ts'

/** A line of a chart. */
export interface Line extends Curve {
  /** Class of the style sheet that colours it. */
  className: 'model' | 'baseline' | 'chance'
  /** Joined by steps (a value holds until the next x) instead of straight lines. */
  steps?: boolean
  /** Drawn as points instead. */
  points?: boolean
}

export interface Axis {
  title: string
  from: number
  to: number
  ticks: readonly number[]
  /** Each power of two takes as much room; from and to must be above 0. */
  powersOfTwo?: boolean
}

export interface Chart {
  /** For who cannot see it. */
  description: string
  x: Axis
  y: Axis
  lines: readonly Line[]
  legend: readonly { className: Line['className']; text: string }[]
}

/** Of the drawing, in SVG units; it is scaled to the page. */
const SIZE = 360
const MARGIN = { left: 52, right: 14, top: 12, bottom: 44 }

/** A chart as one inline SVG element: axes with ticks, a grid, lines and a legend. Values beyond an axis are cut off. */
export function svgChart({ description, x, y, lines, legend }: Chart): string {
  const [right, bottom] = [SIZE - MARGIN.right, SIZE - MARGIN.bottom]
  const atX = (value: number) => MARGIN.left + part(x, value) * (right - MARGIN.left)
  const atY = (value: number) => bottom - part(y, value) * (bottom - MARGIN.top)
  const grid = [
    ...x.ticks.map((tick) => {
      const at = px(atX(tick))
      return `<path class="grid" d="M${at} ${MARGIN.top}V${bottom}"/><text class="tick" x="${at}" y="${bottom + 16}" text-anchor="middle">${tickText(tick)}</text>`
    }),
    ...y.ticks.map((tick) => {
      const at = px(atY(tick))
      return `<path class="grid" d="M${MARGIN.left} ${at}H${right}"/><text class="tick" x="${MARGIN.left - 6}" y="${at}" dy="0.35em" text-anchor="end">${tickText(tick)}</text>`
    }),
  ]
  const drawn = lines.map((line) => {
    if (line.points) {
      const dots = line.x.map(
        (value, i) => `<circle cx="${px(atX(value))}" cy="${px(atY(line.y[i]))}" r="3.5"/>`,
      )
      return `<g class="dots ${line.className}">${dots.join('')}</g>`
    }
    return `<path class="line ${line.className}" d="${path(line, atX, atY)}"/>`
  })
  const middle = { x: (MARGIN.left + right) / 2, y: (MARGIN.top + bottom) / 2 }
  const key = legend.map(({ className, text }, i) => {
    const line = bottom - 14 - 17 * (legend.length - 1 - i)
    return `<path class="line ${className}" d="M${right - 150} ${line}h22"/><text class="key" x="${right - 122}" y="${line}" dy="0.35em">${escapeHtml(text)}</text>`
  })
  return `<svg class="chart" viewBox="0 0 ${SIZE} ${SIZE}" role="img" aria-label="${escapeHtml(description)}">
${grid.join('\n')}
<path class="axis" d="M${MARGIN.left} ${MARGIN.top}V${bottom}H${right}"/>
<text class="title" x="${middle.x}" y="${SIZE - 8}" text-anchor="middle">${escapeHtml(x.title)}</text>
<text class="title" transform="translate(14 ${middle.y}) rotate(-90)" text-anchor="middle">${escapeHtml(y.title)}</text>
${drawn.join('\n')}
${key.join('\n')}
</svg>`
}

/** How far along the axis, 0 to 1. */
function part({ from, to, powersOfTwo }: Axis, value: number): number {
  const scale = (v: number) => (powersOfTwo ? Math.log2(Math.max(v, from)) : v)
  return Math.min(Math.max((scale(value) - scale(from)) / (scale(to) - scale(from)), 0), 1)
}

function path(line: Line, atX: (value: number) => number, atY: (value: number) => number): string {
  return line.x
    .map((value, i) => {
      const [across, down] = [px(atX(value)), px(atY(line.y[i]))]
      if (i === 0) return `M${across} ${down}`
      return line.steps ? `H${across}V${down}` : `L${across} ${down}`
    })
    .join('')
}

function px(value: number): string {
  return String(Number(value.toFixed(1)))
}

function tickText(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 3 })
}
