import { useComputedColorScheme } from '@mantine/core'
import { useResizeObserver } from '@mantine/hooks'
import { type PointerEvent, useEffect, useMemo, useRef } from 'react'
import { t } from '../i18n/index.ts'
import type { ColourMap } from '../state/overlay.ts'
import { mapGradient } from '../viewer/render/colourMaps.ts'
import { moveThresholdByKey } from './commands.ts'
import { setStepInFrame } from './frameStep.ts'
import { barHeight, decades, partOf, rarityTicks, stepAt } from './histogram.ts'
import classes from './overlay.module.css'

const HEIGHT_PX = 76
/** Below the bars, for the rarities. */
const AXIS_PX = 16
const numbers = new Intl.NumberFormat('en-US')

interface Props {
  /** Voxels below all steps, then at each step. */
  counts: Float64Array
  level: Float64Array
  step: number
  colourMap: ColourMap
  valueText: string
}

/** Voxels at each threshold step; the threshold is a line that can be dragged, or moved by keys. */
export function LevelHistogram({ counts, level, step, colourMap, valueText }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [box, { width }] = useResizeObserver<HTMLDivElement>()
  const scheme = useComputedColorScheme('dark')
  const steps = level.length

  const bars = useMemo(() => barsOf(counts, steps, width), [counts, steps, width])

  useEffect(() => {
    if (canvas.current && width > 0)
      draw(canvas.current, width, { ...bars, level, step, colourMap }, scheme === 'dark')
  }, [bars, level, step, colourMap, width, scheme])

  const drag = (event: PointerEvent<HTMLDivElement>) => {
    const { left } = event.currentTarget.getBoundingClientRect()
    setStepInFrame(stepAt((event.clientX - left) / width, steps))
  }
  return (
    <div
      ref={box}
      className={classes.histogram}
      role="slider"
      tabIndex={0}
      aria-label={t('threshold.histogram')}
      aria-valuemin={1}
      aria-valuemax={steps}
      aria-valuenow={step}
      aria-valuetext={valueText}
      title={t('threshold.histogram.hint')}
      onKeyDown={moveThresholdByKey}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        event.currentTarget.setPointerCapture(event.pointerId)
        drag(event)
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) drag(event)
      }}
    >
      <canvas ref={canvas} style={{ width: '100%', height: HEIGHT_PX }} aria-hidden />
    </div>
  )
}

interface Bars {
  bars: Path2D
  highest: number
}

/** All bars in one shape: its parts below and above the threshold are filled at each step, not 250 bars. */
function barsOf(counts: Float64Array, steps: number, width: number): Bars {
  const bars = new Path2D()
  const highest = counts.subarray(1).reduce((a, b) => Math.max(a, b), 1)
  const bottom = HEIGHT_PX - AXIS_PX
  for (let s = 1; s <= steps; s++) {
    const height = bottom * barHeight(counts[s], highest)
    // A pixel of overlap, or every bar would have a grey edge.
    bars.rect(partOf(s, steps) * width, bottom - height, width / steps + 0.5, height)
  }
  return { bars, highest }
}

function fillBetween(
  context: CanvasRenderingContext2D,
  bars: Path2D,
  [from, to]: readonly [number, number],
  style: string | CanvasGradient,
): void {
  context.save()
  context.beginPath()
  context.rect(from, 0, to - from, HEIGHT_PX)
  context.clip()
  context.fillStyle = style
  context.fill(bars)
  context.restore()
}

type Drawn = Pick<Props, 'level' | 'step' | 'colourMap'> & Bars

function draw(
  canvas: HTMLCanvasElement,
  width: number,
  { bars, highest, level, step, colourMap }: Drawn,
  dark: boolean,
) {
  const scale = window.devicePixelRatio
  const [right, down] = [Math.round(width * scale), Math.round(HEIGHT_PX * scale)]
  // Given a size, even the one that it has, a canvas gets new memory.
  if (canvas.width !== right) canvas.width = right
  if (canvas.height !== down) canvas.height = down
  const context = canvas.getContext('2d')!
  context.setTransform(scale, 0, 0, scale, 0, 0)
  context.clearRect(0, 0, width, HEIGHT_PX)
  const text = dark ? '#9a9da3' : '#585c63'
  const faint = dark ? '#2a2c30' : '#d9dadc'
  const muted = dark ? '#54575d' : '#b4b7bc'
  const bottom = HEIGHT_PX - AXIS_PX
  const steps = level.length
  context.font = '10px Inter, system-ui, sans-serif'

  context.fillStyle = faint
  for (const count of decades(highest))
    context.fillRect(0, Math.round(bottom * (1 - barHeight(count, highest))), width, 1)
  const x = partOf(step, steps) * width
  fillBetween(context, bars, [0, x], muted)
  fillBetween(context, bars, [x, width], mapGradient(context, colourMap, [0, 0], [width, 0]))
  context.fillStyle = faint
  context.fillRect(0, bottom, width, 1)

  context.fillStyle = text
  context.textBaseline = 'bottom'
  let free = Number.NEGATIVE_INFINITY
  for (const { step: at, oneIn } of rarityTicks(level)) {
    const tick = partOf(at, steps) * width
    const words = t('level.oneIn', { rarity: numbers.format(oneIn) })
    const wide = context.measureText(words).width
    const left = Math.min(Math.max(tick - wide / 2, 0), width - wide)
    context.fillRect(tick, bottom, 1, 4)
    if (left < free) continue
    context.fillText(words, left, HEIGHT_PX)
    free = left + wide + 6
  }
  const top = t('threshold.count.top', { voxels: numbers.format(highest) })
  const topWide = context.measureText(top).width
  // On the side that the line is not.
  const topX = x > width / 2 ? 2 : width - topWide - 2
  context.fillStyle = dark ? 'rgb(23 24 27 / 0.75)' : 'rgb(244 245 246 / 0.8)'
  context.fillRect(topX - 2, 0, topWide + 4, 12)
  context.fillStyle = text
  context.textBaseline = 'top'
  context.fillText(top, topX, 1)
  context.fillStyle = dark ? '#ffffff' : '#17181b'
  context.fillRect(Math.max(0, x - 1), 0, 2, bottom)
  context.beginPath()
  context.arc(Math.min(Math.max(x, 4), width - 4), 4, 4, 0, 2 * Math.PI)
  context.fill()
}
