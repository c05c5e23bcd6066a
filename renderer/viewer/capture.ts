import type { Region } from '../../main/findings/region.ts'
import { normalise, scale } from '../../main/imaging/vector.ts'
import { indexToPatient, type Vec3 } from '../../main/imaging/volume.ts'
import { regionOfFinding } from '../findings/region.ts'
import { t } from '../i18n/index.ts'
import { pngBase64 } from '../library/pngBase64.ts'
import { useOverlay } from '../state/overlay.ts'
import { type OpenScan, useSession } from '../state/session.ts'
import { useView } from '../state/view.ts'
import { levelWords } from '../words/level.ts'
import { paintRegionContour } from './contours.ts'
import type { ImageEngine } from './cornerstone/engine.ts'
import { windowRange } from './cornerstone/transfer.ts'
import { mmPerPixel } from './geometry/framing.ts'
import { orientationLetters } from './geometry/letters.ts'
import { voxelAt } from './geometry/planes.ts'
import type { PanePlane } from './layers.ts'
import { FINDING_CONTOUR } from './overlay/findingContour.ts'
import { paintScaleBar, scaleBarMm, scaleBarText } from './overlay/scaleBar.ts'
import { FONT, paintLines } from './overlay/text.ts'
import { patientLines, positionWords, probedLevelWords, seriesLine } from './overlay/words.ts'
import { heatLook } from './render/look.ts'
import { axialPlane, planePixels } from './thumbnail.ts'

export interface KeyImageOptions {
  /** Side of the square picture, pixels. */
  sizePx?: number
  /** What it shows the plane of; default: the voxel of the highest score, or the middle of what was drawn. LPS mm. */
  positionMm?: Vec3
}

const SIZE_PX = 768
/** Around a finding: enough to know where in the body it lies. */
const LEAST_MM = 160
const TIMES_FINDING = 3

/** What draws the panes, while there is one. */
let engine: () => ImageEngine | null = () => null
export function captureWith(source: () => ImageEngine | null): void {
  engine = source
}

/**
 * A picture of a finding as PNG, base64: its axial plane with heat map, outline, scale, level and whose scan it is.
 * Drawn beside the panes, which do not change.
 * @throws Error where nothing is on screen
 */
export async function captureKeyImage(key: string, options: KeyImageOptions = {}): Promise<string> {
  const { scan } = useSession.getState()
  if (!scan) throw new Error('there is no scan on screen')
  const { sizePx = SIZE_PX } = options
  const region = regionOfFinding(key)
  const positionMm = options.positionMm ?? findingPosition(scan, key, region)
  const plane = axialPlane(scan.grid, positionMm, fieldMm(scan, region), sizePx)
  const canvas = new OffscreenCanvas(sizePx, sizePx)
  const context = canvas.getContext('2d') as unknown as CanvasRenderingContext2D
  await paintImage(context, scan, plane)
  if (region) paintRegionContour(context, plane, scan.grid, region, FINDING_CONTOUR)
  paintWords(context, scan, plane, positionMm, levelAt(scan, positionMm))
  return pngBase64(canvas)
}

function findingPosition(scan: OpenScan, key: string, region: Region | null): Vec3 {
  const { dims } = scan.grid
  const peak = /^peak-(\d+)$/.exec(key)
  if (peak) {
    const offset = Number(peak[1])
    const inSlice = offset % (dims[0] * dims[1])
    return indexToPatient(scan.grid, [
      inSlice % dims[0],
      Math.floor(inSlice / dims[0]),
      Math.floor(offset / (dims[0] * dims[1])),
    ])
  }
  if (!region) return useView.getState().crosshairMm
  const middle = [0, 1, 2].map((a) => Math.round((region.min[a]! + region.max[a]!) / 2))
  return indexToPatient(scan.grid, middle as unknown as Vec3)
}

function fieldMm({ grid }: OpenScan, region: Region | null): number {
  if (!region) return LEAST_MM
  const sides = [0, 1, 2].map((a) => (region.max[a]! - region.min[a]! + 1) * grid.spacing[a]!)
  return Math.max(LEAST_MM, TIMES_FINDING * Math.max(...sides))
}

async function paintImage(
  context: CanvasRenderingContext2D,
  scan: OpenScan,
  plane: PanePlane,
): Promise<void> {
  const { windowCentreHu, windowWidthHu } = useView.getState()
  const drawer = engine()
  if (drawer?.ready) {
    const window = windowRange(windowCentreHu, windowWidthHu)
    const look = { window, heat: heatLook(), slab: { mm: 0, mode: 'max' } } as const
    context.drawImage(await drawer.picture(plane, look), 0, 0)
    return
  }
  const window = { centreHu: windowCentreHu, widthHu: windowWidthHu }
  const pixels = planePixels(scan.grid, scan.voxels, plane, window)
  context.putImageData(new ImageData(pixels, plane.widthPx, plane.heightPx), 0, 0)
}

function levelAt(scan: OpenScan, positionMm: Vec3): string {
  const { result } = useSession.getState()
  const { steps } = useOverlay.getState()
  if (!result || !steps) return ''
  const voxel = voxelAt(scan.grid, positionMm)
  const step = voxel < 0 ? 0 : result.stepMap[voxel]!
  return step === 0 ? '' : probedLevelWords(steps.level[step - 1]!)
}

function paintWords(
  context: CanvasRenderingContext2D,
  scan: OpenScan,
  plane: PanePlane,
  positionMm: Vec3,
  level: string,
): void {
  const { widthPx: size } = plane
  const { windowCentreHu, windowWidthHu } = useView.getState()
  const { result } = useSession.getState()
  context.font = FONT
  paintLines(context, [...patientLines(scan.series), seriesLine(scan.series)], {
    x: 10,
    y: 10,
    align: 'left',
  })
  const model = result && `${result.run.model.name} ${result.run.model.version}`
  const { steps, step } = useOverlay.getState()
  const threshold =
    steps && result ? t('viewer.threshold', { level: levelWords(steps.level[step - 1]!) }) : ''
  paintLines(context, [model ?? '', threshold, level], { x: size - 10, y: 10, align: 'right' })
  const perPx = mmPerPixel(plane)
  const lengthMm = scaleBarMm(perPx, size)
  paintScaleBar(context, 10, size - 12, lengthMm, perPx)
  paintLines(context, [scaleBarText(lengthMm)], { x: 10, y: size - 22, align: 'left', upwards: true })
  const window = t('viewer.window', { centre: Math.round(windowCentreHu), width: Math.round(windowWidthHu) })
  paintLines(context, [positionWords(positionMm), window], {
    x: size - 10,
    y: size - 10,
    align: 'right',
    upwards: true,
  })
  paintLines(context, [t('viewer.researchUse')], {
    x: size / 2,
    y: size - 10,
    align: 'center',
    upwards: true,
  })
  const right = normalise(plane.rightMm)
  paintLines(context, [orientationLetters(scale(right, -1))], { x: 10, y: size / 2, align: 'left' })
  paintLines(context, [orientationLetters(right)], { x: size - 10, y: size / 2, align: 'right' })
}
