import { ActionIcon, Progress, Tooltip } from '@mantine/core'
import { IconPlayerPause, IconX } from '@tabler/icons-react'
import type { RunEntry } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'
import { seriesName } from '../library/words.ts'
import { useLibrary } from '../state/library.ts'
import css from './runs.module.css'
import { countWords, percentOf, queueOf, timeLeftWords } from './runWords.ts'
import { cancelRun, pauseRun } from './starting.ts'

/** `Tile 12 of 96 · about 2 min left`; `Reading the scan · 3 of 12`. */
export function progressWords({ status, progress }: RunEntry): string {
  if (status === 'queued' || !progress) return t(`run.status.${status}`)
  const count = countWords(progress)
  const left = timeLeftWords(progress.secondsLeft)
  return [
    // Only screening has tiles.
    progress.stage === 'inference' && count ? undefined : t(`run.stage.${progress.stage}`),
    count && t(count.key, count.values),
    left && t(left.key, left.values),
  ]
    .filter(Boolean)
    .join(' · ')
}

/** How far the run is that goes on. */
export function RunProgress() {
  const run = useLibrary((state) => queueOf(state.runs)[0])
  const series = useLibrary((state) => state.series.find(({ id }) => id === run?.seriesId))
  if (!run) return null
  const name = series ? seriesName(series) : t('run.seriesGone')
  const percent = percentOf(run)
  const words = progressWords(run)
  return (
    <div className={css.progress} data-testid="run-progress">
      <Progress.Root transitionDuration={200}>
        <Progress.Section
          value={percent ?? 100}
          animated={percent === null}
          aria-label={t('run.progressOf', { name })}
          aria-valuetext={words}
        />
      </Progress.Root>
      <span className={css.words} title={words} data-testid="run-words">
        {words}
      </span>
      <span className={css.of} title={name}>
        {name}
      </span>
      {run.status === 'running' ? (
        <Tooltip label={t('run.pauseOf', { name })}>
          <ActionIcon aria-label={t('run.pauseOf', { name })} onClick={() => pauseRun(run.id)}>
            <IconPlayerPause size={15} aria-hidden />
          </ActionIcon>
        </Tooltip>
      ) : null}
      <Tooltip label={t('run.cancelOf', { name })}>
        <ActionIcon aria-label={t('run.cancelOf', { name })} onClick={() => cancelRun(run.id)}>
          <IconX size={15} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </div>
  )
}
