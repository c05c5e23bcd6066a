import type { ThresholdSteps } from '../../../main/findings/steps.ts'
import { t } from '../../i18n/index.ts'
import type { ColourMap } from '../../state/overlay.ts'
import { mapGradient } from '../render/colourMaps.ts'
import { paintText } from './text.ts'

const WIDTH_PX = 8
const counts = new Intl.NumberFormat('en-US')

interface Tick {
  step: number
  oneIn: number
}

const ticksOf = new WeakMap<ThresholdSteps, readonly Tick[]>()

/** Levels that the bar names: 1 in 10, 1 in 100 and so on, as far as the steps go. */
export function barTicks(steps: ThresholdSteps): readonly Tick[] {
  const known = ticksOf.get(steps)
  if (known) return known
  const ticks: Tick[] = []
  ticksOf.set(steps, ticks)
  for (let oneIn = 10; oneIn <= 1e6; oneIn *= 10) {
    const level = 100 * (1 - 1 / oneIn)
    const index = steps.level.findIndex((one) => Math.abs(one - level) < 1e-6)
    if (index >= 0) ticks.push({ step: index + 1, oneIn })
  }
  return ticks
}

/** The colours of the levels, upright, at the right edge; what is below the threshold is dimmed. Its left end is returned. */
export function paintColourBar(
  context: CanvasRenderingContext2D,
  box: { right: number; top: number; height: number },
  steps: ThresholdSteps,
  step: number,
  colourMap: ColourMap,
): void {
  const count = steps.level.length
  const x = box.right - WIDTH_PX
  const y = (s: number) => box.top + box.height * (1 - (s - 1) / Math.max(1, count - 1))
  const bottom = box.top + box.height
  context.fillStyle = mapGradient(context, colourMap, [0, bottom], [0, box.top])
  context.fillRect(x, box.top, WIDTH_PX, y(step) - box.top)
  context.globalAlpha = 0.22
  context.fillRect(x, y(step), WIDTH_PX, bottom - y(step))
  context.globalAlpha = 1
  context.textAlign = 'right'
  context.textBaseline = 'middle'
  for (const tick of barTicks(steps))
    paintText(context, t('viewer.oneIn', { n: counts.format(tick.oneIn) }), x - 5, y(tick.step))
  context.textBaseline = 'bottom'
  paintText(context, t('viewer.colourBarUnit'), box.right, box.top - 6)
  context.strokeStyle = '#fff'
  context.lineWidth = 1.5
  context.beginPath()
  context.moveTo(x - 3, y(step))
  context.lineTo(box.right + 3, y(step))
  context.stroke()
}
