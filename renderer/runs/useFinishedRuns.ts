import { useEffect } from 'react'
import type { RunEntry } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'
import { showRun, showSeries } from '../library/opening.ts'
import { seriesName } from '../library/words.ts'
import { showDetails } from '../shell/Details.tsx'
import { notify } from '../shell/notify.tsx'
import { useLibrary } from '../state/library.ts'
import { useSession } from '../state/session.ts'
import { mainWords } from '../words/main.ts'
import { isActive } from './runWords.ts'
import { screenSeries } from './starting.ts'

/** Runs that were waiting or going on in `before` and are over in `after`. */
export function justEnded(before: readonly RunEntry[], after: readonly RunEntry[]): RunEntry[] {
  const active = new Set(before.filter(isActive).map(({ id }) => id))
  return after.filter((run) => active.has(run.id) && !isActive(run))
}

/**
 * Shows the result of the series on screen as soon as it is there, and says of other runs how they ended. A result that
 * is being read stays: the reader would lose the place in the list.
 */
export function useFinishedRuns(): void {
  useEffect(
    () =>
      useLibrary.subscribe((state, previous) => {
        if (state.runs === previous.runs) return
        for (const run of justEnded(previous.runs, state.runs)) tell(run)
      }),
    [],
  )
}

function tell(run: RunEntry): void {
  const series = useLibrary.getState().series.find(({ id }) => id === run.seriesId)
  const name = series ? seriesName(series) : run.seriesId
  if (run.status === 'done') {
    const { seriesId, loading, result } = useSession.getState()
    if (seriesId !== run.seriesId)
      notify(t('run.doneTitle'), t('run.doneOther', { name }), {
        label: t('library.open'),
        run: () => void showSeries(run.seriesId),
      })
    else if (result)
      notify(t('run.doneTitle'), t('run.doneAgain', { name }), {
        label: t('run.show'),
        // Another series may be on screen by then.
        run: () =>
          void (useSession.getState().scan?.series.id === run.seriesId
            ? showRun(run.id)
            : showSeries(run.seriesId)),
      })
    // One that is still being opened looks for its runs itself.
    else if (loading !== 'series') void showRun(run.id)
  } else if (run.status === 'failed' && run.error) {
    const { error } = run
    const title = t('run.failedTitle', { name })
    notify(title, mainWords(error), { label: t('details.show'), run: () => showDetails({ title, error }) })
  } else if (run.status === 'interrupted')
    notify(
      t(run.error?.code === 'engine/paused' ? 'run.pausedTitle' : 'run.interruptedTitle', { name }),
      run.error ? mainWords(run.error) : t('run.ended.interrupted'),
      {
        label: t('run.goOn'),
        run: () => void screenSeries([run.seriesId]),
      },
    )
}
