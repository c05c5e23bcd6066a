import { useComputedColorScheme } from '@mantine/core'
import { useResizeObserver } from '@mantine/hooks'
import { type PointerEvent, useEffect, useRef } from 'react'
import { t } from '../i18n/index.ts'
import type { ColourMap } from '../state/overlay.ts'
import { colourAt } from '../viewer/render/colourMaps.ts'
import { moveThresholdByKey } from './commands.ts'
import { setStepInFrame } from './frameStep.ts'
import { barHeight, decades, partOf, rarityTicks, stepAt } from './histogram.ts'
import classes from './overlay.module.css'

const HEIGHT_PX = 76
/** Below the bars, for the rarities. */
const AXIS_PX = 16

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

  useEffect(() => {
    if (canvas.current && width > 0)
      draw(canvas.current, width, { counts, level, step, colourMap }, scheme === 'dark')
  }, [counts, level, step, colourMap, width, scheme])

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

type Drawn = Pick<Props, 'counts' | 'level' | 'step' | 'colourMap'>

function draw(
  canvas: HTMLCanvasElement,
  width: number,
  { counts, level, step, colourMap }: Drawn,
  dark: boolean,
) {
  const scale = window.devicePixelRatio
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(HEIGHT_PX * scale)
  const context = canvas.getContext('2d')!
  context.scale(scale, scale)
  const text = dark ? '#9a9da3' : '#585c63'
  const faint = dark ? '#2a2c30' : '#d9dadc'
  const muted = dark ? '#54575d' : '#b4b7bc'
  const bottom = HEIGHT_PX - AXIS_PX
  const steps = level.length
  const highest = counts.subarray(1).reduce((a, b) => Math.max(a, b), 1)
  context.font = '10px Inter, system-ui, sans-serif'

  context.fillStyle = faint
  for (const count of decades(highest))
    context.fillRect(0, Math.round(bottom * (1 - barHeight(count, highest))), width, 1)
  for (let s = 1; s <= steps; s++) {
    const x0 = partOf(s, steps) * width
    const height = bottom * barHeight(counts[s], highest)
    const [r, g, b] = colourAt(colourMap, (s - 1) / Math.max(1, steps - 1))
    context.fillStyle = s >= step ? `rgb(${r} ${g} ${b})` : muted
    // A pixel of overlap, or every bar would have a grey edge.
    context.fillRect(x0, bottom - height, width / steps + 0.5, height)
  }
  context.fillStyle = faint
  context.fillRect(0, bottom, width, 1)

  context.fillStyle = text
  context.textBaseline = 'bottom'
  let free = Number.NEGATIVE_INFINITY
  for (const { step: at, oneIn } of rarityTicks(level)) {
    const x = partOf(at, steps) * width
    const words = t('level.oneIn', { rarity: oneIn.toLocaleString('en-US') })
    const wide = context.measureText(words).width
    const left = Math.min(Math.max(x - wide / 2, 0), width - wide)
    context.fillRect(x, bottom, 1, 4)
    if (left < free) continue
    context.fillText(words, left, HEIGHT_PX)
    free = left + wide + 6
  }
  const x = partOf(step, steps) * width
  const top = t('threshold.count.top', { voxels: highest.toLocaleString('en-US') })
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
