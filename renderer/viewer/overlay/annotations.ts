import { normalise, scale } from '../../../main/imaging/vector.ts'
import { t } from '../../i18n/index.ts'
import { useOverlay } from '../../state/overlay.ts'
import { useSession } from '../../state/session.ts'
import { useView } from '../../state/view.ts'
import { mmPerPixel } from '../geometry/framing.ts'
import { orientationLetters } from '../geometry/letters.ts'
import type { Layer, PanePlane, PanePoint } from '../layers.ts'
import { repaint } from '../layers.ts'
import { shownPanes } from '../shownPanes.ts'
import { axesOf, zoomOf } from '../stage.ts'
import { paintColourBar } from './colourBar.ts'
import { paintScaleBar, scaleBarMm, scaleBarText } from './scaleBar.ts'
import { FONT, linesHeight, MARGIN_PX, paintLines, paintText, shortened } from './text.ts'
import { patientLines, probeLines, seriesLine, sliceLines } from './words.ts'

/** Smaller panes show letters, slice and scale only. */
const ROOMY_PX = 380
const TALL_PX = 440
/** Narrower ones have no room for two texts side by side at the top. */
const NARROW_PX = 210
const NOTICE_ABOVE_PX = 34
const BAR_PX = { least: 90, most: 220 }

let hover: PanePoint | null = null

export function setHover(point: PanePoint | null): void {
  hover = point
  repaint()
}

function paint(context: CanvasRenderingContext2D, plane: PanePlane): void {
  const { scan } = useSession.getState()
  const view = useView.getState()
  const axes = axesOf(plane.pane)
  if (!scan || !axes) return
  context.font = FONT
  const { widthPx: width, heightPx: height } = plane
  const volume = plane.pane === 'fourth' && view.fourthPane === 'volume'
  paintNotice(context, plane)
  if (!view.showAnnotations) return
  const roomy = width >= ROOMY_PX && height >= ROOMY_PX
  const narrow = width < NARROW_PX
  const slice = volume ? [] : sliceLines(scan, plane.pane, axes, view)
  // Beside those lines a narrow pane has no room for the letter: it stands below them.
  paintLetters(context, plane, narrow ? linesHeight(slice) : 0)
  const half = width / 2 - 3 * MARGIN_PX
  if (roomy) {
    const lines = patientLines(scan.series).map((line) => shortened(context, line, half - 12))
    paintLines(context, lines, { x: MARGIN_PX, y: MARGIN_PX, align: 'left' })
  }
  if (!volume) {
    const series = roomy ? [shortened(context, seriesLine(scan.series), half - 12)] : []
    paintLines(context, [...series, ...slice], { x: width - MARGIN_PX, y: MARGIN_PX, align: 'right' })
    // All panes have the same window, and wider ones say it.
    if (!narrow)
      paintLines(
        context,
        [
          t('viewer.window', {
            centre: Math.round(view.windowCentreHu),
            width: Math.round(view.windowWidthHu),
          }),
          t('viewer.zoom', { percent: Math.round(zoomOf(plane.pane) * 100) }),
        ],
        { x: width - MARGIN_PX, y: height - MARGIN_PX, align: 'right', upwards: true },
      )
    paintBars(context, plane)
  }
  if (hover?.plane.pane === plane.pane && !volume)
    paintLines(
      context,
      probeLines(hover.positionMm).map((line) => shortened(context, line, width - 2 * MARGIN_PX)),
      {
        x: MARGIN_PX,
        y: height - MARGIN_PX - (narrow ? NOTICE_ABOVE_PX + 14 : 34),
        align: 'left',
        upwards: true,
      },
    )
}

function paintBars(context: CanvasRenderingContext2D, plane: PanePlane): void {
  const { widthPx: width, heightPx: height } = plane
  const perPx = mmPerPixel(plane)
  const length = scaleBarMm(perPx, width)
  paintScaleBar(context, MARGIN_PX, height - MARGIN_PX - 2, length, perPx)
  context.textAlign = 'left'
  context.textBaseline = 'bottom'
  paintText(context, scaleBarText(length), MARGIN_PX, height - MARGIN_PX - 11)
  const { steps, step, colourMap, visible } = useOverlay.getState()
  if (!steps || !visible || !useSession.getState().result) return
  // Small panes beside a large one leave the bar to that.
  if (plane.pane !== shownPanes()[0] && height < TALL_PX) return
  const barHeight = Math.min(BAR_PX.most, height * 0.36)
  if (barHeight < BAR_PX.least || width < ROOMY_PX) return
  // Below the middle, where the orientation letter is.
  const top = height / 2 + 34
  if (top + barHeight > height - 48)
    paintColourBar(
      context,
      { right: width - MARGIN_PX, top, height: Math.max(40, height - 48 - top) },
      steps,
      step,
      colourMap,
    )
  else paintColourBar(context, { right: width - MARGIN_PX, top, height: barHeight }, steps, step, colourMap)
}

/** @param topPx how much lower than at the upper edge the uppermost letter stands */
function paintLetters(context: CanvasRenderingContext2D, plane: PanePlane, topPx: number): void {
  const { widthPx: width, heightPx: height } = plane
  const right = normalise(plane.rightMm)
  const down = normalise(plane.downMm)
  context.font = `600 13px ${FONT.slice(FONT.indexOf(' ') + 1)}`
  context.textBaseline = 'middle'
  context.textAlign = 'left'
  paintText(context, orientationLetters(scale(right, -1)), MARGIN_PX, height / 2, '#ffe066')
  context.textAlign = 'right'
  paintText(context, orientationLetters(right), width - MARGIN_PX, height / 2, '#ffe066')
  context.textAlign = 'center'
  context.textBaseline = 'top'
  paintText(context, orientationLetters(scale(down, -1)), width / 2, MARGIN_PX + topPx, '#ffe066')
  context.textBaseline = 'bottom'
  paintText(context, orientationLetters(down), width / 2, height - MARGIN_PX - 16, '#ffe066')
  context.font = FONT
}

/**
 * Stays when the other texts are hidden. A small pane has no room for it between the corners at the bottom, but none of
 * its texts at the upper left; a narrow one has it above its scale bar.
 */
function paintNotice(context: CanvasRenderingContext2D, plane: PanePlane): void {
  const roomy = plane.widthPx >= ROOMY_PX && plane.heightPx >= ROOMY_PX
  const narrow = plane.widthPx < NARROW_PX
  context.textAlign = roomy ? 'center' : 'left'
  context.textBaseline = roomy || narrow ? 'bottom' : 'top'
  const text = t(roomy ? 'viewer.researchUse' : 'viewer.researchUseShort')
  const x = roomy ? plane.widthPx / 2 : MARGIN_PX
  const bottom = plane.heightPx - MARGIN_PX
  const y = roomy ? bottom : narrow ? bottom - NOTICE_ABOVE_PX : MARGIN_PX
  paintText(context, text, x, y, '#adb5bd')
}

export const annotationLayer: Layer = { id: 'annotations', order: 80, paint }
