import { Button, Group, Popover, Text, Title } from '@mantine/core'
import {
  IconCircleCheck,
  IconCircleDashed,
  IconCircleMinus,
  IconCircleX,
  IconListNumbers,
  IconLoader2,
} from '@tabler/icons-react'
import type { RunEntry } from '../../preload/records.ts'
import { t } from '../i18n/index.ts'
import { seriesName } from '../library/words.ts'
import { showDetails } from '../shell/Details.tsx'
import { useLibrary } from '../state/library.ts'
import { momentWords } from '../words/dates.ts'
import { mainWords } from '../words/main.ts'
import { progressWords } from './RunProgress.tsx'
import css from './runs.module.css'
import { endedRuns, queueOf } from './runWords.ts'
import { cancelRun, screenSeries } from './starting.ts'

const ICONS = {
  queued: IconCircleDashed,
  running: IconLoader2,
  done: IconCircleCheck,
  failed: IconCircleX,
  cancelled: IconCircleMinus,
  interrupted: IconCircleMinus,
} as const

/** Older ones are found in the history of their series. */
const MOST_ENDED = 30

function useSeriesName(seriesId: string): string {
  const series = useLibrary((state) => state.series.find(({ id }) => id === seriesId))
  return series ? seriesName(series) : t('run.seriesGone')
}

function Waiting({ run, position }: { run: RunEntry; position: number }) {
  const name = useSeriesName(run.seriesId)
  const Icon = ICONS[run.status]
  return (
    <li className={css.entry}>
      <Icon size={15} aria-hidden />
      <div>
        <Text size="xs" truncate>
          {name}
        </Text>
        <Text size="xs" c="dimmed" truncate>
          {run.status === 'running' ? progressWords(run) : t('run.position', { count: position })}
        </Text>
      </div>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={t('run.cancelOf', { name })}
        onClick={() => cancelRun(run.id)}
      >
        {t('dialog.cancel')}
      </Button>
    </li>
  )
}

function Ended({ run }: { run: RunEntry }) {
  const name = useSeriesName(run.seriesId)
  const Icon = ICONS[run.status]
  const { error } = run
  const said = error ? mainWords(error) : t(`run.ended.${run.status}`)
  const again = run.status !== 'done'
  const goesOn = run.status === 'interrupted'
  return (
    <li className={css.entry}>
      <Icon
        size={15}
        aria-hidden
        color={
          run.status === 'done' ? 'var(--good)' : run.status === 'failed' ? 'var(--bad)' : 'currentColor'
        }
      />
      <div>
        <Text size="xs" truncate>
          {name} · {momentWords(run.finishedAt ?? run.createdAt)}
        </Text>
        <Text size="xs" c="dimmed">
          {said}
        </Text>
      </div>
      <Group gap={4} wrap="nowrap">
        {error && !goesOn ? (
          <Button
            size="compact-xs"
            variant="subtle"
            aria-label={t('run.detailsOf', { name })}
            onClick={() => showDetails({ title: t('run.failedTitle', { name }), error })}
          >
            {t('details.show')}
          </Button>
        ) : null}
        {again ? (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={t(goesOn ? 'run.goOnOf' : 'run.againOf', { name })}
            onClick={() => screenSeries([run.seriesId])}
          >
            {t(goesOn ? 'run.goOn' : 'run.again')}
          </Button>
        ) : null}
      </Group>
    </li>
  )
}

interface Props {
  opened: boolean
  onChange: (opened: boolean) => void
}

/** What is being screened, what waits for it, and how the others ended. */
export function QueueMenu({ opened, onChange }: Props) {
  const runs = useLibrary((state) => state.runs)
  const queue = queueOf(runs)
  const ended = endedRuns(runs).slice(0, MOST_ENDED)
  return (
    <Popover position="top-end" width={460} opened={opened} onChange={onChange} trapFocus>
      <Popover.Target>
        <Button
          variant="subtle"
          color="gray"
          leftSection={<IconListNumbers size={15} aria-hidden />}
          style={{ flexShrink: 0 }}
          aria-label={t('run.queueButton', { count: queue.length })}
          onClick={() => onChange(!opened)}
        >
          {t('run.queueShort', { count: queue.length })}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('run.queueHeading')}>
        <Title order={2}>{t('run.queueHeading')}</Title>
        {queue.length === 0 ? (
          <Text size="xs" c="dimmed" my={6}>
            {t('run.queueEmpty')}
          </Text>
        ) : (
          <ol className={css.list}>
            {queue.map((run, i) => (
              <Waiting key={run.id} run={run} position={i + 1} />
            ))}
          </ol>
        )}
        {ended.length > 0 ? (
          <>
            <Title order={2} mt="sm">
              {t('run.endedHeading')}
            </Title>
            <ul className={css.list}>
              {ended.map((run) => (
                <Ended key={run.id} run={run} />
              ))}
            </ul>
          </>
        ) : null}
      </Popover.Dropdown>
    </Popover>
  )
}
