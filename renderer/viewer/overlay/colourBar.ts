import type { ThresholdSteps } from '../../../main/findings/steps.ts'
import { t } from '../../i18n/index.ts'
import type { ColourMap } from '../../state/overlay.ts'
import { colourAt } from '../render/colourMaps.ts'
import { paintText } from './text.ts'

const WIDTH_PX = 8

/** Levels that the bar names: 1 in 10, 1 in 100 and so on, as far as the steps go. */
export function barTicks(steps: ThresholdSteps): { step: number; oneIn: number }[] {
  const ticks: { step: number; oneIn: number }[] = []
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
  for (let row = 0; row < box.height; row++) {
    const part = 1 - row / (box.height - 1)
    const [r, g, b] = colourAt(colourMap, part)
    context.globalAlpha = 1 + part * (count - 1) >= step ? 1 : 0.22
    context.fillStyle = `rgb(${r} ${g} ${b})`
    context.fillRect(x, box.top + row, WIDTH_PX, 1)
  }
  context.globalAlpha = 1
  context.textAlign = 'right'
  context.textBaseline = 'middle'
  for (const tick of barTicks(steps))
    paintText(context, t('viewer.oneIn', { n: tick.oneIn.toLocaleString('en-US') }), x - 5, y(tick.step))
  context.textBaseline = 'bottom'
  paintText(context, t('viewer.colourBarUnit'), box.right, box.top - 6)
  context.strokeStyle = '#fff'
  context.lineWidth = 1.5
  context.beginPath()
  context.moveTo(x - 3, y(step))
  context.lineTo(box.right + 3, y(step))
  context.stroke()
}
