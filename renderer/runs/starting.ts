import { call } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { notify, notifyError, trying } from '../shell/notify.tsx'
import { putRun, useLibrary } from '../state/library.ts'
import { runChoices } from './choices.ts'
import { isActive } from './runWords.ts'

/** Queues a run of each series that is not waiting or being screened already. */
export async function screenSeries(seriesIds: readonly string[]): Promise<void> {
  const { runs } = useLibrary.getState()
  const waiting = new Set(runs.filter(isActive).map(({ seriesId }) => seriesId))
  const fresh = seriesIds.filter((id) => !waiting.has(id))
  let queued = 0
  for (const seriesId of fresh) {
    try {
      putRun(await call('runs.start', { seriesId, ...runChoices() }))
      queued++
    } catch (thrown) {
      notifyError(t('run.notStarted'), thrown)
    }
  }
  if (seriesIds.length > 1 && queued > 0) notify(t('run.queued', { count: queued }), t('run.queuedHint'))
}

export async function pauseRun(runId: string): Promise<void> {
  await trying(t('run.notPaused'), async () => putRun(await call('runs.pause', { runId })))
}

export async function cancelRun(runId: string): Promise<void> {
  await trying(t('run.notCancelled'), async () => putRun(await call('runs.cancel', { runId })))
}
