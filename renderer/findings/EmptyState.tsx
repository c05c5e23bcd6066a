import { Button, Text } from '@mantine/core'
import { t } from '../i18n/index.ts'
import { moveThreshold } from '../overlay/commands.ts'
import { screenSeries } from '../runs/starting.ts'
import { useLibrary } from '../state/library.ts'
import { thresholdLevel, useOverlay } from '../state/overlay.ts'
import { useSession } from '../state/session.ts'
import { levelWords } from '../words/level.ts'
import { mainWords } from '../words/main.ts'
import classes from './findings.module.css'
import { setFindingsUi } from './findingsUi.ts'
import { volumeWords } from './words.ts'

/** What a press on “Lower the threshold” is worth. */
const STEPS_LOWER = 10

/** Why there is no list where no run is on screen, and what to do about it. */
export function NoRun() {
  const { scan, loading, seriesId } = useSession()
  const runs = useLibrary((s) => s.runs)
  const entry = useLibrary((s) => s.series.find((one) => one.id === seriesId)) ?? scan?.series
  if (loading !== null) return <Words>{t('findings.empty.loading')}</Words>
  if (!scan || !entry) return <Words>{t('findings.empty.noScan')}</Words>
  if (!entry.canScreen)
    return (
      <Words>
        {t('findings.empty.cannot')} {entry.reason && mainWords(entry.reason)}
      </Words>
    )
  const run = runs.find((one) => one.seriesId === entry.id)
  if (run?.status === 'queued' || run?.status === 'running')
    return <Words>{t('findings.empty.running')}</Words>
  return (
    <Words>
      {run && run.status !== 'done' ? t('findings.empty.failed') : t('findings.empty.noRun')}{' '}
      {run?.error && mainWords(run.error)}
      <Button mt="sm" onClick={() => screenSeries([entry.id])}>
        {t('findings.empty.screen')}
      </Button>
    </Words>
  )
}

/** Nothing above the threshold: said without calling anything normal. */
export function NothingFound() {
  const overlay = useOverlay()
  const level = thresholdLevel(overlay) ?? 0
  return (
    <Words>
      {t('findings.empty.none', { volume: volumeWords(overlay.minVolumeMl), level: levelWords(level) })}
      <Button mt="sm" variant="default" title={levelWords(level)} onClick={() => moveThreshold(-STEPS_LOWER)}>
        {t('findings.empty.lower')}
      </Button>
    </Words>
  )
}

const clearFilter = () => setFindingsUi({ text: '', states: [] })

/** A filter that was set for another scan must not pass for a scan without findings. */
export function Filtered({ count }: { count: number }) {
  return (
    <div className={classes.filtered} role="status">
      <span>{t('findings.filter.hides', { count })}</span>
      <Button size="compact-xs" variant="subtle" onClick={clearFilter}>
        {t('findings.filter.showAll')}
      </Button>
    </div>
  )
}

export function AllFiltered({ count }: { count: number }) {
  return (
    <Words>
      {t('findings.empty.filtered', { count })}
      <Button mt="sm" variant="default" onClick={clearFilter}>
        {t('findings.filter.clear')}
      </Button>
    </Words>
  )
}

function Words({ children }: { children: React.ReactNode }) {
  return (
    <Text component="div" size="sm" c="dimmed" className={classes.empty ?? ''}>
      {children}
    </Text>
  )
}
