import { useEffect } from 'react'
import type { RunEntry, WarningRecord } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'
import { seriesName } from '../library/words.ts'
import { showDetails } from '../shell/Details.tsx'
import { notify } from '../shell/notify.tsx'
import { useLibrary } from '../state/library.ts'
import { mainWords } from '../words/main.ts'

const STEPS = new Set(['device-fallback', 'tile-fallback'])

/** Steps down to a smaller tile or another device that runs took between two moments, while they go on. */
export function newSteps(
  before: readonly RunEntry[],
  after: readonly RunEntry[],
): { run: RunEntry; step: WarningRecord }[] {
  return after
    .filter(({ status }) => status === 'running')
    .flatMap((run) => {
      const known = new Set(before.find(({ id }) => id === run.id)?.warnings.map(({ message }) => message))
      return run.warnings
        .filter(({ code, message }) => STEPS.has(code) && !known.has(message))
        .map((step) => ({ run, step }))
    })
}

/** Says at once that a screening goes on in another way than it was asked for. */
export function useStepDowns(): void {
  useEffect(
    () =>
      useLibrary.subscribe((state, previous) => {
        if (state.runs === previous.runs) return
        for (const { run, step } of newSteps(previous.runs, state.runs)) {
          const series = state.series.find(({ id }) => id === run.seriesId)
          const name = series ? seriesName(series) : t('run.seriesGone')
          const title = t('run.steppedDown', { name })
          // Something to act on stays longer on screen than what is only told.
          const show = () => showDetails({ title, error: step })
          notify(title, mainWords(step), { label: t('details.show'), run: show })
        }
      }),
    [],
  )
}
