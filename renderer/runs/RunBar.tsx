import { Button, Tooltip } from '@mantine/core'
import { IconScan } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { registerCommands } from '../commands/registry.ts'
import { keysOfCommand } from '../help/keyWords.ts'
import { t } from '../i18n/index.ts'
import { useSelection } from '../library/selection.ts'
import { seriesName } from '../library/words.ts'
import { useLibrary } from '../state/library.ts'
import { useSession } from '../state/session.ts'
import { DeviceMenu } from './DeviceMenu.tsx'
import { ModelMenu } from './ModelMenu.tsx'
import { QueueMenu } from './QueueMenu.tsx'
import { RunDetailsDialog, showRunDetails } from './RunDetails.tsx'
import { RunHistory } from './RunHistory.tsx'
import { RunProgress } from './RunProgress.tsx'
import css from './runs.module.css'
import { queueOf } from './runWords.ts'
import { cancelRun, pauseRun, screenSeries } from './starting.ts'
import { type ScreenTarget, screenTarget } from './target.ts'
import { useStepDowns } from './useStepDowns.ts'

const targetNow = (): ScreenTarget => {
  const { series, runs } = useLibrary.getState()
  return screenTarget(series, useSelection.getState().ids, useSession.getState().seriesId, runs)
}

const screenNow = () => screenSeries(targetNow().series.map(({ id }) => id))

const running = () => queueOf(useLibrary.getState().runs)[0]

const shownRun = () => useSession.getState().result?.run

/** Model, device, start, progress and queue. */
export function RunBar() {
  const series = useLibrary((state) => state.series)
  const runs = useLibrary((state) => state.runs)
  const hasModel = useLibrary((state) => state.models.length > 0)
  const openId = useSession((state) => state.seriesId)
  const chosenIds = useSelection((state) => state.ids)
  const [queueOpened, setQueueOpened] = useState(false)
  useStepDowns()

  useEffect(
    () =>
      registerCommands([
        {
          id: 'run.start',
          group: 'run',
          keys: ['Mod+Enter'],
          enabled: () => targetNow().obstacle === null && useLibrary.getState().models.length > 0,
          run: screenNow,
        },
        {
          id: 'run.cancel',
          group: 'run',
          enabled: () => running() !== undefined,
          run: () => {
            const run = running()
            if (run) return cancelRun(run.id)
          },
        },
        {
          id: 'run.pause',
          group: 'run',
          enabled: () => running()?.status === 'running',
          run: () => {
            const run = running()
            if (run) return pauseRun(run.id)
          },
        },
        {
          id: 'run.queue',
          group: 'run',
          keys: ['Mod+Shift+Enter'],
          run: () => setQueueOpened((opened) => !opened),
        },
        {
          id: 'run.details',
          group: 'run',
          enabled: () => shownRun() !== undefined,
          run: () => {
            const run = shownRun()
            if (run) showRunDetails(run)
          },
        },
      ]),
    [],
  )

  const target = screenTarget(series, chosenIds, openId, runs)
  const { obstacle } = target
  const why = !hasModel
    ? t('model.noneHint')
    : obstacle && ('text' in obstacle ? obstacle.text : t(obstacle.key))
  const hint =
    target.series.length === 1
      ? t('run.startHint', { name: seriesName(target.series[0]) })
      : t('run.startHintSeveral')
  const label = why ?? `${hint} (${keysOfCommand('run.start') ?? ''})`
  return (
    <div className={css.bar}>
      <ModelMenu />
      <DeviceMenu />
      <Tooltip label={label} maw={360}>
        <Button
          leftSection={<IconScan size={15} aria-hidden />}
          // Stays reachable by keyboard, so that the reason can be read.
          {...(why === null ? {} : { 'aria-disabled': true, 'data-disabled': true, 'aria-description': why })}
          style={{ flexShrink: 0 }}
          onClick={() => {
            if (why === null) void screenNow()
          }}
        >
          {target.series.length > 1 && why === null
            ? t('run.startSeveral', { count: target.series.length })
            : t('run.start')}
        </Button>
      </Tooltip>
      <RunProgress />
      <QueueMenu opened={queueOpened} onChange={setQueueOpened} />
      <RunHistory />
      <RunDetailsDialog />
    </div>
  )
}
