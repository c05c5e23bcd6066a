import { z } from 'zod'
import { nearestStep } from '../../main/findings/steps.ts'
import { indexToPatient, type Vec3 } from '../../main/imaging/volume.ts'
import { call } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { trying } from '../shell/notify.tsx'
import { getSetting } from '../shell/settings.ts'
import { putSeries, useLibrary } from '../state/library.ts'
import { setOverlay, setStep, useOverlay } from '../state/overlay.ts'
import { openRun, openSeries, useSession } from '../state/session.ts'
import { setView, WINDOW_PRESETS } from '../state/view.ts'
import { axialImage } from '../viewer/thumbnail.ts'
import { pngBase64 } from './pngBase64.ts'

export const PRESET_SETTING = 'view.defaultWindow'
export const LEVEL_SETTING = 'overlay.defaultLevel'
export const MIN_VOLUME_SETTING = 'overlay.defaultMinVolumeMl'
export const Level = z.number().min(90).max(100)
export const MinVolume = z.number().min(0).max(1000)

const THUMBNAIL_PX = 128

/** Shows a series as the reader prefers it, and says so where it cannot be read. */
export async function showSeries(seriesId: string): Promise<void> {
  await trying(t('open.failed'), async () => {
    const minVolumeMl = getSetting(MIN_VOLUME_SETTING, MinVolume, useOverlay.getState().minVolumeMl)
    setOverlay({ minVolumeMl })
    await openSeries(seriesId)
    const { scan, result } = useSession.getState()
    if (scan?.series.id !== seriesId) return
    const presetId = getSetting(PRESET_SETTING, z.string(), '')
    const preset = WINDOW_PRESETS.find(({ id }) => id === presetId)
    if (preset) setView({ windowCentreHu: preset.centreHu, windowWidthHu: preset.widthHu })
    applyLevel()
    if (!scan.series.thumbnailUrl) await storeThumbnail()
    // A run may have finished while the series was on its way.
    const done = useLibrary.getState().runs.find((run) => run.seriesId === seriesId && run.status === 'done')
    if (!result && done && useSession.getState().scan === scan) await showRun(done.id)
  })
}

/** Shows a finished run over the series on screen. */
export async function showRun(runId: string): Promise<void> {
  await trying(t('open.runFailed'), async () => {
    await openRun(runId)
    if (useSession.getState().result?.run.id === runId) applyLevel()
  })
}

/** Moves the threshold to where the reader wants to begin. */
function applyLevel(): void {
  const { steps } = useOverlay.getState()
  const level = getSetting(LEVEL_SETTING, Level, 0)
  if (steps && level) setStep(nearestStep(steps, level))
}

/** From the middle axial slice, in a soft tissue window. */
async function storeThumbnail(): Promise<void> {
  const { scan } = useSession.getState()
  if (!scan) return
  const { grid, voxels } = scan
  const centre = indexToPatient(grid, grid.dims.map((n) => (n - 1) / 2) as unknown as Vec3)
  const sizeMm = Math.max(grid.dims[0] * grid.spacing[0], grid.dims[1] * grid.spacing[1])
  const image = axialImage(grid, voxels, centre, sizeMm, THUMBNAIL_PX, { centreHu: 40, widthHu: 400 })
  const canvas = new OffscreenCanvas(image.width, image.height)
  canvas.getContext('2d')?.putImageData(image, 0, 0)
  const png = await pngBase64(canvas)
  putSeries(await call('series.setThumbnail', { seriesId: scan.series.id, png }))
}
