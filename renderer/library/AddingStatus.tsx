import { Button, Group, Progress, Text } from '@mantine/core'
import { t } from '../i18n/index.ts'
import { useLibrary } from '../state/library.ts'
import { cancelAdding, useAdding } from './adding.ts'
import css from './library.module.css'

/** What is being looked through, how far it is, and a way to end it. */
export function AddingStatus() {
  const adding = useAdding((state) => state.jobs)
  const progress = useLibrary((state) => state.jobs)
  return (
    <div role="status">
      {adding.map(({ job, name, sent }) => {
        const { done = 0, total = 0 } = progress[job] ?? {}
        const percent = sent === null ? (total > 0 ? (100 * done) / total : null) : 100 * sent
        const words =
          sent !== null
            ? t('adding.sending', { percent: Math.floor(100 * sent) })
            : total > 0
              ? t('adding.lookedThrough', { done, total })
              : t('adding.looking')
        return (
          <div key={job} className={css.job}>
            <Group justify="space-between" wrap="nowrap">
              <Text size="xs" truncate>
                {name}
              </Text>
              <Button size="compact-xs" variant="default" onClick={() => cancelAdding(job)}>
                {t('dialog.cancel')}
              </Button>
            </Group>
            <Progress
              my={4}
              value={percent ?? 100}
              animated={percent === null}
              aria-label={t('adding.progress', { name })}
            />
            <Text size="xs" c="dimmed">
              {words}
            </Text>
          </div>
        )
      })}
    </div>
  )
}
